"""What an action is: one thing that a call's handler may do with it, by a key that carries the action's word."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from callcontrol.control.access import Controller
from config.http.parameters import Parameters


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One use of an action: on which call, by whom, with which parameters, at which moment."""

    call_uuid: UUID
    controller: Controller
    said: Parameters
    now: datetime


@dataclass(frozen=True, slots=True)
class ActionParameter:
    """A parameter of an action, or what its answer has beside `success`: for the API's description."""

    type: type[str] | type[bool] | type[UUID]
    meaning: str


class Action(ABC):
    """One action. Its class stands in a file of this package, and is found there.

    `slug` ends the action's path, and is the word for it in a key's `actions`. `errors` are the texts of its own
    refusals, each with its situation. `by_link`: it may also be done by a plain link that names the caller's number.
    """

    slug: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[Mapping[str, ActionParameter]] = {}
    answers: ClassVar[Mapping[str, ActionParameter]] = {}
    errors: ClassVar[Mapping[str, str]] = {}
    by_link: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def act(cls, command: ActionRequest) -> Mapping[str, Any]:
        """Does it; what the answer has beside `success`.

        In no transaction: it may ask the carrier. Raises NotAuthorized for a call that the key does not reach
        (`callcontrol.control.access`), before any other Refusal.
        """

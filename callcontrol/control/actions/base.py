"""The base of an action: what a handler may do with its call if its key lists the action."""

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
    """One use of an action: the call, the controller, the parameters and the moment."""

    call_uuid: UUID
    controller: Controller
    parameters: Parameters
    now: datetime


@dataclass(frozen=True, slots=True)
class ActionParameter:
    """A parameter of an action, or a member of its answer beside `success`."""

    type: type[str] | type[bool] | type[UUID]
    meaning: str


class Action(ABC):
    """One action: a class in a file of this package, where `registry.all_actions` finds it.

    `slug` ends the action's path, and is its name in a key's `actions`. `errors` are the texts of
    its own refusals, each with its situation. `by_link`: a plain link that names the caller's
    number may run it too.
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
        """Run the action; return the members of the answer beside `success`.

        Called outside a transaction, as it may send a request to the carrier. Raises NotAuthorized
        for a call that the key does not reach (`callcontrol.control.access`) before other Refusals.
        """

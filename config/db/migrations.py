"""Migration operations that change Django's state alone."""

from typing import Any

from django.db import migrations
from django.db.migrations.state import ProjectState


class StateOnly(migrations.SeparateDatabaseAndState):
    """Operations on labels, help texts or Python names; the database stays as it is.

    Django renders every related model again after each of them if the state has rendered models.
    Dropping those first makes a migration of two hundred labels as cheap as one operation: Django
    renders the models once, when the next migration needs them.
    """

    def __init__(self, operations: list[Any]) -> None:
        super().__init__(state_operations=operations)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.state_operations], {})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

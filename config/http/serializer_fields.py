"""Serializer fields that render a model's values as the APIs write them."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from .values import decimal_text, milliseconds


class MoneyField(serializers.CharField):
    """An amount as text with two decimals."""

    def to_representation(self, value: Any) -> str:
        return decimal_text(value) or ""


class MillisecondsField(serializers.IntegerField):
    """A moment in milliseconds since 1970."""

    def to_representation(self, value: Any) -> int:
        return milliseconds(value)


class IsSetField(serializers.BooleanField):
    """Whether the source is not null."""

    def get_attribute(self, instance: Any) -> bool:
        return super().get_attribute(instance) is not None


class BlankIsNullField(serializers.CharField):
    """A text, null when it is blank."""

    def get_attribute(self, instance: Any) -> str | None:
        return super().get_attribute(instance) or None


class SecondsBetweenField(serializers.IntegerField):
    """Whole seconds from one moment of the instance to another; null while either is missing."""

    def __init__(self, start: str, end: str, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)
        self.start, self.end = start, end

    def get_attribute(self, instance: Any) -> int | None:
        start: datetime | None = getattr(instance, self.start)
        end: datetime | None = getattr(instance, self.end)
        return int((end - start).total_seconds()) if start and end else None

"""Serializers of data writing: the API description, and what renders the answers."""

from typing import Any

from rest_framework import serializers

from datawriting.writing import CallMatch


class DataWritingSerializer(serializers.Serializer[Any]):
    """What was written, and whether a call was found for it."""

    tag_values = serializers.DictField(
        child=serializers.CharField(allow_blank=True), help_text="The tags as they were stored."
    )
    caller_number = serializers.CharField(
        required=False, help_text="With its country code, unless a call was named."
    )
    call_uuid = serializers.UUIDField(required=False, help_text="The call, if one was named.")
    status = serializers.ChoiceField([text.value for text in CallMatch])


class DataToWriteSerializer(serializers.Serializer[Any]):
    """What data writing reads; every other member is a tag."""

    key = serializers.CharField(required=False)
    caller_number = serializers.CharField(
        required=False, help_text="The caller that the tags are about; or call_uuid."
    )
    call_uuid = serializers.CharField(
        required=False, help_text="The call that they are about; or caller_number."
    )

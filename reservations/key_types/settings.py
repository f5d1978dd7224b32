"""The settings that both kinds of reserving keys have."""

from django import forms

from publishers.kinds import WordsField


def shared_fields(*, ttl_seconds: int) -> dict[str, forms.Field]:
    """Form fields by setting name, with this default life of a reservation in seconds."""
    return {
        "ttl_seconds": forms.IntegerField(
            label="Reservation lives",
            initial=ttl_seconds,
            min_value=1,
            max_value=86_400,
            help_text="Seconds until the buyer is free again.",
        ),
        "count_on_reserve": forms.BooleanField(
            required=False,
            initial=False,
            help_text="A reservation counts against the buyer's caps at once, not only when confirmed or called.",
        ),
        "route_only_to_reserved_buyer": forms.BooleanField(
            required=False, initial=False, help_text="If the reserved buyer does not take the call, nobody else is tried."
        ),
        "required_tags": WordsField(
            required=False, initial=[], help_text="Tags that every ping must carry, separated by commas."
        ),
        "tag_prefix": forms.CharField(
            required=False, initial="", max_length=50, help_text="Put before the name of every tag that comes in."
        ),
        "shield_scope": forms.ChoiceField(
            label="Ping Shield",
            choices=[("key", "Repeats by this key"), ("campaign", "Repeats by any key of the campaign")],
            initial="key",
            help_text="Whose repeated pings for one caller get the first answer again.",
        ),
    }

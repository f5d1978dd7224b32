"""What the simulator may be told of a caller: carriers send anything, but a slip of somebody's pen should be said."""

from campaigns import phone
from campaigns.errors import Refusal


def parse_caller(name: str, written: str | None) -> str | None:
    """`written` as it is: a number, a SIP address with one in it, a word like `anonymous`, or nothing. Refusal for all else."""
    said = (written or "").strip()
    if said.lower().startswith(("sip:", "sips:")):
        said = said.partition(":")[2].partition("@")[0]
    if said and not phone.is_withheld(said) and phone.to_e164(said, "US") is None:
        raise Refusal(f"{name} must be a phone number of 7 to 15 digits, or anonymous")
    return written

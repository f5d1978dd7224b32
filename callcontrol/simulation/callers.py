"""Validation of callers on the simulator.

A carrier sends anything as a caller's number; a user that mistypes a number should get an error.
"""

from campaigns import phone
from campaigns.errors import Refusal


def parse_caller(name: str, text: str | None) -> str | None:
    """Return `text` if it is a phone number, a SIP address with one, `anonymous` or blank.

    Raises a Refusal that names the parameter.
    """
    number = (text or "").strip()
    if number.lower().startswith(("sip:", "sips:")):
        number = number.partition(":")[2].partition("@")[0]
    if number and not phone.is_withheld(number) and phone.to_e164(number, "US") is None:
        raise Refusal(f"{name} must be a phone number of 7 to 15 digits, or anonymous")
    return text

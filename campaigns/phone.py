"""Phone numbers and SIP addresses: parsing, E.164, national format, masks and places."""

import importlib
import re
from functools import cache, lru_cache
from types import ModuleType
from urllib.parse import unquote

import phonenumbers
from phonenumbers import (
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    shortnumberinfo,
)

LONGEST_DESTINATION = 255
_LONGEST_TEXT = 64  # more than any format of 15 digits needs
_WITHHELD = {
    "anonymous",
    "restricted",
    "private",
    "unknown",
    "unavailable",
    "266696687",  # ANONYMOUS on a keypad
}
_FORMATTED = re.compile(r"\+?[0-9\s().\-/\u00a0\u2010-\u2015\u2212]+")
_NANP_NATIONAL = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_NANP = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().\-]{0,2}\d){8,}")
_SIP = re.compile(
    r"sips?:[A-Za-z0-9\-_.!~*'()&=+$,;?/%]{1,128}"
    r"@(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9\-.]{0,126}[A-Za-z0-9])?)"
    r"(?::\d{1,5})?(?:;[A-Za-z0-9\-_.=]{1,64})*",
    re.IGNORECASE,
)
_TOLL_FREE = {
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
}
# The geocoder names a NANP state in full ("California"), but after a city by two letters.
_STATE_NAMES = """
Alabama=AL, Alaska=AK, Arizona=AZ, Arkansas=AR, California=CA, Colorado=CO, Connecticut=CT,
Delaware=DE, Florida=FL,
Georgia=GA, Hawaii=HI, Idaho=ID, Illinois=IL, Indiana=IN, Iowa=IA, Kansas=KS, Kentucky=KY,
Louisiana=LA, Maine=ME,
Maryland=MD, Massachusetts=MA, Michigan=MI, Minnesota=MN, Mississippi=MS, Missouri=MO, Montana=MT,
Nebraska=NE,
Nevada=NV, New Hampshire=NH, New Jersey=NJ, New Mexico=NM, New York=NY, North Carolina=NC, North
Dakota=ND, Ohio=OH,
Oklahoma=OK, Oregon=OR, Pennsylvania=PA, Rhode Island=RI, South Carolina=SC, South Dakota=SD,
Tennessee=TN, Texas=TX,
Utah=UT, Vermont=VT, Virginia=VA, Washington State=WA, West Virginia=WV, Wisconsin=WI, Wyoming=WY,
District of Columbia=DC, Puerto Rico=PR, Guam=GU, American Samoa=AS, U.S. Virgin Islands=VI,
Northern Mariana Islands=MP, Alberta=AB, British Columbia=BC, British Colombia=BC, Manitoba=MB, New
Brunswick=NB,
Newfoundland and Labrador=NL, Nova Scotia=NS, Nunavut=NU, Ontario=ON, Prince Edward Island=PE,
Quebec=QC,
Saskatchewan=SK, Yukon=YT, Northwest Territories=NT,
"""
_STATES = dict(pair.strip().split("=") for pair in _STATE_NAMES.split(",") if pair.strip())


def to_e164(text: str, region: str) -> str | None:
    """Return the number as `+` and 7 to 15 digits, or None for text that is not a number.

    The number may be unassigned, such as +10123456789. Without a plus it is national in `region`
    (two letters) if possible, else it begins with its country code. A leading space is a plus that
    a query string lost.
    """
    formatted = text.strip()
    if len(text) > _LONGEST_TEXT or not _FORMATTED.fullmatch(formatted):
        return None
    has_plus = formatted.startswith("+")
    digits = re.sub(r"\D", "", formatted.replace("(0)", "") if has_plus else formatted)
    if re.match(r"00[1-9]\d{6}", digits) and not has_plus:  # 00 is the usual prefix for the plus
        has_plus, digits = True, digits[2:]
    if not 7 <= len(digits) <= 15:
        return None
    if has_plus or (text[0] == " " and not _NANP_NATIONAL.fullmatch(digits)):
        return f"+{digits}"
    return _possible(formatted, region) or _possible(digits, region) or f"+{digits}"


def _possible(text: str, region: str) -> str | None:
    """Return E.164 if the text has the length of a number of the region, else None."""
    number = _parsed(text, region)
    if (
        number is None
        or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE
    ):
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return e164 if len(e164) <= 16 else None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def is_withheld(text: str) -> bool:
    """Return whether the caller ID is withheld: `anonymous`, `+266696687` and others."""
    return text.strip().lstrip("+").lower() in _WITHHELD


def destination(text: str, region: str) -> str | None:
    """Return a phone number as E.164, or a SIP address unchanged; None for other text."""
    address = text.strip()
    if _SIP.fullmatch(address) and len(address) <= LONGEST_DESTINATION:
        return address
    return to_e164(text, region)


@lru_cache(maxsize=4096)
def dialable(text: str, region: str, prefixes: tuple[str, ...] = ()) -> str | None:
    """Return the destination, or None for emergency numbers and numbers outside the prefixes."""
    number = destination(text, region)
    if number is None or is_emergency(text) or is_emergency(number) or is_withheld(number):
        return None
    return number if not prefixes or number.startswith(prefixes) else None


def is_emergency(text: str) -> bool:
    """Return whether this is an emergency number of any country, also inside a SIP address."""
    user = sip_user(text) or text.strip()
    digits = re.sub(r"\D", "", user)
    return bool(re.fullmatch(r"[+0-9\s().\-]+", user)) and (
        _calls_for_help(digits) or digits == "1911"
    )


def sip_user(text: str) -> str:
    """Return the decoded user part of a SIP address without password and parameters; or blank."""
    found = re.match(r"sips?:([^@]*)@", text.strip(), flags=re.IGNORECASE)
    return re.split(r"[;:]", unquote(found[1]))[0].strip() if found else ""


@lru_cache(maxsize=1024)
def _calls_for_help(digits: str) -> bool:
    return len(digits) < 7 and any(
        shortnumberinfo.is_emergency_number(digits, region)
        for region in shortnumberinfo.SUPPORTED_SHORT_REGIONS
    )


@lru_cache(maxsize=4096)
def national(e164: str) -> str:
    """Return the national format, for NANP `(098) 765-4321`; other text stays unchanged."""
    nanp = _NANP.fullmatch(e164)
    if nanp:
        return "({}) {}-{}".format(*nanp.groups())
    number = _parsed(e164, None)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else e164


def masked(text: str) -> str:
    """Mask all digits except for the last four."""
    return re.sub(r"\d(?=(?:\D*\d){4})", "*", text)


def mask_text(text: str) -> str:
    """Mask each long number in a text except for its last four digits."""
    return _LONG_NUMBER.sub(lambda found: masked(found.group()), text)


@cache
def geocoder() -> ModuleType:
    """Load the offline geocoder, a hundred megabytes of places, on its first use."""
    return importlib.import_module("phonenumbers.geocoder")


@lru_cache(maxsize=65536)
def _place(e164: str) -> tuple[tuple[str, str], ...]:
    number = _parsed(e164, None)
    if number is None or phonenumbers.number_type(number) in _TOLL_FREE:
        return ()
    country = phonenumbers.region_code_for_number(number) or ""
    named = geocoder().description_for_number(number, "en")
    city, state = named, ""
    if named == "Washington D.C.":
        city, state = "Washington", "DC"
    elif number.country_code == 1:  # "New York, NY", "California", or a group of states
        city, comma, state = named.rpartition(", ")
        if not comma or not re.fullmatch(r"[A-Z]{2}", state):
            state = _STATES.get(named, "")
            city = "" if state or "/" in named else named
    if city == geocoder().country_name_for_number(number, "en"):
        city = ""
    found = {
        "caller_state": state,
        "caller_city": city,
        "caller_country": country if len(country) == 2 else "",
    }
    return tuple((key, value) for key, value in found.items() if value)


def place(e164: str) -> dict[str, str]:
    """Return the known ones of `caller_state`, `caller_city` and `caller_country` of a number.

    State and country have two letters. Toll-free numbers have no place.
    """
    return dict(_place(e164))

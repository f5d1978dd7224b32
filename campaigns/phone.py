"""Phone numbers and SIP addresses: read as people write them, kept as E.164, shown nationally, placed on the map."""

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
_MOST_TEXT = 64  # more than any spelling of 15 digits needs
_WITHHELD = {
    "anonymous",
    "restricted",
    "private",
    "unknown",
    "unavailable",
    "266696687",
}  # the last spells ANONYMOUS on a keypad
_SPELLED = re.compile(r"\+?[0-9\s().\-/\u00a0\u2010-\u2015\u2212]+")
_NANP_NATIONAL = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_NANP = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
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
# The geocoder names a NANP state alone in full ("California") and behind a city in two letters ("San Francisco, CA").
_NAMES = """
Alabama=AL, Alaska=AK, Arizona=AZ, Arkansas=AR, California=CA, Colorado=CO, Connecticut=CT, Delaware=DE, Florida=FL,
Georgia=GA, Hawaii=HI, Idaho=ID, Illinois=IL, Indiana=IN, Iowa=IA, Kansas=KS, Kentucky=KY, Louisiana=LA, Maine=ME,
Maryland=MD, Massachusetts=MA, Michigan=MI, Minnesota=MN, Mississippi=MS, Missouri=MO, Montana=MT, Nebraska=NE,
Nevada=NV, New Hampshire=NH, New Jersey=NJ, New Mexico=NM, New York=NY, North Carolina=NC, North Dakota=ND, Ohio=OH,
Oklahoma=OK, Oregon=OR, Pennsylvania=PA, Rhode Island=RI, South Carolina=SC, South Dakota=SD, Tennessee=TN, Texas=TX,
Utah=UT, Vermont=VT, Virginia=VA, Washington State=WA, West Virginia=WV, Wisconsin=WI, Wyoming=WY,
District of Columbia=DC, Puerto Rico=PR, Guam=GU, American Samoa=AS, U.S. Virgin Islands=VI,
Northern Mariana Islands=MP, Alberta=AB, British Columbia=BC, British Colombia=BC, Manitoba=MB, New Brunswick=NB,
Newfoundland and Labrador=NL, Nova Scotia=NS, Nunavut=NU, Ontario=ON, Prince Edward Island=PE, Quebec=QC,
Saskatchewan=SK, Yukon=YT, Northwest Territories=NT,
"""
_STATES = dict(pair.strip().split("=") for pair in _NAMES.split(",") if pair.strip())


def to_e164(text: str, region: str) -> str | None:
    """The number as `+` and 7 to 15 digits, or None when it cannot be a number at all.

    By its shape, not its range: +10123456789 is kept. Without a plus it is national in `region` (two letters) if that
    is possible, else it begins with its country code. A leading space stands for a plus that a query lost.
    """
    spelled = text.strip()
    if len(text) > _MOST_TEXT or not _SPELLED.fullmatch(spelled):
        return None
    has_plus = spelled.startswith("+")
    digits = re.sub(r"\D", "", spelled.replace("(0)", "") if has_plus else spelled)
    if (
        re.match(r"00[1-9]\d{6}", digits) and not has_plus
    ):  # what most of the world dials for the plus
        has_plus, digits = True, digits[2:]
    if not 7 <= len(digits) <= 15:
        return None
    if has_plus or (text[0] == " " and not _NANP_NATIONAL.fullmatch(digits)):
        return f"+{digits}"
    return _possible(spelled, region) or _possible(digits, region) or f"+{digits}"


def _possible(text: str, region: str) -> str | None:
    """E.164 when the text is as long as a number of the region may be; None else."""
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
    """Whether a caller hid the number: `anonymous`, `+266696687` and the like."""
    return text.strip().lstrip("+").lower() in _WITHHELD


def destination(text: str, region: str) -> str | None:
    """Where a call may be sent: E.164, or a SIP address as it was written; None when it is neither."""
    written = text.strip()
    if _SIP.fullmatch(written) and len(written) <= LONGEST_DESTINATION:
        return written
    return to_e164(text, region)


@lru_cache(maxsize=4096)
def dialable(text: str, region: str, prefixes: tuple[str, ...] = ()) -> str | None:
    """The destination of a number that may be dialed: no emergency number, and under one of the prefixes if there are any."""
    number = destination(text, region)
    if number is None or is_emergency(text) or is_emergency(number) or is_withheld(number):
        return None
    return number if not prefixes or number.startswith(prefixes) else None


def is_emergency(text: str) -> bool:
    """Whether it is the emergency number of any country, also as the user of a SIP address or behind a country's code."""
    user = sip_user(text) or text.strip()
    digits = re.sub(r"\D", "", user)
    return bool(re.fullmatch(r"[+0-9\s().\-]+", user)) and (
        _calls_for_help(digits) or digits == "1911"
    )


def sip_user(text: str) -> str:
    """Who is called at a SIP address, decoded, without password and parameters; blank for what is none."""
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
    """As it is written at home: NANP always `(098) 765-4321`, what is no number as it stands."""
    nanp = _NANP.fullmatch(e164)
    if nanp:
        return "({}) {}-{}".format(*nanp.groups())
    number = _parsed(e164, None)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else e164


def masked(text: str) -> str:
    """For logs: the last four digits, and no other."""
    return re.sub(r"\d(?=(?:\D*\d){4})", "*", text)


@cache
def geocoder() -> ModuleType:
    """The offline geocoder: a hundred megabytes of places, for the processes that place a caller and no others."""
    return importlib.import_module("phonenumbers.geocoder")


@lru_cache(maxsize=65536)
def _place(e164: str) -> tuple[tuple[str, str], ...]:
    number = _parsed(e164, None)
    if number is None or phonenumbers.number_type(number) in _TOLL_FREE:
        return ()
    country = phonenumbers.region_code_for_number(number) or ""
    named = geocoder().description_for_number(number, "en")
    city, state = _american(named) if number.country_code == 1 else (named, "")
    if city == geocoder().country_name_for_number(number, "en"):
        city = ""
    found = {
        "caller_state": state,
        "caller_city": city,
        "caller_country": country if len(country) == 2 else "",
    }
    return tuple((key, value) for key, value in found.items() if value)


def _american(named: str) -> tuple[str, str]:
    """City and state of a NANP description: `New York, NY`, `California`, `Washington D.C.`; what is unclear is blank."""
    if named == "Washington D.C.":
        return "Washington", "DC"
    city, comma, state = named.rpartition(", ")
    if comma and re.fullmatch(r"[A-Z]{2}", state):
        return city, state
    state = _STATES.get(named, "")
    return "" if state or "/" in named else named, state


def place(e164: str) -> dict[str, str]:
    """`caller_state` (two letters), `caller_city` and `caller_country` (two letters) of a number, as far as they are known.

    Nothing for toll-free numbers and those that belong to no place.
    """
    return dict(_place(e164))

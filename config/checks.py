"""System checks: each names a setting that cannot work, and its cure, before anything runs."""

import ipaddress
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from callcontrol import carriers

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SLUG = re.compile(r'^    slug = "([\w-]+)"', re.MULTILINE)


def known_carriers() -> list[str]:
    """Return the slugs of the carriers, from the text of `callcontrol/carriers`.

    Importing the carriers would load Twilio's library into every process.
    """
    files = [path for folder in carriers.__path__ for path in Path(folder).glob("*.py")]
    return sorted(slug for path in files for slug in _SLUG.findall(path.read_text()))


@register
def check_carrier(**_kwargs: Any) -> Iterator[CheckMessage]:
    if settings.CARRIER not in known_carriers():
        yield Error(
            f"CARRIER is {settings.CARRIER!r}.",
            hint=f"Choose one of: {', '.join(known_carriers())}.",
            id="ringpost.E001",
        )


@register
def check_twilio(**_kwargs: Any) -> Iterator[CheckMessage]:
    if settings.CARRIER != "twilio":
        return
    if find_spec("twilio") is None:
        yield Error(
            "CARRIER is twilio, without its library.",
            hint="pip install 'ringpost[twilio]'",
            id="ringpost.E009",
        )
    credentials = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    missing = [name for name in credentials if not getattr(settings, name, "")]
    if missing:
        yield Error(
            f"CARRIER is twilio, without {' and '.join(missing)}.",
            hint="Set them to the values in Twilio's console.",
            id="ringpost.E002",
        )
    if not settings.PUBLIC_BASE_URL:
        yield Error(
            "CARRIER is twilio, without PUBLIC_BASE_URL.",
            hint="Set the https:// address at which Twilio's callbacks reach this installation.",
            id="ringpost.E003",
        )
    caller_id = settings.TWILIO_CALLER_ID
    if caller_id and not re.fullmatch(r"\+[1-9][0-9]{6,14}", caller_id):
        yield Error(
            "TWILIO_CALLER_ID is not a phone number.",
            hint="Give a number of the account, for example +12025550100.",
            id="ringpost.E010",
        )
    base = urlsplit(settings.TWILIO_API_BASE_URL)
    if settings.TWILIO_API_BASE_URL and (base.scheme not in {"http", "https"} or not base.hostname):
        yield Error(
            "TWILIO_API_BASE_URL is not an address.",
            hint="Unset it, or give the address of a stand-in for Twilio's API.",
            id="ringpost.E011",
        )


@register
def check_addresses(**_kwargs: Any) -> Iterator[CheckMessage]:
    url = urlsplit(settings.PUBLIC_BASE_URL)
    if settings.PUBLIC_BASE_URL and (
        url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment
    ):
        yield Error(
            f"PUBLIC_BASE_URL is {settings.PUBLIC_BASE_URL!r}.",
            hint="Give a scheme and a host, for example https://calls.example.com.",
            id="ringpost.E004",
        )
    for network in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            yield Error(
                f"TRUSTED_PROXIES holds {network!r}.",
                hint="Give addresses or networks, separated by commas, "
                "for example 10.0.0.1,192.168.0.0/16.",
                id="ringpost.E005",
            )


@register
def check_formats(**_kwargs: Any) -> Iterator[CheckMessage]:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", settings.RTB_SIP_DOMAIN):
        yield Error(
            f"RTB_SIP_DOMAIN is {settings.RTB_SIP_DOMAIN!r}.",
            hint="Give a host name without `sip:`.",
            id="ringpost.E006",
        )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", settings.RTB_FIELD_PREFIX):
        yield Error(
            f"RTB_FIELD_PREFIX is {settings.RTB_FIELD_PREFIX!r}.",
            hint="It begins names of fields in JSON and XML: use letters, digits and underscores.",
            id="ringpost.E007",
        )
    if settings.RETENTION_DAYS < 1:
        yield Error(
            f"RETENTION_DAYS is {settings.RETENTION_DAYS}.",
            hint="Give a number of days, 1 or more.",
            id="ringpost.E008",
        )


@register
def check_exposure(**_kwargs: Any) -> Iterator[CheckMessage]:
    is_public = urlsplit(settings.PUBLIC_BASE_URL).hostname not in LOOPBACK | {None}
    if settings.DEBUG and is_public:
        yield Warning(
            "DEBUG is on at a public address.",
            hint="Error pages would show keys: unset DEBUG.",
            id="ringpost.W001",
        )
    is_reachable = is_public or settings.BIND not in LOOPBACK
    if settings.CARRIER == "simulator" == settings.SIMULATOR_TOKEN and is_reachable:
        yield Warning(
            "The simulator accepts its published token from other machines.",
            hint="Set SIMULATOR_TOKEN, or set PUBLIC_BASE_URL: a token is then generated.",
            id="ringpost.W002",
        )

"""Start-up checks: a setting that cannot work is named with its cure before anything runs."""

import ipaddress
import pkgutil
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from callcontrol import carriers
from callcontrol.carriers import twilio

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register
def settings_that_work(**_kwargs: Any) -> list[CheckMessage]:
    return [*_carrier(), *_addresses(), *_names(), *_safety()]


def known_carriers() -> list[str]:
    """The files beside `callcontrol/carriers/base.py`: one a carrier."""
    return sorted(
        module.name for module in pkgutil.iter_modules(carriers.__path__) if module.name != "base"
    )


def _carrier() -> Iterator[CheckMessage]:
    if settings.CARRIER not in known_carriers():
        yield Error(
            f"CARRIER is {settings.CARRIER!r}.",
            hint=f"Choose one of: {', '.join(known_carriers())}.",
            id="ringpost.E001",
        )
    if settings.CARRIER == "twilio":
        yield from _twilio()


def _twilio() -> Iterator[CheckMessage]:
    if not twilio.INSTALLED:
        yield Error(
            "CARRIER is twilio, without its library.",
            hint="pip install 'ringpost[twilio]'",
            id="ringpost.E009",
        )
    missing = [
        name
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
        if not getattr(settings, name, "")
    ]
    if missing:
        yield Error(
            f"CARRIER is twilio, without {' and '.join(missing)}.",
            hint="Set what Twilio's console shows.",
            id="ringpost.E002",
        )
    if not settings.PUBLIC_BASE_URL:
        yield Error(
            "CARRIER is twilio, without PUBLIC_BASE_URL.",
            hint="Twilio calls back: set the https:// address at which it reaches this installation.",
            id="ringpost.E003",
        )
    if settings.TWILIO_CALLER_ID and not re.fullmatch(
        r"\+[1-9][0-9]{6,14}", settings.TWILIO_CALLER_ID
    ):
        yield Error(
            "TWILIO_CALLER_ID is no phone number.",
            hint="Give a number of the account, like +12025550100.",
            id="ringpost.E010",
        )
    base = urlsplit(settings.TWILIO_API_BASE_URL)
    if settings.TWILIO_API_BASE_URL and (base.scheme not in {"http", "https"} or not base.hostname):
        yield Error(
            "TWILIO_API_BASE_URL is no address.",
            hint="Leave it out, or give that of a stand-in for the API.",
            id="ringpost.E011",
        )


def _addresses() -> Iterator[CheckMessage]:
    url = urlsplit(settings.PUBLIC_BASE_URL)
    if settings.PUBLIC_BASE_URL and (
        url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment
    ):
        yield Error(
            f"PUBLIC_BASE_URL is {settings.PUBLIC_BASE_URL!r}.",
            hint="Give scheme and host, like https://calls.example.com.",
            id="ringpost.E004",
        )
    for network in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            yield Error(
                f"TRUSTED_PROXIES holds {network!r}.",
                hint="Give addresses or networks with commas between them, like 10.0.0.1,192.168.0.0/16.",
                id="ringpost.E005",
            )


def _names() -> Iterator[CheckMessage]:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", settings.RTB_SIP_DOMAIN):
        yield Error(
            f"RTB_SIP_DOMAIN is {settings.RTB_SIP_DOMAIN!r}.",
            hint="Give a host name without `sip:`.",
            id="ringpost.E006",
        )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", settings.RTB_FIELD_PREFIX):
        yield Error(
            f"RTB_FIELD_PREFIX is {settings.RTB_FIELD_PREFIX!r}.",
            hint="It begins the names of fields in JSON and XML: letters, digits and underscores.",
            id="ringpost.E007",
        )
    if settings.RETENTION_DAYS < 1:
        yield Error(
            f"RETENTION_DAYS is {settings.RETENTION_DAYS}.",
            hint="Give a number of days, 1 or more.",
            id="ringpost.E008",
        )


def _safety() -> Iterator[CheckMessage]:
    public = urlsplit(settings.PUBLIC_BASE_URL).hostname not in LOOPBACK | {None}
    if settings.DEBUG and public:
        yield Warning(
            "DEBUG is on at a public address.",
            hint="Error pages would show keys: unset DEBUG.",
            id="ringpost.W001",
        )
    open_to_others = public or settings.BIND not in LOOPBACK
    if settings.CARRIER == "simulator" == settings.SIMULATOR_TOKEN and open_to_others:
        yield Warning(
            "The simulator can be driven from other machines with the token that everybody knows.",
            hint="Set SIMULATOR_TOKEN, or PUBLIC_BASE_URL to have one made.",
            id="ringpost.W002",
        )

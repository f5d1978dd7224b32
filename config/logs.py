"""JSON lines on standard error for all logging, with keys, queries and phone numbers masked."""

import logging
import logging.config
import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

DOTS = "••••"
# The query of a URL, the value of a secret, a long random token, a text like a phone number.
_QUERY = re.compile(r"(?<=[\w/~%-])\?[\w.~%\[\]-]+=[^\s\"'<>]*")
_SECRET = re.compile(
    r"\b((?:\w*_)?(?:key|token|secret|password|sid)|authorization)"
    r"(['\"]?\s*[=:]\s*['\"]?(?:bearer\s+)?)([^\s\"'&,;(){}\[\]]+)",
    re.IGNORECASE,
)
_KEY_IN_PATH = re.compile(r"(?<=/data_writing/)[^\s/?\"']+")
_TOKEN = re.compile(r"[\w-]{32,}", re.ASCII)
_PHONE = re.compile(
    r"(?:\+|%2B)\d{7,15}"
    r"|(?<!\d)(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]?\d{4}(?!\d)"
    r"|\+\d{1,3}(?:[ .()-]{1,2}\d{2,5}){2,5}"
    r"|(?<!\d)\d{10,15}(?!\d)",
    re.IGNORECASE,
)


def _masked_phone(match: re.Match[str]) -> str:
    digits = re.sub(r"%2B|\D", "", match[0], flags=re.IGNORECASE)
    plus = "+" if match[0][0] in "+%" else ""
    return plus + digits[0] + "•" * (len(digits) - 3) + digits[-2:]


def scrub(text: str) -> str:
    """Mask secrets in a text, but for four characters of a key and two digits of a number."""
    text = _QUERY.sub("?…", text)
    text = _KEY_IN_PATH.sub(lambda match: DOTS + match[0][-4:], text)
    text = _TOKEN.sub(
        lambda match: DOTS + match[0][-4:] if any(map(str.isdigit, match[0])) else match[0], text
    )
    text = _SECRET.sub(rf"\1\2{DOTS}", text)
    return _PHONE.sub(_masked_phone, text)


def _scrubbed(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**9 else scrub(str(value))
    return scrub(value if isinstance(value, str) else repr(value))


def scrub_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Scrub every value of an event, the text of a traceback included."""
    return {
        name: value if name == "timestamp" else _scrubbed(value) for name, value in event.items()
    }


_SHARED: list[Any] = [
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def formatter() -> logging.Formatter:
    """Return the formatter that turns a record, of structlog or any library, into one JSON line."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


class OneLineWarning(logging.Filter):
    """Reduces errors that any client can cause to a warning of one line, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = None
        return True


JSON_LINES: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.formatter"}},
    "filters": {"one_line_warning": {"()": "config.logs.OneLineWarning"}},
    "handlers": {
        "json": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "json",
        }
    },
    "root": {"handlers": ["json"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # The access log has the refusals; these are the crashes.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"filters": ["one_line_warning"]},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "celery": {"level": "INFO"},
        # /readyz shows the same without a line for each task.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}


def configure(config: dict[str, Any]) -> None:
    """Configure logging, structlog and warnings: Django's LOGGING_CONFIG."""
    logging.config.dictConfig(config)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )

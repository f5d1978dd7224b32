"""Readers of environment variables for the settings; errors say how to fix the value."""

import importlib.util
import logging
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
_POSTGRES = {"postgres", "postgresql", "pgsql", "psql"}
HIGHEST_PORT = 65_535


def number(name: str, *, default: int) -> int:
    """Return a whole number; blank is the default. ImproperlyConfigured for anything else."""
    text = env.str(name, default="").strip()
    try:
        return int(text) if text else default
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {text!r}: give a whole number, like {default}."
        ) from None


def port(name: str, *, default: int) -> int:
    """Return a port on which a server can listen."""
    value = number(name, default=default)
    if not 1 <= value <= HIGHEST_PORT:
        raise ImproperlyConfigured(f"{name} is {value}: give a port from 1 to {HIGHEST_PORT}.")
    return value


def log_level(name: str, *, default: str) -> str:
    """Return the name of one of logging's levels, in capitals."""
    level = env.str(name, default="").strip().upper() or default
    known = [
        known
        for known, value in logging.getLevelNamesMapping().items()
        if value and known not in {"WARN", "FATAL"}
    ]
    if level not in known:
        raise ImproperlyConfigured(
            f"{name} is {level!r}: choose one of {', '.join(sorted(known))}."
        )
    return level


def folder(name: str, *, default: str, base: Path) -> Path:
    """Create a folder, under `base` unless it is absolute, and return it."""
    path = base / env.str(name, default=default)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(name, path, error) from None
    return path


def kept_secret(path: Path, length: int = 50) -> str:
    """Return the random text in a file that is created once and readable by its owner alone."""
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_urlsafe(length))
    except FileExistsError:
        pass
    except OSError as error:
        raise _unwritable("VAR_DIR", path.parent, error) from None
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} can't be read: {error.strerror}. "
            "It must belong to the user that runs Ringpost."
        ) from None


def _unwritable(name: str, path: Path, error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{name}, {path}, can't be written: {error.strerror}. "
        "Give a folder that this user may write."
    )


def host(name: str, *, url: str) -> str:
    """Return the host name in a URL; blank when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {url!r}: give scheme and host, like https://calls.example.com."
        ) from None


def own_hosts(name: str, *, url: str, bind: str, port: int) -> list[str]:
    """Return host:port of this installation's public URL, or of its local addresses without one.

    Webhooks may go there although the addresses are private.
    """
    if not url:
        every = {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
        hosts = dict.fromkeys(["localhost", "127.0.0.1", "::1", *({bind} - every)])
        return [f"[{own}]:{port}" if ":" in own else f"{own}:{port}" for own in hosts]
    try:
        parts = urlsplit(url)
        own = parts.hostname or ""
        own = f"[{own}]" if ":" in own else own
        return [f"{own}:{parts.port or (443 if parts.scheme == 'https' else 80)}"]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is {url!r}: give scheme and host, like https://calls.example.com."
        ) from None


# --- URLs that may hold passwords: errors do not repeat them ------------------------------------
def database(name: str) -> dict[str, Any] | None:
    """Return the database in the form of Django's settings; None when the variable is not set."""
    url = env.str(name, default="")
    if not url:
        return None
    scheme = url.partition(":")[0]
    if scheme not in _POSTGRES | {"sqlite"}:
        raise ImproperlyConfigured(
            f"{name} must be like postgres://user:password@host/name or sqlite:////path; "
            "unset: SQLite in VAR_DIR."
        )
    if scheme in _POSTGRES and importlib.util.find_spec("psycopg") is None:
        raise ImproperlyConfigured(
            f"{name} names PostgreSQL, whose driver is missing: run `pip install -e '.[postgres]'`."
        )
    try:
        return dict(env.db_url_config(url))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} can't be read: write it like postgres://user:password@host:5432/name."
        ) from None


def redis(name: str) -> str:
    """Return the URL of a Redis; blank when the variable is not set."""
    url = env.str(name, default="")
    try:
        parts = urlsplit(url)
        is_redis = parts.scheme in {"redis", "rediss"} and parts.port != 0
    except ValueError:  # the port is not a number, or the host is not valid
        is_redis = False
    if url and not is_redis:
        raise ImproperlyConfigured(
            f"{name} must be like redis://host:6379/0; unset: files in VAR_DIR do its work."
        )
    return url

"""Django's settings; what differs between machines comes from the environment (docs/running.md)."""

import sqlite3
from pathlib import Path
from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

from . import environment
from .environment import env, kept_secret
from .logs import JSON_LINES

BASE_DIR = Path(__file__).resolve().parent.parent

# --- files --------------------------------------------------------------------------------------
VAR_DIR = environment.folder("VAR_DIR", default="var", base=BASE_DIR)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(VAR_DIR / "secret_key")
PORT = environment.port("PORT", default=8000)
BIND = env.str("BIND", default="127.0.0.1")
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")
_public_host = environment.host("PUBLIC_BASE_URL", url=PUBLIC_BASE_URL)
_is_loopback = _public_host in {"", "localhost", "127.0.0.1", "::1"}
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]"] + ([_public_host] if _public_host else []),
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
if PUBLIC_BASE_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

# nginx in front redirects to https; HSTS for other hosts of the domain is the owner's decision.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

# --- apps, layer by layer -----------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "axes",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "config.apps.ProjectConfig",
    "campaigns",
    "publishers",
    "reservations",
    "callcontrol",
    "datawriting",
    "callcontrol.reporting",
]

MIDDLEWARE = [
    "config.auth.access_log.AccessLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.auth.csp.ContentSecurityPolicy",
    "config.auth.session_middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.auth.session_middleware.AuthenticationMiddleware",
    "campaigns.admin_base.time_zone.CompanyTimeZone",
    "config.auth.session_middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.auth.session_middleware.history_middleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # a redirect of an API request would drop its body
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"admin_text": "campaigns.admin_base.template_filters"},
        },
    }
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds that a link to set a password works
SESSION_COOKIE_AGE = 7 * 24 * 3600
AXES_HANDLER = "config.auth.lockout.LockoutHandler"  # it limits addresses too
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hour
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "config.auth.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "config.auth.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # further attempts do not extend the lockout
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the admin's inlines; the APIs read their own bodies

# --- databases ----------------------------------------------------------------------------------
_WAL_RESET_FIXED = sqlite3.sqlite_version_info >= (3, 51, 3) or (
    sqlite3.sqlite_version_info[:2] in {(3, 50), (3, 44)}
    and (sqlite3.sqlite_version_info[2] >= {50: 7, 44: 6}[sqlite3.sqlite_version_info[1]])
)
SQLITE_JOURNAL = ("WAL", "FULL") if _WAL_RESET_FIXED else ("DELETE", "EXTRA")


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "config.db.sqlite",
        "NAME": name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA foreign_keys=ON; PRAGMA journal_mode={}; PRAGMA synchronous={};".format(
                    *SQLITE_JOURNAL
                )
            ),
        },
        "TEST": {"NAME": str(VAR_DIR / "test.sqlite3")},
    }


def _postgres(config: dict[str, Any]) -> dict[str, Any]:
    options = {
        "server_side_binding": True,
        "prepare_threshold": 5,  # planning a ping costs more than running it
        "options": "-c lock_timeout=10s -c statement_timeout=20s",
        "connect_timeout": 3,
    }
    return config | {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**config.get("OPTIONS", {}), **options},
    }


_named = environment.database("DATABASE_URL")
if _named is None:
    _named = _sqlite(str(VAR_DIR / "ringpost.sqlite3"))
else:
    _named = _sqlite(_named["NAME"]) if _named["ENGINE"].endswith("sqlite3") else _postgres(_named)
DATABASES = {"default": _named}

# --- broker and cache ---------------------------------------------------------------------------
REDIS_URL = environment.redis("REDIS_URL")
if REDIS_URL:
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }
BROKER_DIR = VAR_DIR / "broker"

# --- logs ---------------------------------------------------------------------------------------
LOGGING_CONFIG = "config.logs.configure"
LOGGING = JSON_LINES | {
    "root": {"handlers": ["json"], "level": environment.log_level("LOG_LEVEL", default="INFO")}
}

# --- the product --------------------------------------------------------------------------------
CARRIER = env.str("CARRIER", default="simulator")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_BASE_URL = env.str("TWILIO_API_BASE_URL", default="")
TWILIO_CALLER_ID = env.str("TWILIO_CALLER_ID", default="")
SIMULATOR_TOKEN = env.str("SIMULATOR_TOKEN", default="") or (
    "simulator" if _is_loopback else kept_secret(VAR_DIR / "simulator_token", 24)
)
RTB_SIP_DOMAIN = env.str("RTB_SIP_DOMAIN", default="rtb.sip.localhost")
RTB_FIELD_PREFIX = env.str("RTB_FIELD_PREFIX", default="retreaver")
WEBHOOK_ALLOWED_HOSTS = env.list(
    "WEBHOOK_ALLOWED_HOSTS",
    default=environment.own_hosts("PUBLIC_BASE_URL", url=PUBLIC_BASE_URL, bind=BIND, port=PORT),
)
RETENTION_DAYS = environment.number("RETENTION_DAYS", default=90)
MAX_BODY_BYTES = 64 * 1024

# --- what all APIs share ------------------------------------------------------------------------
CSRF_FAILURE_VIEW = "config.auth.error_pages.csrf_failure"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "config.http.openapi.Described",
    "DEFAULT_RENDERER_CLASSES": [
        "config.http.renderers.JSONRenderer",
        "config.http.renderers.HashXMLRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "config.http.parsers.JSONParser",
        "config.http.xml.HashXMLParser",
        "config.http.parsers.FormParser",
        "config.http.parsers.MultiPartParser",
        "config.http.parsers.PlainTextParser",
        "config.http.parsers.UnknownTypeParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.http.negotiation.ContentNegotiation",
    "DEFAULT_PAGINATION_CLASS": "config.http.pagination.LinkHeaderPagination",
    "DATETIME_FORMAT": None,  # the renderers write moments: in XML they have a type
    "EXCEPTION_HANDLER": "config.http.errors.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Ringpost",
    "DESCRIPTION": "Ping for a number, hold a buyer, bring the call.",
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.0",
    "PREPROCESSING_HOOKS": [
        "drf_spectacular.hooks.preprocess_exclude_path_format"
    ],  # every path has its .json and .xml
    "APPEND_COMPONENTS": {
        "securitySchemes": {"simulatorToken": {"type": "http", "scheme": "bearer"}}
    },
    "ENUM_NAME_OVERRIDES": {
        "CallStatus": "callcontrol.models.Call.Status",
        "LegStatus": "callcontrol.models.Leg.Status",
        "Party": "callcontrol.models.Party",
    },
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}


# --- the admin ----------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "Ringpost",
    "SITE_HEADER": "Ringpost",
    "SITE_SUBHEADER": "Pay-per-call",
    "SITE_SYMBOL": "call",
    "SITE_URL": None,
    "LOGIN": {"form": "config.auth.lockout.LoginForm"},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    # A teal with enough contrast: 600 on white and under white, 500 on the dark theme.
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.7)",
            "100": "oklch(95.3% .051 180.8)",
            "200": "oklch(91% .096 180.4)",
            "300": "oklch(85.5% .138 181)",
            "400": "oklch(77.7% .152 181.9)",
            "500": "oklch(70.4% .14 182.5)",
            "600": "oklch(51.1% .096 186.4)",
            "700": "oklch(43.7% .078 188.2)",
            "800": "oklch(38.6% .063 188.4)",
            "900": "oklch(33% .05 189)",
            "950": "oklch(27.7% .046 192.5)",
        }
    },
    "STYLES": [lambda request: static("campaigns/admin.css")],
    "SCRIPTS": [lambda request: static("campaigns/labels.js")],
    "SIDEBAR": {"navigation": "campaigns.admin_base.navigation.sidebar"},
}

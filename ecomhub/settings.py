"""Settings, all from the environment. Production refuses every unsafe or missing value at start."""

import base64
import hashlib
from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from ecomhub import environment as env
from ecomhub.logs import configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent

ECOMHUB_ENV = env.text("ECOMHUB_ENV", "development")
if ECOMHUB_ENV not in env.ENVIRONMENTS:
    raise ImproperlyConfigured(f"ECOMHUB_ENV is one of {', '.join(env.ENVIRONMENTS)}")
PRODUCTION = ECOMHUB_ENV == "production"
DEBUG = ECOMHUB_ENV == "development"

SECRET_KEY = env.text(
    "SECRET_KEY",
    None if PRODUCTION else "development-only-not-a-secret-key-0123456789abcdef",
)
ECOMHUB_KEYRING = env.text(
    "ECOMHUB_KEYRING",
    None
    if PRODUCTION
    else "dev:" + base64.urlsafe_b64encode(hashlib.sha256(b"development").digest()).decode(),
)
ECOMHUB_BLIND_KEY = hashlib.sha256(
    env.text("ECOMHUB_BLIND_KEY", None if PRODUCTION else f"blind:{SECRET_KEY}").encode()
).digest()
ECOMHUB_SANDBOX_URL = env.text("ECOMHUB_SANDBOX_URL", "")
ECOMHUB_CALL_SECONDS = env.whole("ECOMHUB_CALL_SECONDS", 25)
ECOMHUB_EXTRA_PLATFORMS = env.words("ECOMHUB_EXTRA_PLATFORMS")
ECOMHUB_CLOCK_FILE = env.text("ECOMHUB_CLOCK_FILE", "")
ECOMHUB_FILES_DIR = Path(
    env.text("ECOMHUB_FILES_DIR", None if PRODUCTION else str(BASE_DIR / ".run" / "files"))
)
ECOMHUB_API_PER_MINUTE = env.whole("ECOMHUB_API_PER_MINUTE", 600)
ECOMHUB_METRICS_TOKEN = env.text("ECOMHUB_METRICS_TOKEN", "")
ECOMHUB_ORIGIN = env.text("ECOMHUB_ORIGIN", None if PRODUCTION else "http://127.0.0.1:8000")
ECOMHUB_DB_OWNER_ROLE = env.text("ECOMHUB_DB_OWNER_ROLE", "ecomhub_owner")
ECOMHUB_DB_APP_ROLE = env.text("ECOMHUB_DB_APP_ROLE", "ecomhub_app")
ECOMHUB_DB_REPORT_ROLE = env.text("ECOMHUB_DB_REPORT_ROLE", "ecomhub_report")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,testserver,[::1]")

if PRODUCTION:
    if len(SECRET_KEY) < 50 or SECRET_KEY.startswith(("development", "change", "django-insecure")):
        raise ImproperlyConfigured("SECRET_KEY must be a random text of at least 50 characters")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts the hub answers to")
    if ECOMHUB_SANDBOX_URL or ECOMHUB_CLOCK_FILE or ECOMHUB_EXTRA_PLATFORMS:
        raise ImproperlyConfigured("the sandbox, its clock and extra platforms do not exist in production")
    if len(env.text("ECOMHUB_BLIND_KEY")) < 32:
        raise ImproperlyConfigured("ECOMHUB_BLIND_KEY must be a random text of at least 32 characters")
    env.check_keyring(ECOMHUB_KEYRING)
    if not ECOMHUB_ORIGIN.startswith("https://"):
        raise ImproperlyConfigured("ECOMHUB_ORIGIN must be an https address")

ECOMHUB_APPS = ["ecomhub", "inventory", "channels", "orders", "logistics", "finance"]
INSTALLED_APPS = [
    "django_prometheus",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_structlog",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *ECOMHUB_APPS,
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ecomhub.middleware.PersonMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "ecomhub.urls"
WSGI_APPLICATION = "ecomhub.wsgi.application"
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
                "csp.context_processors.nonce",
                "ecomhub.context.shell",
            ],
        },
    }
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STATIC_URL = "/static/"
STATIC_ROOT = env.text("ECOMHUB_STATIC_ROOT", str(BASE_DIR / ".run" / "static"))

DATABASES = {
    "default": env.database(env.text("DATABASE_URL", None if PRODUCTION else "postgres://127.0.0.1/ecomhub"))
}
if owner_url := env.text("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = env.database(owner_url)
if report_url := env.text("DATABASE_REPORT_URL", ""):
    DATABASES["report"] = env.database(report_url)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", None if PRODUCTION else "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.text("CACHE_URL", REDIS_URL),
        "TIMEOUT": 300,
        "KEY_PREFIX": "ecomhub",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_ETA_TASK_LIMIT = 100
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# What a person or a platform waits for goes before long turns: see ``ecomhub.celery``.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    "priority_steps": [0, 1, 3],
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 30,
}
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "ecomhub.tick": {
        "task": "ecomhub.tick",
        "schedule": 5.0,
        "options": {"expires": 15},
    },
    "channels.tick": {
        "task": "channels.tick",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "orders.tick": {
        "task": "orders.tick",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "logistics.tick": {
        "task": "logistics.tick",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "inventory.tick": {
        "task": "inventory.tick",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "finance.tick": {
        "task": "finance.tick",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
}

AUTH_USER_MODEL = "ecomhub.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
    if ECOMHUB_ENV == "test"
    else "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("ECOMHUB_PROXIES", 1 if PRODUCTION else 0)
ACCOUNT_ADAPTER = "ecomhub.accounts.InviteOnly"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if PRODUCTION
    else "django.core.mail.backends.console.EmailBackend"
)

KNOX_TOKEN_MODEL = "ecomhub.AuthToken"  # noqa: S105
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Token",
    "TOKEN_TTL": None,
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ecomhub.rest.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["ecomhub.rest.permission.ActionPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "ecomhub.rest.openapi.ApiSchema",
    "EXCEPTION_HANDLER": "ecomhub.rest.problems.problem_details",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ecomhub",
    "VERSION": "1",
    "DESCRIPTION": "Orders, stock and shipments of every channel.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["ecomhub.rest.permission.ActionPermission"],
    "SERVE_AUTHENTICATION": [
        "ecomhub.rest.authentication.TokenAuthentication",
        "ecomhub.rest.authentication.SessionAuthentication",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "ecomhub.rest.openapi.sparse_answers",
    ],
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Chinese"))]
LOCALE_PATHS = [BASE_DIR / "ecomhub" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [ECOMHUB_ORIGIN]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31536000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

PROMETHEUS_EXPORT_MIGRATIONS = False
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING_CONFIG = None
configure_logging(
    console=ECOMHUB_ENV == "development",
    level=env.one_of("ECOMHUB_LOG_LEVEL", "INFO", "WARNING", "ERROR"),
)

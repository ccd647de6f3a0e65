"""Structured logs: one JSON line per event, with an allow-list that keeps secrets and buyers out."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        *("event", "level", "timestamp", "logger", "error", "exception", "reason"),
        *("request_id", "request", "user_id", "ip", "code", "method", "host", "status", "elapsed_ms"),
        *(
            "task",
            "task_id",
            "parent_task_id",
            "queue",
            "duration_s",
            "name",
            "port",
            "pid",
            "child",
            "exit_code",
        ),
        *("platform", "account", "account_id", "shop_id", "stream", "operation", "kind", "state", "step"),
        *("order_id", "external_id", "shipment_id", "sku", "warehouse", "tile"),
        *("count", "seen", "created", "updated", "unchanged", "quarantined", "rows", "listings"),
        *("page", "pages", "epoch", "attempts", "wait_seconds"),
    }
)
"""Keys a log line may carry. Anything else is replaced by its type, because it might hold a buyer."""


_KEYS_IN_ADDRESSES = re.compile(r"(/password/reset/key/|/hooks/[^/]+/)[^/ ]+")


def address_without_query(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cut what is nobody's business from a logged request: a search may name a buyer, reset links and push
    addresses are keys."""
    if isinstance(request := event.get("request"), str):
        event["request"] = _KEYS_IN_ADDRESSES.sub(r"\1…", request.partition("?")[0])
    return event


def allow_listed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed keys only; name the dropped ones so that a reader knows something was there."""
    dropped = sorted(key for key in event if key not in ALLOWED and not key.startswith("_"))
    for key in dropped:
        del event[key]
    if dropped:
        event["dropped"] = dropped
    return event


def configure_logging(*, console: bool, level: str) -> None:
    """Send structlog and the standard library through the same allow-list to standard output.

    ``level`` is the least severe level shown: a service says what it does, a person's command only what
    went wrong. The SDKs log tokens and buyers at DEBUG, so their loggers are capped at WARNING.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "lines": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        address_without_query,
                        allow_listed,
                        renderer,
                    ],
                }
            },
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["out"], "level": level},
            "loggers": {
                name: {"level": "WARNING"}
                for name in (
                    "sp_api",
                    "ebaysdk",
                    "httpx",
                    "httpcore",
                    "urllib3",
                    "requests",
                    "kombu",
                )
            },
        }
    )

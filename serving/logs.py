"""What the service logs: text, or a JSON object a line; never anything about a person."""

from __future__ import annotations

import logging.config
from contextvars import ContextVar
from typing import Literal

Format = Literal["text", "json"]

#: The id of the request that is being answered, for every line that is logged meanwhile.
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
#: A line for each request, where FINELINE_LOG_REQUESTS asks for it.
requests = logging.getLogger("fineline.requests")
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s"


class _WithRequest(logging.Filter):
    """Gives each line the id of its request, if it has one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = REQUEST_ID.get()
        return True


def configure(form: Format, each_request: bool) -> None:
    """Log to standard error: warnings, what the service itself tells, and requests if wanted."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request": {"()": _WithRequest}},
            "formatters": {
                "text": {"format": _TEXT},
                "json": {
                    "()": "pythonjsonlogger.orjson.OrjsonFormatter",
                    "format": _FIELDS,
                    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                    "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                },
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler", "formatter": form, "filters": ["request"],
                }
            },
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "fineline": {"level": "INFO"},
                requests.name: {"level": "INFO" if each_request else "WARNING"},
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
            },
        }
    )  # fmt: skip

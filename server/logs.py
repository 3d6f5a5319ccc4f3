"""Structured logs: one set-up for our own loggers and everybody else's. What may be said is decided here, what is said is not."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, TextIO
from uuid import uuid4

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars
from structlog.types import EventDict, Processor, WrappedLogger

from slotgraph.core.errors import SlotGraphError

CORRELATION = "correlation_id"
QUIET_LOGGERS = (
    "aiohttp.access",
    "aiosqlite",
    "caldav",
    "httpx",
    "kiota",
    "msgraph",
    "niquests",
    "strawberry.execution",
)
HIDDEN = "[hidden]"
_HIDDEN_KEYS = frozenset(
    [
        "authorization",
        "body",
        "code",
        "cookie",
        "credentials",
        "document",
        "password",
        "query",
        "secret",
        "set_cookie",
        "title",
        "titles",
        "token",
        "variables",
    ]
)
_QUERY_OF_URL = re.compile(r"(?<=[^\s?#])[?#][^\s\"'<>]+")
_LOGIN_OF_URL = re.compile(r"://[^/\s@]+@")


def configure_logs(
    level: str = "info", *, output_format: Literal["console", "json"] = "console", stream: TextIO | None = None
) -> None:
    """Send all logs, structlog's and the standard library's, to `stream` (standard error). May be called again."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_chain(), processors=_endings(output_format))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*_chain(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    _silence_strangers()
    _adopt_uvicorn()
    logging.getLogger("asyncio").filters[:] = [_keep_first_line]


@contextmanager
def correlation(name: str | None = None) -> Iterator[str]:
    """Give everything logged inside, tasks started inside included, one correlation id: `name`, or a new one."""
    chosen = name or uuid4().hex
    with bound_contextvars(**{CORRELATION: chosen}):
        yield chosen


def correlation_id() -> str | None:
    """The correlation id of what is being done, if there is one."""
    found = get_contextvars().get(CORRELATION)
    return found if isinstance(found, str) else None


def _chain() -> list[Processor]:
    return [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _endings(output_format: Literal["console", "json"]) -> list[Processor]:
    """What every entry passes at last, whoever wrote it: nothing gets around the redaction."""
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if output_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return [_name_exception, structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact, renderer]


def _name_exception(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """Replace an exception by its kind and its frames: messages and locals may hold what a calendar said (rule F1)."""
    info = entry.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else sys.exception()
    if info and isinstance(error, BaseException):
        entry["failure"] = _kind(error)
        entry["frames"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
    return entry


def _kind(error: BaseException) -> str:
    """The kinds of an exception and its causes. Only our own messages are shown: they are written to be safe."""
    shown = f"{type(error).__name__}: {error}" if isinstance(error, SlotGraphError) else type(error).__name__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{shown} <- {_kind(cause)}" if cause else shown


def _redact(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    return {key: _safe(key, value) for key, value in entry.items()}


def _safe(key: str, value: Any) -> Any:
    if key.lower().replace("-", "_") in _HIDDEN_KEYS:
        return HIDDEN
    if isinstance(value, str):
        return _LOGIN_OF_URL.sub("://", _QUERY_OF_URL.sub("", value)) if "/" in value else value
    if isinstance(value, Mapping):
        return {inner: _safe(str(inner), part) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(key, part) for part in value]
    return value


def _silence_strangers() -> None:
    """These log bodies, parameters, queries and whole URLs, even in warnings; what matters of them comes back as a ProviderFailure."""
    for name in QUIET_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.handlers[:] = [logging.NullHandler()]  # else Python prints warnings to standard error itself


def _adopt_uvicorn() -> None:
    """uvicorn's loggers write through ours; its access log says method, path and status, not who and not the query."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    access = logging.getLogger("uvicorn.access")
    access.filters[:] = [_shorten_access]


def _shorten_access(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple) and len(record.args) == 5:
        _, method, path, _, status = record.args
        record.msg, record.args = "%s %s %s", (method, str(path).partition("?")[0], status)
    return True


def _keep_first_line(record: logging.LogRecord) -> bool:
    """asyncio's further lines show the exception of a forgotten task, message and all."""
    record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True

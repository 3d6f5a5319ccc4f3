"""The inside of a worker process: takes calls from its standard input, does one at a time, answers. Starts no process itself.

A frame is a length (8 bytes, network order) and a pickle: `(seconds, function, args)` comes in, `(outcome, value, more)` goes out,
followed by `more` frames, each with the next items of a value that is a long tuple.
"""

import contextlib
import os
import pickle
import signal
import struct
import sys
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO

from slotgraph.core.errors import AnswerTooLarge, PluginFailed, ProviderFailure

LENGTH = struct.Struct("!Q")

# Unpickling happens in the event loop and cannot be interrupted: 256 KiB of small tuples take it up to 10 ms.
_MAX_FRAME_BYTES = 256 * 1024
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_ITEMS_PER_FRAME = 1000

_GRACE_SECONDS = 1.0


class Outcome(Enum):
    """How a call ended."""

    DONE = "DONE"  #: the value is what the function returned
    FAILED = "FAILED"  #: the value is a ProviderFailure
    EXHAUSTED = "EXHAUSTED"  #: out of memory: the value is a ProviderFailure, the worker is not to be used again


def failure_from(error: Exception) -> ProviderFailure:
    """The failure a caller gets for what a function raised. Foreign messages are dropped: a title may stand in them."""
    if isinstance(error, ProviderFailure):
        return error
    if isinstance(error, MemoryError):
        return AnswerTooLarge("The answer needs too much memory.")
    return PluginFailed(f"Reading the answer failed ({type(error).__name__}).")


def serve() -> None:
    """Answer calls until standard input ends, as it does when the parent dies."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to end
    calls = sys.stdin.buffer
    # A function that prints must not print into the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory(int(sys.argv[1]))
    while _serve_one(calls, answers):
        pass


def _packed(*value: object) -> bytes:
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    if len(body) > _MAX_FRAME_BYTES:
        raise AnswerTooLarge
    return LENGTH.pack(len(body)) + body


def _packed_result(result: object) -> bytes:
    """The frames of a result. Raises AnswerTooLarge."""
    if type(result) is not tuple or len(result) <= _ITEMS_PER_FRAME:
        return _packed(Outcome.DONE, result, 0)
    starts = range(0, len(result), _ITEMS_PER_FRAME)
    frames = [_packed(Outcome.DONE, (), len(starts))]
    size = 0
    for start in starts:
        frames.append(_packed(*result[start : start + _ITEMS_PER_FRAME]))
        size += len(frames[-1])
        if size > _MAX_ANSWER_BYTES:
            raise AnswerTooLarge
    return b"".join(frames)


def _serve_one(calls: BinaryIO, answers: BinaryIO) -> bool:
    """Answer one call; False at the end of input. Nothing of a call is held while waiting for the next (rule F1)."""
    frame = _frame(calls)
    if frame is None:
        return False
    answers.write(_answer(frame))
    answers.flush()
    return True


def _frame(source: BinaryIO) -> bytes | None:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    return source.read(length)


def _answer(frame: bytes) -> bytes:
    try:
        seconds, function, args = pickle.loads(frame)  # noqa: S301 - from our own parent
        with _alarm(seconds + _GRACE_SECONDS):
            return _packed_result(function(*args))
    except MemoryError as error:
        return _packed(Outcome.EXHAUSTED, failure_from(error), 0)
    except Exception as error:  # noqa: BLE001 - the worker's loop
        return _packed_failure(failure_from(error))


def _packed_failure(failure: ProviderFailure) -> bytes:
    try:
        return _packed(Outcome.FAILED, failure, 0)
    except Exception:  # noqa: BLE001 - a guest's own class may carry anything
        return _packed(Outcome.FAILED, PluginFailed(), 0)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Let the kernel end this process when time is up: works while C code holds the interpreter, and without a parent."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory(max_bytes: int) -> None:
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # titles pass through here: leave no core file of them

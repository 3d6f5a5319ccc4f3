"""What the workers of test_offload.py are asked to do: they import it by name."""

import hashlib
import os
import signal
import sys
import time

from slotgraph.core.errors import AnswerMalformed, ProviderThrottled


class GuestFailure(ProviderThrottled):
    """A guest's own class whose constructor a pickle cannot call."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def pid(data: bytes = b"") -> int:
    return os.getpid()


def length(data: bytes) -> int:
    return len(data)


def burn() -> bytes:
    """About ten seconds of C code that lets nobody in between."""
    return hashlib.pbkdf2_hmac("sha256", b"x", b"y", 20_000_000)


def sleep(seconds: int) -> None:
    time.sleep(seconds)


def spans(count: int) -> tuple[tuple[int, int], ...]:
    return tuple((n, n + 30) for n in range(count))


def text(length: int) -> str:
    return "x" * length


def malformed(message: str) -> None:
    raise AnswerMalformed(message)


def throttled(seconds: int) -> None:
    raise ProviderThrottled(retry_after=seconds)


def guest_failure() -> None:
    raise GuestFailure("a", "b")


def value_error(title: str) -> None:
    raise ValueError(title)


def end(status: int) -> None:
    os._exit(status)


def end_by_kernel() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat_memory() -> int:
    return len(b"x" * (4 * 1024**3))


def print_noise(title: str) -> str:
    sys.stdout.write(title)
    sys.stdout.flush()
    os.write(1, title.encode())
    os.write(2, title.encode())
    return "fine"


def ignores_interrupt() -> bool:
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def interrupt_me() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "still here"

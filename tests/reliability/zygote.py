"""The parent's side of zygote_process.py."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROCESS = Path(__file__).with_name("zygote_process.py")


class Zygote:
    """A process that makes children, which do one thing each. It ends with this process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Let a child do something: what it told (`told`, None if it was killed), and how it ended (`ended`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do} | given) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def told(self, do: str, **given: Any) -> dict[str, Any]:
        """What a child told that must have come to its end."""
        answer = self.ask(do, **given)
        assert answer["ended"] == 0, answer
        told: dict[str, Any] = answer["told"]
        return told

    def stop(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

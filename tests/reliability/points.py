"""Where a change can be cut off, and what is done to a process or a transaction there."""

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

WRITES = ("INSERT", "UPDATE", "DELETE")
COMMIT, COMMITTED = "COMMIT", "committed"


class Points:
    """Counts the points of the writers of a database: each statement and each commit, told beforehand, and what lies behind the commit."""

    def __init__(self, engine: Engine) -> None:
        self.passed: list[str] = []
        self._is_committing = False
        self._told: list[Callable[[int, str], None]] = []
        event.listen(engine, "before_cursor_execute", self._statement)
        event.listen(engine, "commit", self._commit)
        event.listen(engine, "checkin", self._returned)

    def tell(self, listener: Callable[[int, str], None]) -> None:
        """Call somebody at each point with its number, from 1 on, and what is about to happen there."""
        self._told.append(listener)

    def silence(self) -> None:
        """Tell nobody any more."""
        self._told.clear()

    def _statement(self, _connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        self._pass(" ".join(statement.split())[:60])

    def _commit(self, _connection: Connection) -> None:
        self._is_committing = True
        self._pass(COMMIT)

    def _returned(self, *_more: Any) -> None:
        if self._is_committing:
            self._is_committing = False
            self._pass(COMMITTED)

    def _pass(self, point: str) -> None:
        self.passed.append(point)
        for listener in self._told:
            listener(len(self.passed), point)


def dying_at(deadly: int) -> Callable[[int, str], None]:
    """Kills this process at a point, as nothing can be caught or tidied up."""

    def die(number: int, _point: str) -> None:
        if number == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def in_pieces(engine: Engine) -> None:
    """Spoil a database: what is written is committed statement by statement, as if each had a transaction of its own."""

    @event.listens_for(engine, "after_cursor_execute")
    def commit(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(WRITES):
            cursor = connection.connection.cursor()
            cursor.execute("COMMIT")
            cursor.execute("BEGIN")
            cursor.close()

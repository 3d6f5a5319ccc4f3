"""What a server process is told by a file in its data folder: to die at steps, and what to do wrong up to there.

orders = Orders(folder, port)                    # as the test and the server see them
orders.give(Order(at=12)); ...; orders.passed()  # the names of the steps passed since
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Order:
    """To die behind so many steps of a request, or of a wish that no request carries out; 0: never. `wrong`: see naive.py."""

    at: int
    of_request: bool = True
    wrong: str = ""


class Orders:
    """Of the server that listens at a port: one after the other is carried out."""

    def __init__(self, folder: Path, port: int) -> None:
        self._orders = folder / f"orders-{port}.json"
        self._passed = folder / f"passed-{port}"

    def give(self, *orders: Order) -> None:
        """Let it die so often, in its next lives too. None: let it live."""
        self._passed.write_text("")
        self._keep(list(orders))

    @property
    def left(self) -> int:
        """How many orders are not carried out."""
        return len(self._given())

    def passed(self) -> tuple[str, ...]:
        """The steps it has passed since orders were given."""
        return tuple(self._passed.read_text().splitlines())

    # In the server.

    def is_wrong(self, how: str) -> bool:
        """Whether it shall do something wrong now."""
        return any(order.wrong == how for order in self._given()[:1])

    def is_last(self, name: str, number: int, *, of_request: bool) -> bool:
        """Note a step; whether it is the last. Then the order is carried out."""
        given = self._given()
        if not given or given[0].of_request is not of_request:
            return False
        with self._passed.open("a") as passed:
            passed.write(f"{name}\n")
        if number != given[0].at:
            return False
        self._keep(given[1:])
        return True

    def _given(self) -> list[Order]:
        if not self._orders.exists():
            return []
        return [Order(**order) for order in json.loads(self._orders.read_text())]

    def _keep(self, orders: list[Order]) -> None:
        new = self._orders.with_suffix(".new")
        new.write_text(json.dumps([asdict(order) for order in orders]))
        new.rename(self._orders)

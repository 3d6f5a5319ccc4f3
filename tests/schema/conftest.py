"""The schema asked for real: the company of tests/core/world.py, its use cases, and requests without HTTP."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from graphql import GraphQLError

from slotgraph.core.store.migrate import migrate
from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.schema.build import build
from slotgraph.schema.context import Context
from slotgraph.schema.execute import ExecutionResult, execute

NAME = "slotgraph_tests_core_world"


def _world() -> ModuleType:
    if NAME in sys.modules:
        return sys.modules[NAME]
    path = Path(__file__).parents[1] / "core" / "world.py"
    spec = importlib.util.spec_from_file_location(NAME, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Face:
    """The GraphQL face of a world. `begun` and `ended` are what the cookie was told."""

    world: Any
    begun: list[tuple[Secret, datetime]] = field(default_factory=list)
    ended: int = 0
    session: Secret | None = None

    def context(self, actor: Any = None) -> Context:
        return Context(self.world.as_(actor), self.world.do, self.session, self._begin, self._end)

    def _begin(self, secret: Secret, expires_at: datetime) -> None:
        self.begun.append((secret, expires_at))

    def _end(self) -> None:
        self.ended += 1

    async def run(
        self, query: str, actor: Any = None, *, may_introspect: bool = True, seconds: float = 30, **variables: Any
    ) -> ExecutionResult:
        """Run a request of an actor, of a stranger if none is given."""
        return await execute(
            build(),
            query=query,
            variables=variables,
            operation_name=None,
            context=self.context(actor),
            may_introspect=may_introspect,
            seconds=seconds,
        )

    async def ask(self, query: str, actor: Any = None, **variables: Any) -> Any:
        """The data of a request that must succeed."""
        result = await self.run(query, actor, **variables)
        assert not result.errors, [error.formatted for error in result.errors]
        return result.data

    async def error(self, query: str, actor: Any = None, **variables: Any) -> GraphQLError:
        """The one error of a request."""
        result = await self.run(query, actor, **variables)
        assert result.errors is not None
        (error,) = result.errors
        return error

    def id(self, kind: str, name: str, *, company: str = "demo") -> str:
        """The global id of a thing of the world, by its name."""
        id_of = _world().id_of
        return ids.encode(kind, id_of(company), id_of(name))

    @property
    def company(self) -> str:
        return ids.encode("Company", self.world.company_id)


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("migrated") / "slotgraph.db"
    migrate(path)
    return path.read_bytes()


@pytest.fixture
async def face(tmp_path: Path, migrated_database: bytes) -> AsyncIterator[Face]:
    """The company `demo` with Anna and Ben, who cut hair on weekdays from nine to five."""
    path = tmp_path / "slotgraph.db"
    path.write_bytes(migrated_database)
    world = await _world().World.made(path)
    yield Face(world)
    await world.close()

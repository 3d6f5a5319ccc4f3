"""Limits of a request: its time, its size, what is remembered of it, and who may read the schema."""

import asyncio
from typing import Any

from slotgraph.schema.build import build
from slotgraph.schema.execute import prepare


async def test_operation_that_takes_too_long_is_cut_off(face: Any) -> None:
    await face.world.link("anna")
    face.world.calendars.hang("busy")
    began = asyncio.get_running_loop().time()
    result = await face.run(face.SLOTS, input=face.search(), seconds=0.2)
    assert asyncio.get_running_loop().time() - began < 2
    assert result.was_executed
    assert result.data is None
    assert result.errors[0].extensions == {"code": "DEADLINE"}


async def test_document_of_too_many_tokens_is_refused_before_it_is_parsed(face: Any) -> None:
    result = await face.run("{ " + "viewer { kind } " * 2000 + "}", may_introspect=False)
    assert not result.was_executed
    assert result.errors[0].extensions == {"code": "QUERY_TOO_COSTLY"}


def test_only_documents_without_quoted_literals_are_remembered() -> None:
    def prepared(query: str, *, may_introspect: bool = True) -> Any:
        return prepare(build(), query, may_introspect=may_introspect).document

    plain = "query Remembered { viewer { kind } }"
    assert prepared(plain) is prepared(plain)
    secret = 'query Forgotten { company(slug: "demo") { id } }'
    assert prepared(secret) is not prepared(secret)
    introspection = "{ __schema { description } }"
    assert prepared(introspection) is not None
    assert prepared(introspection, may_introspect=False) is None


async def test_introspection_is_for_those_who_may(face: Any) -> None:
    query = '{ __schema { queryType { name } } __type(name: "Query") { name } }'
    assert (await face.ask(query))["__type"] == {"name": "Query"}
    refused = await face.run(query, may_introspect=False)
    unknown = await face.run("{ nothing }", may_introspect=False)
    syntax = await face.run("{ viewer { ", may_introspect=False)
    missing = await face.run("query ($input: LoginInput!) { viewer { kind } }", may_introspect=False)
    assert [error.formatted for error in refused.errors] == [error.formatted for error in unknown.errors]
    assert [error.formatted for error in syntax.errors] == [error.formatted for error in unknown.errors]
    assert [error.formatted for error in missing.errors] == [error.formatted for error in unknown.errors]
    assert await face.run("{ __typename viewer { __typename } }", may_introspect=False)

"""The test servers are what they say they are."""

import http.client
from urllib.parse import urlsplit

import pytest


@pytest.fixture(params=["radicale", "xandikos"])
def server(request):
    return request.getfixturevalue(request.param)


async def test_event_put_into_a_calendar_stands_in_it(server):
    work = server.calendar("alice", "work")
    uid = work.put_event("DTSTART:20270301T090000Z", "DTEND:20270301T100000Z", "SUMMARY:Haircut")
    assert work.names() == [f"{uid}.ics"]
    assert "SUMMARY:Haircut" in work.texts()[0]
    work.delete(f"{uid}.ics")
    assert work.get(f"{uid}.ics") is None


async def test_calendars_of_the_test_before_are_gone(server):
    assert server.calendar("alice", "work").names() == []


async def test_each_user_of_radicale_needs_their_password(radicale):
    connection = http.client.HTTPConnection(urlsplit(radicale.url).netloc, timeout=10)
    connection.request("PROPFIND", "/alice/", headers={"Depth": "0"})
    assert connection.getresponse().status == 401
    connection.close()


async def test_users_of_radicale_do_not_see_each_other(radicale):
    work = radicale.calendar("alice", "work")
    status, _ = radicale._request("PROPFIND", work.path, "bob", accept=frozenset({403}))
    assert status == 403

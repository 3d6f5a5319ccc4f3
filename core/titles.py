"""The one source of titles. Only `overview` may import this room (rule T1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from slotgraph.core.answers import answer_for, is_span, sound_unverified
from slotgraph.core.errors import PluginFailed
from slotgraph.core.plugin import Account, Deadline, Provider
from slotgraph.core.values import AskedCalendar, BusyStatus, Event, Reference, Span, TitlesAnswer, Unverified
from slotgraph.core.wall import AccountKey, Wall

MAX_EVENTS_PER_CALENDAR = 20_000
MAX_TITLE = 2_000


class TitleSource:
    """Reads titled events."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    async def titles(
        self,
        key: AccountKey,
        calendars: Sequence[AskedCalendar],
        *,
        window: Span,
        deadline: Deadline,
        except_: frozenset[Reference],
    ) -> Mapping[str, TitlesAnswer | Unverified]:
        """What stands in calendars: an answer for each calendar asked, checked."""

        async def ask(provider: Provider, account: Account) -> Mapping[str, TitlesAnswer | Unverified]:
            answers = await provider.titles(account, calendars, window, except_)
            return {calendar.id: checked_titles(answers, calendar.id) for calendar in calendars}

        return await self._wall.call(key, ask, deadline=deadline)


def checked_titles(answers: object, calendar_id: str) -> TitlesAnswer | Unverified:
    """One calendar's answer, very long titles cut; anything that is not positively one is Unverified (rule B4)."""
    answer = answer_for(answers, calendar_id)
    if isinstance(answer, Unverified):
        return sound_unverified(answer)
    if not isinstance(answer, TitlesAnswer) or not isinstance(answer.events, tuple):
        return PluginFailed().unverified()
    if len(answer.events) > MAX_EVENTS_PER_CALENDAR or not all(_is_event(event) for event in answer.events):
        return PluginFailed().unverified()
    return TitlesAnswer(tuple(_cut(event) for event in answer.events))


def _is_event(event: object) -> bool:
    if not isinstance(event, Event) or not isinstance(event.status, BusyStatus) or not is_span(event.span):
        return False
    # What is not surely public is not shown: None is no answer to whether an event is private.
    sure = type(event.private) is bool and type(event.all_day) is bool
    return sure and (event.title is None or isinstance(event.title, str))


def _cut(event: Event) -> Event:
    if event.title is None or len(event.title) <= MAX_TITLE:
        return event
    return replace(event, title=event.title[:MAX_TITLE])

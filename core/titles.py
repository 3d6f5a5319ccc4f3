"""The one source of titles. Only `overview` may import this room (rule T1)."""

from collections.abc import Mapping, Sequence

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
            return await provider.titles(account, calendars, window, except_)

        answers = await self._wall.call(key, ask, deadline=deadline)
        return {calendar.id: checked_titles(answers, calendar.id) for calendar in calendars}


def checked_titles(answers: object, calendar_id: str) -> TitlesAnswer | Unverified:
    """One calendar's answer; anything that is not positively one is Unverified (rule B4)."""
    answer = answers.get(calendar_id) if isinstance(answers, Mapping) else None
    if isinstance(answer, Unverified):
        return answer
    if not isinstance(answer, TitlesAnswer) or not isinstance(answer.events, tuple):
        return PluginFailed().unverified()
    if len(answer.events) > MAX_EVENTS_PER_CALENDAR or not all(_is_sound(event) for event in answer.events):
        return PluginFailed().unverified()
    return answer


def _is_sound(event: object) -> bool:
    if not isinstance(event, Event) or not isinstance(event.status, BusyStatus):
        return False
    start, end = event.span
    titled = event.title is None or (isinstance(event.title, str) and len(event.title) <= MAX_TITLE)
    return type(start) is int and type(end) is int and start <= end and titled

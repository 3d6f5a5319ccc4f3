"""The contract every Provider keeps, as a pytest class to subclass. No vendor and no server here: those come with the guest's seed.

    class TestMyProvider(ProviderContract):
        @pytest.fixture
        async def seed(self):
            yield MySeed(...)  # two empty calendars of one account; see Seed

Run it with pytest-asyncio. Each test gets a fresh seed, names the rule it is about, and speaks to the provider only.
"""

import asyncio
import copy
import pickle
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

import pytest

from slotgraph.core.plugin import (
    BusyAnswer,
    BusyStatus,
    Entry,
    FailureCause,
    Gone,
    Precision,
    Present,
    ProviderFailure,
    ProviderTimeout,
    Purpose,
    ReadMode,
    Reference,
    Span,
    Unverified,
)
from slotgraph.core.spans import clipped, merged
from slotgraph.core.testing.cases import CASES, OWNER_ZONE, WINDOW, Case, instants
from slotgraph.core.testing.faults import PRIVATE_ADDRESS, Fault, FaultyTransport
from slotgraph.core.testing.outside import OutsideEvent
from slotgraph.core.testing.seed import (
    Seed,
    asked,
    busy,
    busy_in,
    cause_of_busy,
    cause_of_probe,
    cause_of_titles,
    needs,
    standing,
    titles,
)

CANARY = "canary-7f3a1c"
"""A title that must turn up nowhere but in `titles`."""
KEY, OTHER_KEY = "0191f1a2-0000-7000-8000-000000000001", "0191f1a2-0000-7000-8000-000000000002"
_WALL, _WALL_END = datetime.fromisoformat("2027-03-23T09:00"), datetime.fromisoformat("2027-03-23T10:00")
PLACE, OTHER_PLACE = instants("03-23T09:00", "03-23T10:00"), instants("03-24T13:00", "03-24T14:30")


class ProviderContract:
    """Rules B1-B4, B6, B8, K3 and F1 for one provider. Subclass it, and give a `seed` fixture.

    `read_modes` are the ways to read to be tried; `cannot` names cases its calendars cannot express, each with the reason.
    """

    pytestmark = pytest.mark.asyncio
    read_modes: ClassVar[Sequence[ReadMode]] = (ReadMode.AUTO,)
    faults: ClassVar[Collection[Fault]] = tuple(Fault)
    cannot: ClassVar[Mapping[str, str]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Cases, read modes and faults of this guest."""
        cases = self._cases()
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", cases, ids=[case.name for case in cases])
        if "status_case" in metafunc.fixturenames:
            cases = [case for case in cases if case.status]
            metafunc.parametrize("status_case", cases, ids=[case.name for case in cases])
        if "mode" in metafunc.fixturenames:
            metafunc.parametrize("mode", self.read_modes, ids=[mode.value for mode in self.read_modes])
        if "fault" in metafunc.fixturenames:
            metafunc.parametrize("fault", self.faults, ids=[fault.name for fault in self.faults])

    def _cases(self) -> list[Case]:
        return [case for case in CASES if case.name not in self.cannot]

    @pytest.fixture
    async def seed(self) -> Seed:
        """The guest's own; see the module's docstring."""
        raise NotImplementedError("give a fixture named seed")

    # Linking

    async def test_open_says_what_was_granted(self, seed: Seed) -> None:
        opened = await seed.provider.open(seed.account)
        assert opened.label
        assert Purpose.BUSY in opened.granted
        assert opened.granted <= seed.provider.purposes

    async def test_calendars_are_listed_once_each(self, seed: Seed) -> None:
        found = await seed.provider.calendars(seed.account)
        ids = [calendar.id for calendar in found]
        assert len(set(ids)) == len(ids)
        assert {seed.calendar_id, seed.other_calendar_id} <= set(ids)
        assert sum(calendar.primary for calendar in found) <= 1

    async def test_credentials_that_no_longer_work_are_told_apart(self, seed: Seed) -> None:
        with pytest.raises(ProviderFailure) as caught:
            await seed.provider.open(seed.broken(Fault.UNAUTHORIZED))
        assert caught.value.cause is FailureCause.REAUTH_REQUIRED

    # What blocks

    async def test_b1_b2_b3_right_time_is_blocked(self, seed: Seed, case: Case) -> None:
        for event in case.events:
            await seed.put(seed.calendar_id, event)
        for mode, answer in (await busy_in(seed, self.read_modes)).items():
            blocked, expected = merged(clipped([busy.span for busy in answer.busy], WINDOW)), list(case.blocked)
            if answer.precision is Precision.EXACT:
                assert blocked == expected, f"B1-B3: read {mode.value}: blocked {blocked}, not {expected}"
            elif not case.server_may_miss:
                covered = merged(blocked + expected) == blocked
                assert covered, f"B8: read {mode.value}: blocked {blocked}, not all of {expected}"

    async def test_b1_status_is_told_where_the_provider_sees_it(self, seed: Seed, status_case: Case) -> None:
        for event in status_case.events:
            await seed.put(seed.calendar_id, event)
        told = {busy.status for busy in (await busy(seed, ReadMode.EXACT)).busy}
        assert told == {status_case.status if status_case.status in seed.provider.sees else BusyStatus.BUSY}

    async def test_answer_is_sorted_and_of_whole_minutes(self, seed: Seed) -> None:
        for case in self._cases():
            for event in case.events:
                await seed.put(seed.calendar_id, event)
        for answer in (await busy_in(seed, self.read_modes)).values():
            spans = [busy.span for busy in answer.busy]
            assert spans == sorted(spans)
            assert all(type(minute) is int for span in spans for minute in span)
            assert all(span.start < span.end for span in spans)

    async def test_exact_mode_is_answered_exactly(self, seed: Seed) -> None:
        assert (await busy(seed, ReadMode.EXACT)).precision is Precision.EXACT

    # Fail closed

    async def test_b4_each_calendar_asked_for_is_answered(self, seed: Seed, mode: ReadMode) -> None:
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END))
        found = await asked(seed, mode)
        answers = await seed.provider.busy(seed.account, list(found.values()), WINDOW)
        mine, other = answers[seed.calendar_id], answers[seed.other_calendar_id]
        assert isinstance(mine, BusyAnswer)
        assert isinstance(other, BusyAnswer)
        assert [busy.span for busy in mine.busy] == [PLACE]
        assert other.busy == ()

    async def test_b4_missing_calendar_is_unverified_and_costs_no_other(self, seed: Seed, mode: ReadMode) -> None:
        found = await asked(seed, mode)
        await seed.remove_calendar(seed.other_calendar_id)
        answers = await seed.provider.busy(seed.account, list(found.values()), WINDOW)
        assert answers[seed.other_calendar_id] == Unverified(FailureCause.NOT_FOUND)
        assert isinstance(answers[seed.calendar_id], BusyAnswer)

    async def test_b4_fault_is_never_free_time(self, seed: Seed, fault: Fault) -> None:
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END))
        calendar = (await asked(seed))[seed.calendar_id]
        for mode in self.read_modes:
            cause = await cause_of_busy(seed, seed.broken(fault), replace(calendar, read_mode=mode))
            assert cause in fault.causes, f"B4: {fault.name} became {cause}, read {mode.value}"

    async def test_b4_fault_yields_no_titles(self, seed: Seed, fault: Fault) -> None:
        needs(seed, Purpose.TITLES)
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END))
        cause = await cause_of_titles(seed, seed.broken(fault), (await asked(seed))[seed.calendar_id])
        assert cause in fault.causes, f"B4: {fault.name} became {cause}"

    # Nothing more than needed

    async def test_b8_no_title_travels_unless_it_is_declared(self, seed: Seed, mode: ReadMode) -> None:
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END, title=CANARY))
        listed = {found.id: found for found in await seed.provider.calendars(seed.account)}
        listening = FaultyTransport(seed.account.transport)
        account = replace(seed.account, transport=listening)
        writes = Purpose.WRITE in seed.provider.purposes
        ours = frozenset({await _written(seed)} if writes else ())
        await seed.provider.busy(account, [(await asked(seed, mode))[seed.calendar_id]], WINDOW, ours)
        if any(CANARY.encode() in body for body in listening.heard):
            assert mode is not ReadMode.FREE_BUSY_ONLY
            assert mode is ReadMode.EXACT or listed[seed.calendar_id].titles_on_wire

    async def test_f1_answers_are_neither_printed_nor_stored(
        self, seed: Seed, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END, title=CANARY))
        answers: list[object] = [await busy(seed, ReadMode.EXACT)]
        if Purpose.TITLES in seed.provider.purposes:
            answers.append(await titles(seed))
        for answer in answers:
            assert not any(secret in f"{answer} {answer!r}" for secret in (CANARY, str(PLACE.start), str(PLACE.end)))
            with pytest.raises(TypeError):
                pickle.dumps(answer)
            with pytest.raises(TypeError):
                copy.deepcopy(answer)
        assert CANARY not in caplog.text

    async def test_a_redirect_is_not_followed_into_a_private_network(self, seed: Seed) -> None:
        found = await asked(seed)
        account = seed.broken(Fault.REDIRECT_TO_A_PRIVATE_ADDRESS)
        assert await cause_of_busy(seed, account, found[seed.calendar_id]) is not None
        if isinstance(account.transport, FaultyTransport):
            assert not any(url.startswith(PRIVATE_ADDRESS) for url in account.transport.sent)

    # Titles

    async def test_titles_say_what_stands_there(self, seed: Seed) -> None:
        needs(seed, Purpose.TITLES)
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END, title=CANARY, private=True))
        await seed.put(seed.calendar_id, OutsideEvent(_WALL.date(), _WALL_END.date().replace(day=24), title="Away"))
        found = [(event.span, event.title, event.all_day, event.private) for event in (await titles(seed)).events]
        assert found == [
            (instants("03-22T23:00", "03-23T23:00"), "Away", True, False),
            (PLACE, CANARY, False, True),
        ]

    async def test_titles_leave_out_what_does_not_block(self, seed: Seed) -> None:
        needs(seed, Purpose.TITLES)
        for case in self._cases():
            for event in case.events if not case.blocked else ():
                await seed.put(seed.calendar_id, event)
        assert (await titles(seed)).events == ()

    # Our own entries

    async def test_k3_entry_stands_after_it_is_written(self, seed: Seed) -> None:
        reference = await _written(seed)
        assert reference.calendar_id == seed.calendar_id
        assert await seed.provider.probe(seed.account, reference) == Present(PLACE)
        assert await standing(seed) == [PLACE]

    async def test_k3_write_with_the_same_key_makes_no_second_entry(self, seed: Seed) -> None:
        first, second = await _written(seed), await _written(seed)
        assert (first.calendar_id, first.id) == (second.calendar_id, second.id)
        assert await standing(seed) == [PLACE]

    async def test_k3_writes_at_once_with_the_same_key_make_one_entry(self, seed: Seed) -> None:
        first, second = await asyncio.gather(_written(seed), _written(seed))
        assert first.id == second.id
        assert await standing(seed) == [PLACE]

    async def test_k3_writes_with_two_keys_make_two_entries(self, seed: Seed) -> None:
        first, second = await _written(seed), await _written(seed, OTHER_KEY)
        assert first.id != second.id
        assert await standing(seed) == [PLACE, PLACE]

    async def test_k3_write_repeated_with_another_time_makes_the_one_entry_as_given(self, seed: Seed) -> None:
        await _written(seed)
        again = await seed.provider.write(seed.account, seed.calendar_id, _entry(OTHER_PLACE, title="Shave"), KEY)
        assert await seed.provider.probe(seed.account, again) == Present(OTHER_PLACE)
        assert await standing(seed) == [OTHER_PLACE]
        if Purpose.TITLES in seed.provider.purposes:
            assert [event.title for event in (await titles(seed)).events] == ["Shave"]

    async def test_k3_write_repeated_with_another_text_makes_the_one_entry_as_given(self, seed: Seed) -> None:
        needs(seed, Purpose.TITLES)
        await _written(seed)
        await seed.provider.write(seed.account, seed.calendar_id, _entry(PLACE, title="Shave"), KEY)
        assert [(event.span, event.title) for event in (await titles(seed)).events] == [(PLACE, "Shave")]

    async def test_k3_write_repeated_after_a_lost_answer_may_bring_another_time(self, seed: Seed) -> None:
        needs(seed, Purpose.WRITE)
        with pytest.raises(ProviderTimeout):
            await seed.provider.write(seed.losing_answers(), seed.calendar_id, _entry(OTHER_PLACE), KEY)
        await _written(seed)
        assert await standing(seed) == [PLACE]

    async def test_k3_write_repeated_after_a_removal_outside_makes_the_entry_stand(self, seed: Seed) -> None:
        await seed.remove_entry(await _written(seed))
        assert await seed.provider.probe(seed.account, await _written(seed)) == Present(PLACE)
        assert await standing(seed) == [PLACE]

    async def test_k3_fault_is_never_taken_for_done(self, seed: Seed, fault: Fault) -> None:
        needs(seed, Purpose.WRITE)
        with suppress(ProviderFailure):
            await seed.provider.write(seed.broken(fault), seed.calendar_id, _entry(PLACE), KEY)
            assert await standing(seed) == [PLACE], f"K3: {fault.name} was taken for done"
        reference = await _written(seed)
        with suppress(ProviderFailure):
            await seed.provider.move(seed.broken(fault), reference, _entry(OTHER_PLACE), OTHER_KEY)
            assert await standing(seed) == [OTHER_PLACE], f"K3: {fault.name} was taken for done"
        reference = await seed.provider.move(seed.account, reference, _entry(OTHER_PLACE), OTHER_KEY)
        assert await standing(seed) == [OTHER_PLACE]
        with suppress(ProviderFailure):
            await seed.provider.remove(seed.broken(fault), reference, OTHER_KEY)
            is_done = FailureCause.NOT_FOUND in fault.causes or await standing(seed) == []
            assert is_done, f"K3: {fault.name} was taken for done"
        await seed.provider.remove(seed.account, reference, OTHER_KEY)
        assert await standing(seed) == []

    async def test_k3_write_whose_answer_was_lost_is_repeated_safely(self, seed: Seed) -> None:
        needs(seed, Purpose.WRITE)
        with pytest.raises(ProviderTimeout):
            await seed.provider.write(seed.losing_answers(), seed.calendar_id, _entry(PLACE), KEY)
        await _written(seed)
        assert await standing(seed) == [PLACE]

    async def test_k3_moved_entry_stands_at_its_new_place_only(self, seed: Seed) -> None:
        reference = await _written(seed)
        moved = await seed.provider.move(seed.account, reference, _entry(OTHER_PLACE), OTHER_KEY)
        assert await seed.provider.probe(seed.account, moved) == Present(OTHER_PLACE)
        assert await standing(seed) == [OTHER_PLACE]

    async def test_k3_move_repeated_with_the_old_reference_changes_nothing_more(self, seed: Seed) -> None:
        reference = await _written(seed)
        for _ in range(2):
            await seed.provider.move(seed.account, reference, _entry(OTHER_PLACE), OTHER_KEY)
        assert await standing(seed) == [OTHER_PLACE]

    async def test_k3_move_whose_answer_was_lost_is_repeated_safely(self, seed: Seed) -> None:
        reference = await _written(seed)
        with pytest.raises(ProviderTimeout):
            await seed.provider.move(seed.losing_answers(), reference, _entry(OTHER_PLACE), OTHER_KEY)
        await seed.provider.move(seed.account, reference, _entry(OTHER_PLACE), OTHER_KEY)
        assert await standing(seed) == [OTHER_PLACE]

    async def test_k3_entry_removed_outside_stands_again_once_when_it_is_moved(self, seed: Seed) -> None:
        reference = await _written(seed)
        await seed.remove_entry(reference)
        for _ in range(2):
            moved = await seed.provider.move(seed.account, reference, _entry(OTHER_PLACE), OTHER_KEY)
            assert await seed.provider.probe(seed.account, moved) == Present(OTHER_PLACE)
        assert await standing(seed) == [OTHER_PLACE]

    async def test_k3_entry_moved_outside_is_moved_and_removed_all_the_same(self, seed: Seed) -> None:
        reference = await _written(seed)
        await seed.move_entry(reference, OTHER_PLACE)
        moved = await seed.provider.move(seed.account, reference, _entry(PLACE), OTHER_KEY)
        assert await standing(seed) == [PLACE]
        await seed.move_entry(moved, OTHER_PLACE)
        await seed.provider.remove(seed.account, moved, OTHER_KEY)
        assert await standing(seed) == []

    async def test_k6_entry_moved_outside_is_found_where_it_went(self, seed: Seed) -> None:
        reference = await _written(seed)
        await seed.move_entry(reference, OTHER_PLACE)
        assert await seed.provider.probe(seed.account, reference) == Present(OTHER_PLACE)

    async def test_k3_removed_entry_is_gone_and_stays_gone(self, seed: Seed) -> None:
        reference = await _written(seed)
        for _ in range(2):
            await seed.provider.remove(seed.account, reference, OTHER_KEY)
        assert await seed.provider.probe(seed.account, reference) == Gone()
        assert await standing(seed) == []

    async def test_k3_remove_whose_answer_was_lost_is_repeated_safely(self, seed: Seed) -> None:
        reference = await _written(seed)
        with pytest.raises(ProviderTimeout):
            await seed.provider.remove(seed.losing_answers(), reference, OTHER_KEY)
        await seed.provider.remove(seed.account, reference, OTHER_KEY)
        assert await standing(seed) == []

    async def test_k3_entry_removed_outside_is_gone_and_may_be_removed(self, seed: Seed) -> None:
        reference = await _written(seed)
        await seed.remove_entry(reference)
        assert await seed.provider.probe(seed.account, reference) == Gone()
        await seed.provider.remove(seed.account, reference, OTHER_KEY)

    async def test_probe_never_takes_a_fault_for_gone(self, seed: Seed, fault: Fault) -> None:
        reference = await _written(seed)
        assert await cause_of_probe(seed, seed.broken(fault), reference) in fault.causes

    async def test_probe_does_not_take_a_missing_calendar_for_a_gone_entry(self, seed: Seed) -> None:
        reference = await _written(seed)
        await seed.remove_calendar(seed.calendar_id)
        assert await cause_of_probe(seed, seed.account, reference) is FailureCause.NOT_FOUND

    async def test_b6_excepted_entry_is_left_out_but_nothing_else_at_its_time(self, seed: Seed, mode: ReadMode) -> None:
        ours = frozenset({await _written(seed)})
        answer = await busy(seed, mode, ours)
        # Whoever computes busy time elsewhere may not be able to tell entries apart; then they count as busy.
        assert answer.busy == () or answer.precision is Precision.SERVER
        await seed.put(seed.calendar_id, OutsideEvent(_WALL, _WALL_END, title=CANARY))
        assert {busy.span for busy in (await busy(seed, mode, ours)).busy} == {PLACE}
        if Purpose.TITLES in seed.provider.purposes:
            assert [event.title for event in (await titles(seed, ours)).events] == [CANARY]


def _entry(span: Span, *, title: str = "Haircut") -> Entry:
    return Entry(span, OWNER_ZONE, title, "Booked online")


async def _written(seed: Seed, key: str = KEY) -> Reference:
    needs(seed, Purpose.WRITE)
    return await seed.provider.write(seed.account, seed.calendar_id, _entry(PLACE), key)

"""Why one start is offered or not: each rule in order, in full for members, for strangers no more than free or not free (S1-S5, B4)."""

from datetime import date, timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import BadInput, ProviderUnreachable, RateLimited, UnknownObject
from slotgraph.core.explaining import RuleOutcome
from slotgraph.core.grids import GridAnchor
from slotgraph.core.slots import SlotRule
from slotgraph.core.stranger_budget import StrangerBudget
from slotgraph.core.values import Span

SHOWN = {RuleOutcome.PASSED: "+", RuleOutcome.FAILED: "-", RuleOutcome.NOT_REACHED: "."}
ALL = [
    "SERVICE",
    "GRID",
    "NOTICE",
    "HORIZON",
    "AVAILABILITY",
    "ABSENCE",
    "BOOKING",
    "HOLD",
    "VERIFIED",
    "EXTERNAL_BUSY",
]
STRANGERS = ["SERVICE", "GRID", "NOTICE", "HORIZON", "AVAILABILITY", "VERIFIED", "FREE"]


def outcomes(explanation):
    return "".join(SHOWN[check.outcome] for check in explanation.rules)


async def of_anna(world, start="2027-03-02 09:00", *, actor="owner", **more):
    actor = world.owner if actor == "owner" else actor
    return await world.explain(start, choice=world.choice("anna"), actor=actor, **more)


def failing(explanation):
    return next(check for check in explanation.rules if check.outcome is RuleOutcome.FAILED)


async def test_a_free_start_passes_each_rule_in_order(world):
    await world.link("anna")
    explanation = await of_anna(world)
    assert [check.rule.name for check in explanation.rules] == ALL
    assert outcomes(explanation) == "+" * 10
    assert explanation.offered
    assert [check.state.name for check in explanation.sources] == ["VERIFIED"]


async def test_after_the_first_that_fails_the_rest_is_not_reached(world):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    cases = {
        "2027-03-02 09:07": "+-........",
        "2027-03-01 06:00": "++-.......",
        "2027-05-03 09:00": "+++-......",
        "2027-03-02 16:45": "++++-.....",
        "2027-03-02 09:00": "+++++++++-",
    }
    assert {start: outcomes(await of_anna(world, start)) for start in cases} == cases


async def test_own_data_is_told_apart_and_asks_no_calendar(world):
    await world.link("anna")
    await world.take_off("anna", Span(world.minute("2027-03-02 09:00"), world.minute("2027-03-02 09:10")))
    await world.book("2027-03-02 10:00", employee="anna")
    await world.hold(
        "anna", "2027-03-02 11:00", "2027-03-02 11:30", expires_at=world.clock.now() + timedelta(minutes=5)
    )
    before = world.calendars.calls["busy"]
    found = {start: await of_anna(world, f"2027-03-02 {start}") for start in ("09:00", "09:45", "11:15")}
    assert [outcomes(one) for one in found.values()] == ["+++++-....", "++++++-...", "+++++++-.."]
    assert [failing(one).detail for one in found.values()] == [
        "An absence is in the way from 09:00 to 09:10.",
        "A booking is in the way from 10:00 to 10:15, buffers included.",
        "A held slot is in the way from 11:15 to 11:30, buffers included.",
    ]
    assert (world.calendars.calls["busy"], found["09:00"].sources) == (before, ())


async def test_a_hold_that_lapsed_is_in_nobodys_way(world):
    await world.hold("anna", "2027-03-02 09:00", "2027-03-02 09:30", expires_at=world.clock.now())
    assert (await of_anna(world)).offered


async def test_a_calendar_that_does_not_answer_fails_verified(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    explanation = await of_anna(world)
    assert outcomes(explanation) == "++++++++-."
    assert [check.cause for check in explanation.sources] == ["UNREACHABLE"]


async def test_an_employee_without_the_service_fails_that_rule(world):
    await world.add_employee("carla")
    explanation = await world.explain(choice=world.choice("carla"), actor=world.owner)
    assert outcomes(explanation) == "-........."
    assert failing(explanation).detail == "Carla cannot be booked for Cut."


async def test_any_is_offered_if_one_of_them_can_take_it(world):
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    explanation = await world.explain(actor=world.owner)
    assert explanation.offered
    by_rule = {}
    for check in explanation.rules:
        by_rule.setdefault(check.rule, []).append((check.employee_id, SHOWN[check.outcome]))
    anna, ben = world.id_of("anna"), world.id_of("ben")
    assert by_rule[SlotRule.ABSENCE] == [(anna, "-"), (ben, "+")]
    assert by_rule[SlotRule.BOOKING] == [(anna, "."), (ben, "+")]
    assert by_rule[SlotRule.NOTICE] == [(None, "+")]  # a rule of the service


async def test_the_row_of_a_rule_of_the_service_is_of_one_who_reached_it(world):
    """Carla's own grid has no nine o'clock, so of her the notice is not asked; of Dora it is."""
    names = ("carla", "dora")
    for name, start in zip(names, ("08:55", "09:00"), strict=True):
        await world.add_employee(name, opened=False)
        await world.open_on(name, "2027-03-02", start, "12:00")
    await world.add_service("mix", employees=names)
    told = await world.explain(
        service="mix", choice=EmployeeChoice(any_of=tuple(map(world.id_of, names))), actor=world.owner
    )
    assert [SHOWN[check.outcome] for check in told.rules if check.rule is SlotRule.GRID] == ["-", "+"]
    assert [SHOWN[check.outcome] for check in told.rules if check.rule is SlotRule.NOTICE] == ["+"]


async def test_calendars_are_asked_for_all_of_the_buffers(world):
    await world.add_service("tour", employees=("anna",), buffer_after_minutes=1440)
    await world.link("anna", world.event("2027-03-03T09:00", "2027-03-03T10:00"))
    assert outcomes(await of_anna(world, "2027-03-02 09:00", service="tour")) == "+++++++++-"


async def test_together_is_offered_only_if_all_can(world):
    both = EmployeeChoice(together=(world.id_of("anna"), world.id_of("ben")))
    assert (await world.explain(choice=both)).offered
    await world.book(employee="ben")
    assert not (await world.explain(choice=both)).offered


async def test_a_service_nobody_offers_fails_for_nobody(world):
    await world.add_service("dream", employees=())
    explanation = await world.explain(service="dream", actor=world.owner)
    assert [(check.rule, check.employee_id) for check in explanation.rules] == [(SlotRule.SERVICE, None)]
    assert (explanation.offered, failing(explanation).detail) == (False, "Nobody can be booked for this service.")


# What strangers learn


async def reasons_against(world):
    """Four ways of not being free at nine, ten, eleven and twelve, and one of being free at one."""
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T09:30"))
    await world.book("2027-03-02 10:00", employee="anna")
    await world.take_off("anna", Span(world.minute("2027-03-02 11:00"), world.minute("2027-03-02 11:30")))
    await world.hold(
        "anna", "2027-03-02 12:00", "2027-03-02 12:30", expires_at=world.clock.now() + timedelta(minutes=5)
    )
    return [f"2027-03-02 {hour}:00" for hour in ("09", "10", "11", "12")]


async def test_strangers_cannot_tell_why_somebody_is_not_free(world):
    starts = await reasons_against(world)
    answers = []
    for start in starts:
        calls = world.calendars.calls["busy"]
        explanation = await of_anna(world, start, actor=None)
        assert [check.rule.name for check in explanation.rules] == STRANGERS
        assert [check.detail for check in explanation.rules] == [None] * 7
        answers.append((outcomes(explanation), explanation.sources, world.calendars.calls["busy"] - calls))
    assert answers == [("++++++-", (), 1)] * 4
    assert outcomes(await of_anna(world, "2027-03-02 13:00", actor=None)) == "+++++++"


async def test_nor_while_a_calendar_does_not_answer(world):
    starts = await reasons_against(world)
    world.calendars.fail("busy", ProviderUnreachable())
    explanations = [await of_anna(world, start, actor=None) for start in starts]
    assert {outcomes(one) for one in explanations} == {"+++++-."}
    assert {tuple(check.cause for check in one.sources) for one in explanations} == {("TEMPORARY",)}


async def test_it_counts_as_a_search_before_anything_is_read(world, monkeypatch):
    """Who has no budget left does not learn here whether a service is there (rule B7)."""

    async def check(budget, source):
        raise RateLimited(1)

    monkeypatch.setattr(StrangerBudget, "check", check)
    with pytest.raises(RateLimited):
        await world.explain(service="nothing")
    assert (await world.explain(actor=world.owner)).offered


# What is told


@pytest.mark.parametrize(
    ("start", "rule", "detail"),
    [
        ("2027-03-02 09:07", "GRID", "Starts lie every 15 minutes, counted from the start of each availability."),
        ("2027-03-01 07:30", "NOTICE", "With 60 minutes of notice the earliest start is 2027-03-01 08:00."),
        ("2027-03-14 09:00", "HORIZON", "With 10 days of horizon the last day is 2027-03-11."),
        ("2027-03-02 17:00", "AVAILABILITY", "The service takes 30 minutes; Anna is available on 2027-03-02 from 09:00 to 17:00."),
        ("2027-03-06 09:00", "AVAILABILITY", "The service takes 30 minutes; Anna is not available on 2027-03-06."),
    ],
)  # fmt: skip
async def test_a_sentence_says_what_a_rule_went_by(world, start, rule, detail):
    await world.add_service("visit", employees=("anna",), minimum_notice_minutes=60, horizon_days=10)
    found = failing(await of_anna(world, start, service="visit"))
    assert (found.rule.name, found.detail) == (rule, detail)


async def test_the_grids_sentence_follows_its_anchor(world):
    both = EmployeeChoice(together=(world.id_of("anna"), world.id_of("ben")))
    told = await world.explain(choice=both, actor=world.owner)
    assert "midnight in the company's zone, Europe/Zurich" in next(
        c.detail for c in told.rules if c.rule is SlotRule.GRID
    )
    await world.change(tables.company, world.company_id, grid_anchor=GridAnchor.CLOCK.value)
    told = await of_anna(world)
    assert "midnight in Europe/Zurich" in next(c.detail for c in told.rules if c.rule is SlotRule.GRID)


async def test_what_makes_no_sense_is_refused(world):
    for more, path in (
        ({"start": "2027-03-02 09:00:30"}, ("input", "slot", "start")),
        ({"deadline_ms": 1}, ("input", "deadlineMs")),
        ({"choice": EmployeeChoice(any_of=())}, ("input", "slot", "employees", "anyOf")),
    ):
        with pytest.raises(BadInput) as refused:
            await world.explain(**more)
        assert refused.value.path == path
    with pytest.raises(UnknownObject):
        await world.explain(service="nothing")
    with pytest.raises(UnknownObject):
        await world.explain(actor=world.agent)

"""What the engine makes of a scenario: records in, what it offers and how it judges out, in the shape of the oracle's answer."""

from datetime import date, datetime, time
from typing import Any

from slotgraph.core.availability import Dated, DaysOff, Rule, Times, Weekly
from slotgraph.core.candidates import Candidates
from slotgraph.core.clock import (
    MINUTES_PER_DAY,
    instant_from_minute,
    minute_ceiling,
    minute_from_instant,
)
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.grids import GridAnchor
from slotgraph.core.judging import broken_by_calendars, broken_by_own_data
from slotgraph.core.offering import Offering
from slotgraph.core.records import Absence, Availability, Company, Employee, EmployeeKind, Service
from slotgraph.core.spans import merged
from slotgraph.core.store.agenda import Agenda, agenda_of
from slotgraph.core.store.blocks import Blocked
from slotgraph.core.values import Span

Json = dict[str, Any]

COMPANY = "company"
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def offered(scenario: Json) -> list[Json]:
    """Every offered start in order, each with the employees who can take it."""
    who = candidates_of(scenario)
    window = Span(*(minute_ceiling(datetime.fromisoformat(scenario["window"][end])) for end in ("from", "to")))
    offering = Offering(who, window, now=datetime.fromisoformat(scenario["now"]))
    for employee in who.employees:
        given = given_of(employee, scenario)
        own = agenda(employee, given, scenario["companyAbsences"], offering.reach)
        offering.add(employee, own, [spans_of(given["busy"]), spans_of(given["unverified"])])
    return [
        {
            "start": instant_from_minute(start).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "employees": sorted(offering.takers(start)),
        }
        for start in offering.starts
    ]


def judged(scenario: Json, start: int) -> list[str]:
    """The ids of those for whom one start keeps every rule, judged as booking does: of those who are wanted together all or none."""
    who, now = candidates_of(scenario), datetime.fromisoformat(scenario["now"])
    shape = who.service.shape(who.company)
    fit = []
    for employee in who.employees:
        given = given_of(employee, scenario)
        own = agenda(employee, given, scenario["companyAbsences"], shape.blocked(start))
        busy, unverified = ({employee.id: merged(spans_of(given[kind]))} for kind in ("busy", "unverified"))
        answer = FreeBusyAnswer(busy, unverified, ())
        if not (
            broken_by_own_data(start, who=who, employee=employee, own=own, now=now)
            or broken_by_calendars(start, shape=shape, employee=employee, answer=answer)
        ):
            fit.append(employee.id)
    return [] if who.together and len(fit) < len(who.employees) else sorted(fit)


def given_of(employee: Employee, scenario: Json) -> Json:
    return next(one for one in scenario["employees"] if one["id"] == employee.id)


def candidates_of(scenario: Json) -> Candidates:
    ((way, chosen),) = scenario["choice"].items()
    ids = [chosen] if way == "employee" else chosen
    employees = [employee_of(given) for given in scenario["employees"] if given["id"] in ids]
    return Candidates(company_of(scenario), service_of(scenario["service"]), employees, together=way == "together")


def company_of(scenario: Json) -> Company:
    company = scenario["company"]
    return Company(
        id=COMPANY,
        slug=COMPANY,
        name=COMPANY,
        time_zone=company["timeZone"],
        locale="en",
        booking_interval_minutes=company["bookingIntervalMinutes"],
        exclude_support=False,
        grid_anchor=GridAnchor(company["gridAnchor"]),
    )


def service_of(service: Json) -> Service:
    return Service(
        company_id=COMPANY,
        id="service",
        name="service",
        description="",
        duration_minutes=service["durationMinutes"],
        buffer_before_minutes=service["bufferBeforeMinutes"],
        buffer_after_minutes=service["bufferAfterMinutes"],
        minimum_notice_minutes=service["minimumNoticeMinutes"],
        horizon_days=service["horizonDays"],
        booking_interval_minutes=service["bookingIntervalMinutes"],
        cancellation_limit_hours=0,
        active=True,
    )


def employee_of(given: Json) -> Employee:
    return Employee(COMPANY, given["id"], given["id"], EmployeeKind.PERSON, given["timeZone"], True, False)


def agenda(employee: Employee, given: Json, company_absences: list[Json], reach: Span) -> Agenda:
    """As core/store/agenda.py reads it: everything that may touch the reach and the day around it."""
    return agenda_of(
        employee,
        [Availability(COMPANY, str(at), employee.id, rule_of(one)) for at, one in enumerate(given["availabilities"])],
        [
            Absence(COMPANY, str(at), owner, None, days_or_span(one))
            for owner, absences in ((employee.id, given["absences"]), (None, company_absences))
            for at, one in enumerate(absences)
        ],
        blocked=Blocked(spans_of(given["blocked"]), spans_of(given["held"])),
        window=Span(reach.start - MINUTES_PER_DAY, reach.end + MINUTES_PER_DAY),
    )


def rule_of(availability: Json) -> Rule:
    ((kind, given),) = availability.items()
    times = Times(time.fromisoformat(given["start"]), time.fromisoformat(given["end"]))
    if kind == "dated":
        return Dated(times, date.fromisoformat(given["date"]))
    since, until = (given[name] and date.fromisoformat(given[name]) for name in ("validFrom", "validUntil"))
    return Weekly(times, WEEKDAYS.index(given["weekday"]), since, until)


def days_or_span(absence: Json) -> DaysOff | Span:
    if "range" in absence:
        return span_of(absence["range"])
    return DaysOff(*(date.fromisoformat(absence["days"][name]) for name in ("from", "until")))


def spans_of(spans: list[Json]) -> list[Span]:
    return [span_of(span) for span in spans]


def span_of(span: Json) -> Span:
    return Span(*(minute_from_instant(datetime.fromisoformat(span[end])) for end in ("start", "end")))

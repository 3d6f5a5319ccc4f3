"""Histories made by hand for the tests of the checker: a day of a shop as it should be, which a test spoils."""

from slotgraph_tests_reliability_load_checker import check
from slotgraph_tests_reliability_load_history import (
    Answer,
    Attempt,
    Block,
    Booking,
    Entry,
    Event,
    Facts,
    Hold,
    Mutation,
    Service,
    Span,
    Stored,
    Wanted,
)

CUT = Service(30, before=5, after=10)
FACTS = Facts({"cut": CUT, "wax": Service(20)}, busy={"anna": [Event("dentist", Span(900, 960))]})
NINE, TEN, ELEVEN = 540, 600, 660
ALL = ("anna", "ben")


class Day:
    """A history, and the rows and events that it should leave behind; tests spoil one of them."""

    def __init__(self, facts=FACTS):
        self.facts = facts
        self.history, self.bookings, self.blocks, self.entries, self.holds = [], {}, [], [], []
        self.outside = {"anna": [Event("dentist", Span(900, 960))], "ben": []}
        self.now = 1000.0

    def attempt(self, mutation, kind, *, key=None, wanted=None, thing=None, asked="", seconds=1.0, **answer):
        began, self.now = self.now, self.now + seconds
        heard = Answer(kind, **answer) if kind else None
        key = key or f"key {len(self.history)}"
        self.history.append(Attempt(key, mutation, asked or repr(wanted), began, self.now, heard, wanted, thing))
        self.now += 1
        return self.history[-1]

    def book(self, name, *employees, start=NINE, service="cut", heard=True, key=None, thing=None, asked_of=()):
        """Book, and let it stand here and outside."""
        wanted = Wanted(service, start, tuple(asked_of) or employees, together=len(employees) > 1)
        told = {"id": name, "start": start, "employees": frozenset(employees), "state": "CONFIRMED"} if heard else {}
        kind = "BookingConfirmed" if heard else None
        made = self.attempt(Mutation.BOOK, kind, key=key, wanted=wanted, thing=thing, **told)
        self.stand(name, *employees, start=start, service=service, mark=made.key, at=made.began)

    def stand(self, name, *employees, start, service="cut", mark=None, at=None):
        minutes = self.facts.services[service].minutes
        there, end = frozenset(employees), start + minutes
        self.bookings[name] = Booking(name, service, start, end, "CONFIRMED", there, at or self.now, mark)
        for employee in employees:
            blocked = self.facts.services[service].blocked(start)
            self.blocks.append(Block(f"block {name} {employee}", employee, blocked, name))
            entry = f"entry-{name}-{employee}"
            self.entries.append(Entry(entry, name, employee, "WRITTEN", (at or self.now) + 1, "DONE"))
            self.outside[employee].append(Event(f"slotgraph-{entry}", Span(start, end)))

    def cancel(self, name, *, heard=True, done=True):
        employees = self.bookings[name].employees
        start = self.bookings[name].start
        told = {"id": name, "start": start, "employees": employees, "state": "CANCELLED"} if heard else {}
        self.attempt(Mutation.CANCEL, "Booking" if heard else None, thing=name, **told)
        if done:
            self.bookings[name] = self.bookings[name]._replace(state="CANCELLED")
            self.blocks = [one for one in self.blocks if one.booking != name]
            self.remove_outside(name)

    def remove_outside(self, name):
        self.entries = [
            one._replace(state="REMOVED", state_at=self.now) if one.booking == name else one for one in self.entries
        ]
        for employee, events in self.outside.items():
            self.outside[employee] = [one for one in events if f"-{name}-" not in one.uid]

    def move(self, name, start, *, heard=True, done=True, key=None):
        booking = self.bookings[name]
        told = {"id": name, "start": start, "employees": booking.employees, "state": "CONFIRMED"} if heard else {}
        wanted = Wanted(booking.service, start, None)
        kind = "Booking" if heard else None
        self.attempt(Mutation.MOVE, kind, thing=name, wanted=wanted, key=key, **told)
        if done:
            self.blocks = [one for one in self.blocks if one.booking != name]
            self.remove_outside(name)
            self.entries = [one for one in self.entries if one.booking != name]
            self.stand(name, *booking.employees, start=start, service=booking.service, mark=booking.mark, at=1000.0)

    def refused(self, kind="SlotTaken", *employees, start=NINE, together=False, **more):
        wanted = Wanted("cut", start, employees or ("anna",), together)
        return self.attempt(Mutation.BOOK, kind, wanted=wanted, **more)

    def hold(self, name, employee, *, start=NINE, lasts=600.0, ends=None):
        made, wanted = self.now, Wanted("cut", start, (employee,))
        told = {"id": name, "start": start, "employees": frozenset((employee,)), "until": made + lasts}
        self.attempt(Mutation.HOLD, "SlotHeld", wanted=wanted, **told)
        until = made + lasts if ends is None else ends
        self.holds.append(Hold(name, "cut", start, frozenset((employee,)), made, until))

    def found(self):
        """The counts above 0."""
        stored = Stored(self.bookings, self.blocks, self.entries, self.holds)
        findings = check(self.history, stored, self.outside, self.facts)
        return {name: count for name, count in findings.counts.items() if count}

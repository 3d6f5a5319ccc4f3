"""What stands in the demo company's calendars, the same for the same day. How it gets there: see `seeding`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from icalendar import vCalAddress

from slotgraph.server.demo.diary import Diary, Resource, days, minutes, weekly

CalendarContents = Mapping[str, list[Resource]]
"""Resources by the name of the calendar they stand in."""


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A login at the demo's calendar server. `calendars` are their names in the URL and for people, the default one first."""

    login: str
    name: str
    zone: str
    calendars: Mapping[str, str]

    @property
    def email(self) -> str:
        return f"{self.login}@demo.example"


ANNA = DemoUser("anna", "Anna (demo)", "Europe/Zurich", {"work": "Work", "private": "Private"})
BEN = DemoUser("ben", "Ben (demo)", "Europe/Zurich", {"work": "Work"})
CARLA = DemoUser("carla", "Carla (demo)", "America/New_York", {"work": "Work", "private": "Private"})
DORA = DemoUser("dora", "Dora (demo)", "America/New_York", {"work": "Work"})
ROOM = DemoUser("room", "Studio room", "Europe/Zurich", {"room": "Studio room"})
USERS = (ANNA, BEN, CARLA, DORA, ROOM)


def contents(today: date) -> dict[str, CalendarContents]:
    """What stands in each user's calendars by login, laid out around the week of `today`."""
    monday = today - timedelta(days=today.weekday())
    writers = ((ANNA, _anna), (BEN, _ben), (CARLA, _carla), (DORA, _dora), (ROOM, _room))
    return {user.login: write(Diary(user.login, user.zone, monday)) for user, write in writers}


def _anna(diary: Diary) -> CalendarContents:
    at, event = diary.at, diary.event
    team = event("Team meeting", at(-56, "09:00"), minutes(45), rrule=weekly("mo"), exdate=[at(14, "09:00")])
    moved = event("Team meeting (moved)", at(8, "10:30"), minutes(45), recurrence_id=at(7, "09:00"))
    called_off = event("Team meeting", at(21, "09:00"), minutes(45), recurrence_id=at(21, "09:00"), status="CANCELLED")
    lunch = event("Lunch", at(-28, "12:00"), minutes(45), rrule=weekly("mo", "tu", "we", "th", "fr"))
    return {
        "work": [
            diary.resource("team-meeting", team, moved, called_off),
            diary.resource("lunch", lunch),
            diary.resource("supplier", event("Call with the supplier", at(1, "14:00"), minutes(60))),
            diary.resource("supplier-follow-up", event("Price list, same supplier", at(1, "14:30"), minutes(60))),
            diary.resource("training", event("Colour training?", at(3, "13:00"), minutes(180), status="TENTATIVE")),
            diary.resource("stocktaking", event("Stocktaking", at(9, "16:00"), minutes(90))),
            diary.resource("called-off", event("Fair in Basel", at(2, "09:00"), minutes(480), status="CANCELLED")),
        ],
        "private": [
            diary.resource("dentist", event("Dentist", at(4, "10:15"), minutes(50), **{"class": "PRIVATE"})),
            diary.resource("birthday", event("Mother's birthday", diary.day(3), days(1), transp="TRANSPARENT")),
            diary.resource("day-off", event("Moving house", diary.day(10), days(1), **{"class": "PRIVATE"})),
        ],
    }


def _ben(diary: Diary) -> CalendarContents:
    at, event = diary.at, diary.event
    declined = event("Sales webinar", at(3, "09:00"), minutes(120), organizer=_person("sales@elsewhere.example"))
    declined.add("attendee", _person(BEN.email), parameters={"PARTSTAT": "DECLINED"})
    outlook = event("Interview (from Outlook)", at(2, "11:00"), minutes(60), x_microsoft_cdo_busystatus="BUSY")
    away = event("Away", diary.day(16), days(3), x_microsoft_cdo_busystatus="OOF")
    stand_in = event("Stand-in at the front desk", at(-20, "08:30"), minutes(60), rrule=weekly("tu", "th", count=24))
    later = event("Stand-in, later this time", at(3, "10:00"), minutes(60), recurrence_id=at(3, "08:30"))
    return {
        "work": [
            diary.resource("stand-in", stand_in, later),
            diary.resource("webinar", declined),
            diary.resource("interview", diary.under_windows_name(outlook)),
            diary.resource("away", away),
            diary.resource("medicine", event("Take the medicine", diary.floating(4, "15:00"), minutes(15))),
            diary.resource("reading", event("Reading time", at(1, "09:00"), minutes(90), transp="TRANSPARENT")),
            diary.resource("apprentice", event("Meeting the apprentice", at(8, "13:00"), minutes(60))),
        ]
    }


def _carla(diary: Diary) -> CalendarContents:
    at, event = diary.at, diary.event
    review = event("Review", at(-40, "15:00"), minutes(60), rrule=weekly("we", interval=2), exdate=[at(16, "15:00")])
    tokyo = event("Call with Tokyo", at(2, "08:00", zone="Asia/Tokyo"), minutes(60), rrule=weekly("we", count=12))
    return {
        "work": [
            diary.resource("review", review),
            diary.resource("tokyo", tokyo),
            diary.resource("photo-shoot", event("Photo shoot", at(4, "11:00"), minutes(150))),
            diary.resource("budget", event("Budget round?", at(7, "10:00"), minutes(120), status="TENTATIVE")),
            diary.resource("holiday", event("Long weekend", diary.day(18), days(2))),
        ],
        "private": [
            diary.resource("yoga", event("Yoga", at(-14, "17:30"), minutes(75), rrule=weekly("mo", "th"))),
            diary.resource("school", event("School meeting", at(4, "12:30"), minutes(60), **{"class": "PRIVATE"})),
        ],
    }


def _dora(diary: Diary) -> CalendarContents:
    at, event = diary.at, diary.event
    workdays = weekly("mo", "tu", "we", "th", "fr")
    standup = event("Stand-up", at(-35, "09:30"), minutes(15), rrule=workdays, exdate=[at(2, "09:30"), at(11, "09:30")])
    afternoon = event("Stand-up, in the afternoon", at(8, "14:00"), minutes(15), recurrence_id=at(8, "09:30"))
    at_home = event("Working from home", diary.day(4), days(1), x_microsoft_cdo_busystatus="WORKINGELSEWHERE")
    return {
        "work": [
            diary.resource("stand-up", standup, afternoon),
            diary.resource("at-home", at_home),
            diary.resource("client", event("Client visit", at(1, "10:00"), minutes(90))),
            diary.resource("client-lunch", event("Lunch with the client", at(1, "11:00"), minutes(90))),
            diary.resource("red-eye", event("Night flight", at(9, "22:30"), minutes(450))),
        ]
    }


def _room(diary: Diary) -> CalendarContents:
    at, event = diary.at, diary.event
    cleaning = event("Cleaning", at(-24, "17:00"), minutes(60), rrule=weekly("fr"), exdate=[at(11, "17:00")])
    return {
        "room": [
            diary.resource("cleaning", cleaning),
            diary.resource("floor", event("New floor", diary.day(15), days(2))),
            diary.resource("rented-out", event("Rented out", at(2, "13:00"), minutes(180))),
        ]
    }


def _person(email: str) -> vCalAddress:
    return vCalAddress(f"mailto:{email}")

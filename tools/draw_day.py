"""Draws docs/day.svg: one employee's day, cut into slots by the engine itself. Run it as `python tools/draw_day.py`."""

from datetime import date, time
from pathlib import Path

from slotgraph.core.availability import Times, Weekly, openings
from slotgraph.core.clock import local_days, minute_from_wall, wall_from_minute, zone
from slotgraph.core.slots import Day, Shape, offered
from slotgraph.core.starts import Frame
from slotgraph.core.values import Span

DAY, ZONE = date(2027, 3, 22), "Europe/Zurich"
SHAPE = Shape(duration=45, before=0, after=10, interval=15)
LEFT, WIDTH, ROW = 150, 720, 40
FIRST, LAST = 8 * 60, 18 * 60
COLOURS = {"open": "#cfe8cf", "busy": "#d9d9de", "booked": "#b9cdf0", "slot": "#1f7a4d"}


def _at(clock: str) -> int:
    hours, minutes = map(int, clock.split(":"))
    return minute_from_wall(
        wall_from_minute(local_days(DAY, DAY, zone(ZONE)).start, zone(ZONE)).replace(hour=hours, minute=minutes),
        zone(ZONE),
    )


def _x(minute: int) -> float:
    into_day = minute - local_days(DAY, DAY, zone(ZONE)).start
    return LEFT + (into_day - FIRST) * WIDTH / (LAST - FIRST)


def _block(span: Span, row: int, colour: str, label: str = "") -> str:
    x, width, y = _x(span.start), _x(span.end) - _x(span.start), 50 + row * ROW
    text = (
        f'<text x="{x + width / 2:.1f}" y="{y + 19}" text-anchor="middle" font-size="11">{label}</text>'
        if label
        else ""
    )
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="28" rx="4" fill="{colour}"/>{text}'


def drawing() -> str:
    """The picture as SVG."""
    rules = [
        Weekly(Times(time(9), time(12)), DAY.weekday()),
        Weekly(Times(time(13), time(17)), DAY.weekday()),
    ]
    found = openings(rules, zone(ZONE), local_days(DAY, DAY, zone(ZONE)))
    external = [Span(_at("09:30"), _at("10:15")), Span(_at("14:45"), _at("15:15"))]
    booked = [SHAPE.blocked(_at("13:00"))]
    window = Span(_at("08:00"), _at("18:00"))
    day, frame = Day(found, [], [*external, *booked]), Frame(window, SHAPE.interval)
    starts = offered(day, SHAPE, window, grid=found, frame=frame).listed()
    parts = [_block(opening, 0, COLOURS["open"]) for opening in found]
    parts += [_block(span, 1, COLOURS["busy"], "busy") for span in external]
    parts += [_block(span, 2, COLOURS["booked"], "booking") for span in booked]
    parts += [_block(Span(start, start + 12), 3, COLOURS["slot"]) for start in starts]
    for row, label in enumerate(
        ("availability", "external calendars", "own bookings", f"{len(starts)} offered starts")
    ):
        parts.append(f'<text x="{LEFT - 10}" y="{50 + row * ROW + 19}" text-anchor="end" font-size="13">{label}</text>')
    for hour in range(FIRST // 60, LAST // 60 + 1):
        x = _x(_at(f"{hour:02}:00"))
        parts.append(f'<line x1="{x:.1f}" y1="42" x2="{x:.1f}" y2="206" stroke="#e3e3e8"/>')
        parts.append(f'<text x="{x:.1f}" y="34" text-anchor="middle" font-size="11" fill="#666">{hour:02}:00</text>')
    body = "\n".join(sorted(parts, key=lambda part: not part.startswith("<line")))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 30} 220" '
        'font-family="system-ui, sans-serif" role="img" aria-label="How one day is cut into slots">\n'
        '<rect width="100%" height="100%" fill="white"/>\n'
        f"{body}\n</svg>\n"
    )


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "day.svg").write_text(drawing(), encoding="utf-8")

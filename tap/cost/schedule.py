"""Compute how many hours a week a service is awake, from the schedules that stop and start it."""

import re
from collections.abc import Iterator
from itertools import pairwise

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Minutes, hours, day of the month, month, day of the week, year. Only weekly schedules match.
# https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
_WEEKLY = re.compile(r"cron\((\d+) (\d+) [*?] \* (\S+) \*\)")
_WEEK = 7 * 24 * 60


def awake_share(sleep: str, wake: str) -> float:
    """Return the share of the time that the service is awake; 1 if its schedules are not weekly."""
    try:
        events = sorted((minute, wakes) for schedule, wakes in ((sleep, False), (wake, True))
                        for minute in _minutes(schedule))
    except ValueError:
        return 1.0
    if not {True, False} <= {wakes for _, wakes in events}:
        return 1.0
    around = [*events, (events[0][0] + _WEEK, events[0][1])]
    return sum(after - before for (before, wakes), (after, _) in pairwise(around) if wakes) / _WEEK


def _minutes(schedule: str) -> Iterator[int]:
    """Yield the minutes of a week, starting on Sunday, at which a schedule takes effect. Raises ValueError."""
    match = _WEEKLY.fullmatch(schedule)
    if not match:
        raise ValueError(schedule)
    for day in sorted(set(_days(match[3]))):
        yield (day * 24 + int(match[2])) * 60 + int(match[1])


def _days(field: str) -> Iterator[int]:
    if field in ("*", "?"):
        yield from range(7)
        return
    for part in field.split(","):
        first, _, last = part.partition("-")
        begin, end = _day(first), _day(last or first)
        yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def _day(text: str) -> int:
    """Return the day of the week, 0 for Sunday, from cron's name or number (1 to 7). Raises ValueError."""
    return _DAYS.index(text) if text in _DAYS else int(text) - 1

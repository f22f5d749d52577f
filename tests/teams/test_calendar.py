"""Working time is exact arithmetic."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkit.scenario.working_week import WorkingWeek
from simkit.teams.calendar import DAY_SECONDS, Calendar

MINUTE = 60


def minute_loop(calendar: Calendar, week: WorkingWeek, begin: int, minutes: int) -> int:
    """The slow truth: walk minute by minute, counting those inside a shift of a working day."""
    time, left = begin, minutes
    while left:
        day, second = divmod(time, DAY_SECONDS)
        inside = any(opens * 3600 <= second < closes * 3600 for opens, closes in week.hours)
        left -= inside and calendar.is_working_day(day)
        time += MINUTE
    return time


@settings(max_examples=60, deadline=None)
@given(
    begin=st.integers(0, 20 * 1440),
    minutes=st.integers(1, 4000),
    days=st.sampled_from(["Sun-Thu", "Mon-Fri", "Sat", ["Tue", "Thu", "Sat"]]),
    holidays=st.sampled_from([None, "US", "SA"]),
)
def test_adding_hours_agrees_with_a_walk_minute_by_minute(begin, minutes, days, holidays):
    """add(t, h) is the first moment at which h on-shift hours have passed."""
    week = WorkingWeek(days=days, hours=[[9, 13], [14, 18]], holidays=holidays)
    calendar = Calendar(week, datetime.date(2026, 1, 1))
    begin *= MINUTE
    assert calendar.add(begin, minutes * MINUTE) == minute_loop(calendar, week, begin, minutes)


@given(a=st.integers(0, 10**7), b=st.integers(0, 10**7))
def test_time_between_is_additive_and_inverts_addition(a, b):
    """worked(a..c) = worked(a..b) + worked(b..c), and add(a, worked(a..b)) is at most b."""
    calendar = Calendar(WorkingWeek(), datetime.date(2026, 1, 5))
    begin, end = sorted((a, b))
    middle = (begin + end) // 2
    assert calendar.between(begin, end) == calendar.between(begin, middle) + calendar.between(middle, end)
    assert calendar.add(begin, calendar.between(begin, end)) <= end


def test_public_holidays_are_free_by_country():
    """Saudi National Day, US Thanksgiving and Independence Day are no working days; neighbors are."""
    start = datetime.date(2026, 1, 1)
    offset = {day: (day - start).days for day in map(datetime.date.fromisoformat, ("2026-09-23", "2026-11-26"))}
    national, thanksgiving = offset.values()
    saudi = Calendar(WorkingWeek(days="Sun-Thu", holidays="SA"), start)
    american = Calendar(WorkingWeek(holidays="US"), start)
    assert not saudi.is_working_day(national)
    assert saudi.is_working_day(thanksgiving)
    assert american.is_working_day(national)
    assert not american.is_working_day(thanksgiving)


def test_a_sunday_to_thursday_week_rests_on_friday_and_saturday():
    """From Thursday evening the next shift is Sunday morning."""
    calendar = Calendar(WorkingWeek(days="Sun-Thu"), datetime.date(2026, 1, 4))
    thursday_evening = 4 * DAY_SECONDS + 18 * 3600
    assert calendar.next_shift(thursday_evening) == 7 * DAY_SECONDS + 9 * 3600


def test_a_part_timer_works_the_first_part_of_every_shift():
    """Half time on 9-13 and 14-18 is 9-11 and 14-16: four hours a day."""
    calendar = Calendar(WorkingWeek(), datetime.date(2026, 1, 5), fte=0.5)
    assert calendar.worked(DAY_SECONDS) == 4 * 3600
    assert not calendar.on_shift(12 * 3600)
    assert calendar.on_shift(14 * 3600)


@pytest.mark.parametrize("days", ["Sun-Mon-Tue", "Funday", [], ["Mon", "Mon"]])
def test_a_week_of_no_known_days_is_refused(days):
    """Weekdays are a span or a list of distinct names."""
    with pytest.raises(ValueError, match=r"weekday|input"):
        WorkingWeek(days=days)


@pytest.mark.parametrize("hours", [[], [[9, 9]], [[14, 18], [9, 13]], [[9, 14], [13, 18]]])
def test_shifts_are_in_order_and_apart(hours):
    """Empty, reversed and overlapping shifts are refused."""
    with pytest.raises(ValueError, match="shifts must be"):
        WorkingWeek(hours=hours)

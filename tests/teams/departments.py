"""Small departments for tests: said in the scenario format, with neutral numbers unless stated."""

import datetime
from typing import Any

from simkit.records import WorkOrder
from simkit.rng import crc, run_key
from simkit.scenario.organization import Organization, Teams
from simkit.scenario.structures import organization
from simkit.teams.calendar import Calendar
from simkit.teams.department import Department
from simkit.teams.luck import Luck
from simkit.teams.people import employ

MONDAY = datetime.date(2026, 1, 5)
AROUND_THE_CLOCK = {"days": "all", "hours": [[0, 24]]}
NO_DISTANCE = [{"when": "same_company"}]


def neutral(**tables: Any) -> dict[str, Any]:
    """A `teams` section in which nothing but effort takes time: a plain network of queues."""
    return {
        "calendars": {"office": AROUND_THE_CLOCK},
        "primary_share": 1,
        "intake": {"latency_hours": 0, "effort_hours": 0},
        "distance": NO_DISTANCE,
        "errors": {"caught": 1, "rework_share": 1},
        **tables,
    }


def step(name: str, skill: str, hours: float, after: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A step of fixed effort that never fails, unless stated."""
    return {"id": name, "skill": skill, "after": after, "effort": hours, "internal_error": 0, **more}


def organized(teams: dict[str, Any], segments: tuple[str, ...] = ("a", "b", "c")) -> Organization:
    return organization(Teams.model_validate(teams), segments)


def order(name: str, kind: str, day: float, **more: Any) -> WorkOrder:
    return WorkOrder(key=crc(name), name=name, kind=kind, arrives_day=day, **more)


def run(
    teams: dict[str, Any] | Organization, orders: list[WorkOrder], days: int, replication: int = 0,
    start: datetime.date = MONDAY,
) -> Department:  # fmt: skip
    """A department that has taken the orders and run its days."""
    plan = teams if isinstance(teams, Organization) else organized(teams)
    department = Department(plan, run_key(1, replication), start, days)
    department.submit(orders)
    for day in range(days):
        department.run_day(day)
    return department


def retail_orders(days: int) -> list[WorkOrder]:
    """The shipped work load: six emails, three SMS or push, three paid social and two reactive jobs a week."""
    weekly = {"email_campaign": 6, "sms_push_campaign": 3, "paid_social_campaign": 3, "reactive_campaign": 2}
    return [
        order(
            f"{kind}-{program}-{week}", kind, day, campaign=kind, segment=(None, "a", "b", "c")[program % 4],
            priority=2 if kind == "reactive_campaign" else 5,
        )
        for kind, per_week in weekly.items()
        for program in range(per_week)
        for week in range(days // 7)
        if (day := 7 * week + 7 * program / per_week + 0.37) < days
    ]  # fmt: skip


DAY = 86_400


def on_shift_calendars(plan: Organization, replication: int = 0) -> dict[str, Calendar]:
    """Each person's calendar, made afresh."""
    return {person.id: person.calendar for person in employ(plan, MONDAY, Luck(run_key(1, replication)))}

"""The dispatcher: nobody idles beside work they could do, and who takes what is decided by stated rules."""

from departments import neutral, on_shift_calendars, order, organized, run, step
from hypothesis import given, settings
from hypothesis import strategies as st

HOUR = 3600
SHIFTS = {
    "early": {"days": "all", "hours": [[6, 14]]},
    "late": {"days": "all", "hours": [[14, 22]]},
    "overlapping": {"days": "all", "hours": [[10, 18]]},
}


def together(people, *skills, hours=1.0):
    """Everybody in one unit, each step for anybody with its skill."""
    people = [{**person, "unit": "top"} for person in people]
    work = {skill: {"steps": [step(skill, skill, hours)]} for skill in skills}
    structure = {"units": [{"id": "top"}], "assign": [{"scope": "company"}]}
    return neutral(people=people, calendars=SHIFTS, work=work, structure=structure)


def busy_seconds(log, person, begin, end):
    """Overlap of an interval with a person's tasks."""
    mine = log[log.person.eq(person) & log.event.isin(["start", "complete"])]
    starts, ends = mine.time[::2].tolist(), mine.time[1::2].tolist()
    spans = zip(starts, [*ends, 10**12], strict=False)
    return [(max(begin, a), min(end, b)) for a, b in spans if min(end, b) > max(begin, a)]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_nobody_idles_beside_work_they_could_do(data):
    """While a task waits, everybody with its skill is busy for every second of their shift."""
    skills = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([0.5, 1.0]), min_size=1)
    people = [
        {"id": f"p{i}", "skills": data.draw(skills), "calendar": data.draw(st.sampled_from(sorted(SHIFTS)))}
        for i in range(4)
    ]
    people += [{"id": "all", "skills": {"a": 1, "b": 1, "c": 1}, "calendar": "always"}]
    arrivals = data.draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 72)), min_size=5, max_size=30))
    orders = [order(f"w{i}", kind, hour / 24, priority=1 + i % 3) for i, (kind, hour) in enumerate(arrivals)]
    plan = organized(together(people, "a", "b", "c", hours=2.5))
    log = run(plan, orders, 12).records().log
    calendars = on_shift_calendars(plan)
    waits = log[log.event.isin(["queue", "start"])].pivot(index="case", columns="event", values="time")
    for case, wait in waits.iterrows():
        skill = log[log.case.eq(case) & log.step.ne("")].step.iloc[0]
        for person in plan.people:
            if skill in person.skills:
                spans = busy_seconds(log, person.id, wait.queue, wait.start)
                busy = sum(calendars[person.id].between(a, b) for a, b in spans)
                assert busy == calendars[person.id].between(int(wait.queue), int(wait.start))


def takers(people, orders, *skills, hours=1.0):
    records = run(together(people, *skills, hours=hours), orders, 5).records()
    return records.log[records.log.event == "start"].set_index("case").person.to_dict()


def test_ready_work_goes_to_the_most_skilled_then_the_longest_idle_then_the_first():
    """Three free people: the better one first; of equals the one who has rested longer."""
    people = [
        {"id": name, "skills": {"a": level}, "calendar": "always"}
        for name, level in (("slow", 0.5), ("x", 1.0), ("y", 1.0))
    ]
    orders = [order("one", "a", 0), order("two", "a", 0.5), order("three", "a", 0.51), order("four", "a", 0.52)]
    assert takers(people, orders, "a") == {"one": "x", "two": "y", "three": "x", "four": "slow"}


def test_free_people_do_their_own_craft_first():
    """With two tasks waiting, the older of the second craft, a person takes the one of the best craft."""
    people = [{"id": "p", "skills": {"a": 1.0, "b": 0.5}, "calendar": "always"}]
    orders = [order("first", "a", 0), order("older", "b", 0.001), order("own", "a", 0.002)]
    records = run(together(people, "a", "b"), orders, 5).records()
    assert list(records.log[records.log.event == "start"].case) == ["first", "own", "older"]


def test_an_urgent_order_goes_before_an_older_one():
    """Priority 1 is taken before priority 5, whichever came first; nobody is interrupted."""
    people = [{"id": "p", "skills": {"a": 1.0}, "calendar": "always"}]
    orders = [order("running", "a", 0), order("older", "a", 0.001), order("urgent", "a", 0.002, priority=1)]
    records = run(together(people, "a"), orders, 5).records()
    assert list(records.log[records.log.event == "start"].case) == ["running", "urgent", "older"]
    assert records.cases.lead_seconds.tolist()[0] == HOUR

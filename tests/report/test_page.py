"""report.html: self-contained, escaped, the same bytes for the same results."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from simkit.experiment.cells import Work, plan
from simkit.experiment.executors import Processes, kept_workers, waiting_workers
from simkit.experiment.study import run
from simkit.report.page import marked, policy, render

HOSTILE = '<script>alert("x")</script> $a_b$ [bold]{{ 7*7 }}'


class Outline(HTMLParser):
    """What the page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attributes)
        self.ids += [value or "" for name, value in attributes if name == "id"]
        self.links += [value or "" for name, value in attributes if name in ("href", "src", "xlink:href")]


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    return parser


def test_the_same_results_give_the_same_bytes(synthetic: Any, result: Any, page: str):
    """No dates, no random names, no order of chance: a second run of the same study has the same page."""
    again = run(synthetic.study(), replications=6, workers=1, model=synthetic.MODEL)
    assert render(replace(again, origin=result.origin)) == page


def test_idle_workers_draw_the_same(synthetic: Any, result: Any, page: str):
    """Where worker processes wait, they draw some of the pictures; the page has the same bytes."""
    with kept_workers():
        work = Work(synthetic.study().alternatives, "compiled", synthetic.MODEL)
        list(Processes(work, 1).submit_stream(plan(work.scenarios, 1), window=1))
        assert waiting_workers() == 1
        assert render(result) == page


def test_what_to_type_stands_out_and_stays_text():
    """Backticks mark what to type; whatever stands between them is no markup."""
    assert marked("Try `--worlds 50`, <b>not</b> `a <i>`.") == (
        "Try <code>--worlds 50</code>, &lt;b&gt;not&lt;/b&gt; <code>a &lt;i&gt;</code>."
    )


def test_self_contained_under_a_strict_policy(page: str):
    """No scripts, nothing loaded, one style sheet, no style attributes, and every id once."""
    found = outline(page)
    assert "script" not in found.tags
    assert found.tags.count("style") == 1
    assert "style" not in found.attributes
    assert not any(name.startswith("on") for name in found.attributes)
    assert all(link.startswith("#") for link in found.links)
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links} <= set(found.ids)


def test_policy_allows_exactly_the_own_sheet():
    """The hash of the style sheet follows its text."""
    assert policy("<style>a</style>") != policy("<style>b</style>")
    assert policy("<style>a</style>").startswith("default-src 'none'; style-src 'sha256-")


def test_answer_and_four_pictures(page: str):
    """The answer stands before the outcomes, and each of four pictures has words and numbers."""
    tags = outline(page).tags
    assert tags.count("figure") == tags.count("figcaption") == tags.count("svg") == 4
    assert tags.count("details") == 5
    assert page.index("Choose pods") < page.index("<h2>Outcomes</h2>") < page.index("<svg")
    assert page.count('role="img"') == 4
    assert "simkit run made-up.yaml --replications 6 --seed 7" in page


def test_warnings_stand_first(page: str):
    """A reader meets the warnings before the answer."""
    assert page.index("every alternative: made up") < page.index("Choose pods")


def test_names_are_data(synthetic: Any):
    """What a scenario calls its things is shown as it is written, and never run or parsed."""
    base = synthetic.Scenario(name=HOSTILE, question=HOSTILE, currency="$<b>")
    other = base.model_copy(update={"lift": 0.05})
    study = synthetic.Study({HOSTILE: base, "$\\frac{": other}, warnings=[HOSTILE])
    page = render(run(study, replications=2, workers=1, model=synthetic.MODEL))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page


def test_page_of_a_base_alone(synthetic: Any):
    """No alternatives and no intervals: still a page."""
    study = synthetic.Study({"today": synthetic.Scenario()})
    assert "There is no alternative" in render(run(study, replications=1, workers=1, model=synthetic.MODEL))


def test_page_when_every_run_failed(synthetic: Any):
    """Nothing ran: the page says so and shows no pictures."""
    study = synthetic.Study({"today": synthetic.Scenario(fault="raise"), "pods": synthetic.Scenario()})
    model = synthetic.Model("synthetic:nothing", synthetic.compute, synthetic.MEASURES)
    page = render(run(study, replications=2, workers=1, model=model))
    assert "4 of 4 runs failed" in page
    assert "<svg" not in page


def test_page_without_cases_or_with_a_lost_alternative(synthetic: Any):
    """An alternative whose runs all failed, and a department without work, leave gaps and not errors."""

    def simulate(scenario: Any, replication: int, **_: Any) -> Any:
        if scenario.lift < 0:
            raise ValueError("lost")
        made_up = synthetic.simulate(scenario, replication)
        return synthetic.Run(made_up.daily, made_up.cases.iloc[:0])

    model = synthetic.Model(simulate, synthetic.compute, synthetic.MEASURES)
    page = render(run(synthetic.study(), replications=3, workers=1, model=model))
    assert "3 of 9 runs failed" in page
    assert page.count("<svg") == 4


def test_many_alternatives_keep_their_own_look(synthetic: Any):
    """More alternatives than colors: dashes tell them apart."""
    from simkit.report.style import pen

    study = synthetic.Study({f"plan {i}": synthetic.Scenario(lift=i / 100) for i in range(9)})
    result = run(study, replications=2, workers=1, model=synthetic.MODEL)
    looks = [tuple(sorted(pen(result, name).items())) for name in result.alternatives]
    assert len(set(looks)) == 9
    assert re.search("plan 8", render(result))


def test_long_names_stay_in_the_pictures(synthetic: Any):
    """With eight alternatives of long names no legend or title leaves its picture, and no two bars look alike."""
    from simkit.report import figures
    from simkit.report.style import fill

    study = synthetic.Study({f"plan {i} with a name that is long": synthetic.Scenario(lift=i / 100) for i in range(9)})
    result = run(study, replications=2, workers=1, model=synthetic.MODEL)
    for draw in (figures.signal_to_live, figures.contacts, figures.funnel, figures.profit):
        figure = draw(result)
        figure.canvas.draw()
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
        for shown in (*legends, *(axes._left_title for axes in figure.axes)):
            box = shown.get_window_extent()
            assert box.x1 <= figure.bbox.x1, (draw.__name__, shown)
            assert box.y0 >= 0, (draw.__name__, shown)
        titles = figure.axes[0].get_position().y1 * figure.bbox.y1
        assert all(legend.get_window_extent().y0 > titles for legend in figure.legends), draw.__name__
    looks = [tuple(sorted(fill(result, name).items())) for name in result.alternatives[1:]]
    assert len(set(looks)) == 8


def test_nothing_has_an_axis_of_plain_numbers(result: Any):
    """Where every week has none of a thing, the axis runs to one of its units, not to a billionth."""
    import matplotlib.pyplot as plt

    from simkit.report.figures import _over_time
    from simkit.report.rounding import Format

    _, axes = plt.subplots()
    _over_time(axes, result, pd.DataFrame({"today": [0.0, 0.0]}, index=[1, 2]), Format(1000, 0, "k persons"))
    assert axes.get_ylim() == (0, 1000)
    plt.close()


def test_plot_of_one_measure(result: Any):
    """A figure with a row per alternative."""
    figure = result.plot("profit")
    axes = figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["today", "pods", "hub"]
    assert axes.get_title(loc="left") == "Profit"


def test_one_point_in_time_is_drawn_without_a_warning(result: Any):
    """A week's run has one week, and its axis has an extent all the same."""
    import matplotlib.pyplot as plt

    from simkit.report.figures import _over_time
    from simkit.report.rounding import Format

    for weeks in ([], [1], [0, 1, 2]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure, axes = plt.subplots()
            _over_time(axes, result, pd.DataFrame({"today": 1.0}, index=pd.Index(weeks)), Format(1, 2, ""))
        low, high = axes.get_xlim()
        assert (low, high) == ((weeks[0], max(weeks[-1], weeks[0] + 1)) if weeks else (0, 1))
        plt.close(figure)

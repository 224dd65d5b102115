"""The report of a tuning job: a page that stands alone. No browser looks at it here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from hptc.catalog.prices import packaged
from hptc.render.report import report_html
from hptc.render.report_axes import ObjectiveAxis, round_values
from hptc.render.report_charts import (
    Chart,
    objective_by_hyperparameter,
    objective_over_time,
    parallel_coordinates,
)
from hptc.results.gather import ReadOptions, read_results
from hptc.results.hyperparameter_importance import Importance
from hptc.results.training_results import Results, TrainingResult, without_secret_values
from tests.support.golden import Golden
from tests.support.tuned_jobs import END, SECRET, SPEC, tuned

VOID = {"meta", "br", "path"}
HOSTILE = "</title><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>\"'"


def results(text: str = SPEC, jobs: int = 100, status: str = "Completed") -> Results:
    tuning, name = tuned(text, training_jobs=jobs, status=status)
    options = ReadOptions(top=10)
    job_results = read_results(tuning, name, packaged(), options=options, now=END)
    return without_secret_values(job_results)


class Page(HTMLParser):
    """The tags and the attributes of a page; fails if they don't nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def charts(job_results: Results) -> Iterator[Chart]:
    over_time = objective_over_time(job_results)
    assert over_time is not None
    yield over_time
    for definition in job_results.job.definitions:
        yield from objective_by_hyperparameter(job_results, definition)
        parallel = parallel_coordinates(job_results, definition)
        assert parallel is not None
        yield parallel


def numbers(data: str) -> list[float]:
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", data.replace("h0", ""))]


def test_the_page(golden: Golden) -> None:
    golden("results/report.html", report_html(results(jobs=12)))


@pytest.mark.parametrize(
    ("kept", "legend"),
    [
        (lambda training_job: True, ["completed", "stopped early", "best"]),
        (lambda training_job: not training_job.is_stopped_early, ["completed", "best"]),
        (lambda training_job: training_job.number == 24, ["best"]),
        (lambda training_job: False, []),
    ],
    ids=["all", "none stopped", "one", "no training job"],
)
def test_the_legend_has_what_the_charts_have(
    kept: Callable[[TrainingResult], bool], legend: list[str]
) -> None:
    job_results = results()
    shown = tuple(training_job for training_job in job_results.training_jobs if kept(training_job))
    page = Page(report_html(replace(job_results, training_jobs=shown)))
    classes = [attributes["class"] for tag, attributes in page.tags if tag == "i"]
    words = {"k-done": "completed", "k-early": "stopped early", "k-best": "best"}
    assert [words[class_] for class_ in classes] == legend
    assert [text for text in page.texts if text in words.values()] == legend


@pytest.mark.parametrize(
    ("seconds", "unit", "last_tick"),
    [
        (20, "seconds", "20"),
        (179, "seconds", "150"),
        (600, "minutes", "10"),
        (36000, "hours", "10"),
    ],
)
def test_the_unit_of_the_time_fits_the_tuning_job(seconds: int, unit: str, last_tick: str) -> None:
    job_results = results(jobs=12)
    ended = job_results.status.created + timedelta(seconds=seconds)
    shown = tuple(replace(training_job, ended=ended) for training_job in job_results.training_jobs)
    chart = objective_over_time(replace(job_results, training_jobs=shown))
    assert chart is not None
    assert chart.x_label == f"{unit} since the tuning job was created"
    assert chart.x_ticks[-1].label == last_tick
    assert all(chart.left <= tick.at <= chart.right for tick in chart.x_ticks)


def test_the_page_is_small_and_stands_alone() -> None:
    text = report_html(results())
    assert len(text.encode()) < 150_000
    page = Page(text)
    assert page.open == []
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a"}
    attributes = {name for _, values in page.tags for name in values}
    assert not attributes & {"src", "href", "xlink:href", "srcset"}
    assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert ("meta", {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'",
    }) in page.tags  # fmt: skip


def test_it_fits_a_phone_the_dark_and_paper() -> None:
    text = report_html(results())
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    for media in ("@media (prefers-color-scheme:dark)", "@media print"):
        assert media in text
    page = Page(text)
    images = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(images) == 1 + 5 + 1
    for attributes in images:
        _, _, width, height = map(float, attributes["viewbox"].split())
        assert "width" not in attributes
        assert width <= 480 or attributes["style"] == f"min-width:{width:.0f}px"
        assert height <= 260
    # What is wider than a phone scrolls in its own box.
    assert text.count('<div class="scroll"><svg') == len(images)
    assert text.count('<div class="scroll"><table') == 1
    assert ".scroll{overflow-x:auto;max-width:100%}" in text


def test_every_mark_is_inside_its_chart() -> None:
    for chart in charts(results()):
        for kind, data in chart.paths:
            for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", data):
                assert chart.left <= float(x) <= chart.right, (chart.title, kind)
                assert chart.top <= float(y) <= chart.bottom, (chart.title, kind)
        for dot in chart.dots:
            assert chart.left <= dot.x <= chart.right
            assert chart.top <= dot.y <= chart.bottom


def test_every_training_job_with_an_objective_is_drawn() -> None:
    job_results = results()
    over_time, *small, parallel = charts(job_results)
    assert len(over_time.dots) == 96
    assert [dot.kind for dot in over_time.dots].count("best") == 1
    for chart in small:
        assert sum(data.count("M") for _, data in chart.paths) == 96
    assert dict(parallel.paths)["strong"].count("M") == 9
    assert dict(parallel.paths)["faint"].count("M") == 87


def test_the_line_is_the_best_so_far() -> None:
    chart = objective_over_time(results())
    assert chart is not None
    (path,) = (data for kind, data in chart.paths if kind == "line")
    levels = [float(y) for y in re.findall(r"V(-?[\d.]+)", path)]
    assert levels == sorted(levels, reverse=True)  # up is less in SVG
    best = next(dot for dot in chart.dots if dot.kind == "best")
    assert levels[-1] == best.y
    assert path.endswith(f"H{chart.right}")


def test_a_reverse_logarithmic_axis_is_one() -> None:
    job_results = results()
    (chart,) = (chart for chart in charts(job_results) if chart.title == "momentum")
    ticks = {tick.label: tick.at for tick in chart.x_ticks}
    # From 0.5 to 0.999: 1 - x falls by 5, by 10 and by 10.
    total = ticks["0.999"] - ticks["0.5"]
    assert (ticks["0.99"] - ticks["0.9"]) / total == pytest.approx(0.3705, abs=0.002)
    assert (ticks["0.999"] - ticks["0.99"]) / total == pytest.approx(0.3705, abs=0.002)
    (logarithmic,) = (chart for chart in charts(job_results) if chart.title == "eta")
    ticks = {tick.label: tick.at for tick in logarithmic.x_ticks}
    assert ticks["0.1"] - ticks["0.01"] == pytest.approx(ticks["0.01"] - ticks["1e-3"], abs=0.2)


def test_labels_have_room() -> None:
    long = "[aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb, cccccccccccccc, dddddddddd, eeeeee]"
    for chart in charts(results(SPEC.replace("[adam, sgd, lamb]", long))):
        ends = [
            (tick.at - 3.4 * len(tick.label), tick.at + 3.4 * len(tick.label))
            for tick in chart.x_ticks
        ]
        assert all(end[1] < other[0] for end, other in pairwise(ends))


def test_far_outliers_are_at_the_edge() -> None:
    axis = ObjectiveAxis.of([*([0.9] * 30), *[0.8 + 0.003 * i for i in range(30)], -1e300], True)
    assert axis.outside == 1
    assert axis.low > 0.5
    assert ObjectiveAxis.of([0.5, 0.5], True).low < 0.5
    y = ObjectiveAxis.of([-1e308, 1e308], False).scaled(0, 100)
    assert 0 <= y(1e308) < y(-1e308) <= 100


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 9, [0, 5]),
        (0.81, 0.95, [0.85, 0.9, 0.95]),
        (-2, 2, [-2, -1, 0, 1, 2]),
        (1e-9, 3e-9, [1e-9, 1.5e-9, 2e-9, 2.5e-9, 3e-9]),
    ],
)
def test_round_values(low: float, high: float, expected: list[float]) -> None:
    assert round_values(low, high, 4) == pytest.approx(expected)


def test_hostile_texts_are_only_text() -> None:
    names = f'["{HOSTILE.replace(chr(34), "")}", adam, {SECRET}]'
    job_results = results(SPEC.replace("[adam, sgd, lamb]", names))
    origin = replace(job_results.status.origin, spec=HOSTILE, commit="\x1b]0;x\x07\u202e")
    job_results = replace(
        job_results,
        status=replace(job_results.status, origin=origin, failure_reason=HOSTILE),
        importance=(Importance(definition="", unknown=HOSTILE),),
    )
    text = report_html(job_results)
    page = Page(text)
    assert not {tag for tag, _ in page.tags} & {"script", "img"}
    assert HOSTILE in "".join(page.texts)
    assert SECRET not in text
    assert "\x1b" not in text
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)  # escaped as XML needs it, too


def test_importance_is_drawn_with_its_evidence() -> None:
    shares = (("eta", 0.8), ("momentum", 0.15))
    job_results = replace(
        results(jobs=12),
        importance=(Importance(definition="", shares=shares, r_squared=0.912),),
    )
    text = report_html(job_results)
    assert '<span>eta</span><b style="width:80.0%"></b><span>80%</span>' in text
    assert "R² 0.91 on training jobs that the model had not seen" in text


def test_nothing_has_run_yet() -> None:
    tuning, name = tuned(status="InProgress")
    tuning.training_jobs[name] = []
    job_results = read_results(tuning, name, packaged(), options=ReadOptions(), now=END)
    text = report_html(job_results)
    assert "<svg" not in text
    assert "no training job reported the objective" in text


def test_a_range_that_autotune_chose() -> None:
    text = SPEC.replace("strategy: Bayesian", "strategy: Bayesian\nautotune: Enabled").replace(
        "dropout: {type: Continuous, min: 0, max: 0.6, scaling: Linear}",
        "dropout: {type: Auto, value_hint: '0.2'}",
    )
    tuning, name = tuned(text)
    tuning.training_jobs[name] = [
        replace(
            job,
            tuned_hyperparameters=(
                *job.tuned_hyperparameters,
                ("dropout", f"0.{index % 7}{index}"),
            ),
        )
        for index, job in enumerate(tuning.training_jobs[name])
    ]
    job_results = read_results(tuning, name, packaged(), options=ReadOptions(), now=END)
    (chart,) = (chart for chart in charts(job_results) if chart.title == "dropout")
    assert chart.caption == "values chosen by Autotune, Linear"
    assert sum(data.count("M") for _, data in chart.paths) == 96


def test_the_same_results_give_the_same_page() -> None:
    assert report_html(results()) == report_html(results())

"""The charts of a report as coordinates, which its template draws: ticks, lines and dots."""

from __future__ import annotations

from hptc.frozen import frozen
from hptc.render.report_axes import (
    Column,
    ObjectiveAxis,
    Tick,
    coordinate,
    round_values,
    rounded,
    short_label,
    spaced,
)
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import Definition
from hptc.results.training_results import (
    Results,
    TrainingResult,
    is_maximized,
    rank,
)

WIDTH, HEIGHT = 480, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 466, 14, 222
_SMALL_WIDTH, _SMALL_HEIGHT = 320, 200
_SMALL_RIGHT, _SMALL_BOTTOM = 296, 162
_AXIS_WIDTH = 96
_BEST_SHARE = 10  # one of this many training jobs is among the best


@frozen
class Dot:
    """A training job in a chart."""

    x: float
    y: float
    kind: str  # done, early or best
    title: str


@frozen
class Chart:
    """One chart, in its own coordinates."""

    title: str
    caption: str
    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    top_ticks: tuple[Tick, ...] = ()  # of parallel axes: the ends of each
    bottom_ticks: tuple[Tick, ...] = ()
    x_label: str = ""
    dots: tuple[Dot, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()  # (class, path data)


def objective_over_time(results: Results) -> Chart | None:
    """Each training job's objective when it ended, and the best so far; None without any."""
    ended = [
        (
            training_job.objective,
            (training_job.ended - results.status.created).total_seconds(),
            training_job,
        )
        for training_job in results.training_jobs
        if training_job.objective is not None and training_job.ended is not None
    ]
    if not ended:
        return None
    ended.sort(key=lambda entry: entry[1])
    best = results.ranked[0]
    axis = ObjectiveAxis.of([value for value, _, _ in ended], _is_maximized(results))
    last = max(seconds for _, seconds, _ in ended) or 1.0
    unit, unit_seconds = _time_unit(last)
    y = axis.scaled(TOP, BOTTOM)

    def x(seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * max(0.0, seconds) / last

    dots = tuple(
        Dot(
            x=rounded(x(seconds)),
            y=rounded(y(value)),
            kind=_kind(training_job, best),
            title=f"training job {training_job.number}: {value:.6g}",
        )
        for value, seconds, training_job in ended
    )
    best_so_far, first_seconds, _ = ended[0]
    steps = [f"M{coordinate(x(first_seconds))} {coordinate(y(best_so_far))}"]
    better = max if _is_maximized(results) else min
    for value, seconds, _ in ended[1:]:
        if better(value, best_so_far) != best_so_far:
            best_so_far = better(value, best_so_far)
            steps.append(f"H{coordinate(x(seconds))}V{coordinate(y(best_so_far))}")
    steps.append(f"H{coordinate(RIGHT)}")
    return Chart(
        title="Objective over time",
        caption=_outside_note("The line is the best so far.", axis),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        x_ticks=tuple(
            Tick(at=rounded(x(time * unit_seconds)), label=f"{time:.4g}")
            for time in round_values(0, last / unit_seconds, 5)
        ),
        x_label=f"{unit} since the tuning job was created",
        y_ticks=axis.ticks(y),
        dots=dots,
        paths=(("line", "".join(steps)),),
    )


def _time_unit(seconds: float) -> tuple[str, int]:
    """The unit of an axis of time, and its seconds."""
    if seconds < 3 * 60:
        return "seconds", 1
    return ("minutes", 60) if seconds < 3 * 3600 else ("hours", 3600)


def objective_by_hyperparameter(results: Results, definition: Definition) -> tuple[Chart, ...]:
    """A chart of each tuned hyperparameter of a definition, on its own scale."""
    shown = _with_objective(results, definition)
    if not shown:
        return ()
    best = rank(shown, results.job.definitions)[0]
    axis = ObjectiveAxis.of(
        [training_job.objective or 0.0 for training_job in shown], is_maximized(definition)
    )
    y = axis.scaled(TOP, _SMALL_BOTTOM)
    charts = []
    for range_ in definition.ranges:
        column = Column.of(range_, shown)
        marks: dict[str, list[str]] = {"done": [], "early": [], "best": []}
        for training_job in shown:
            value = dict(training_job.hyperparameters).get(range_.name)
            if value is not None and training_job.objective is not None:
                x = LEFT + (_SMALL_RIGHT - LEFT) * column.position(value, training_job.number)
                # A stroke without length, with round ends, is a dot of a few bytes.
                place = f"M{coordinate(x)} {coordinate(y(training_job.objective))}h0"
                marks[_kind(training_job, best)].append(place)
        charts.append(
            Chart(
                title=range_.name,
                caption=_outside_note(column.scale, axis),
                width=_SMALL_WIDTH,
                height=_SMALL_HEIGHT,
                left=LEFT,
                right=_SMALL_RIGHT,
                top=TOP,
                bottom=_SMALL_BOTTOM,
                x_ticks=spaced(column.ticks, LEFT, _SMALL_RIGHT),
                y_ticks=axis.ticks(y),
                paths=tuple((kind, "".join(data)) for kind, data in marks.items() if data),
            )
        )
    return tuple(charts)


def parallel_coordinates(results: Results, definition: Definition) -> Chart | None:
    """A line for each training job through all of its values; None with fewer than two axes."""
    shown = _with_objective(results, definition)
    ranges = definition.ranges
    if len(ranges) < 2 or not shown:
        return None
    ordered = rank(shown, results.job.definitions)
    best = {training_job.name for training_job in ordered[: max(1, len(ordered) // _BEST_SHARE)]}
    columns = [Column.of(range_, shown) for range_ in ranges]
    width = max(WIDTH, _AXIS_WIDTH * (len(columns) + 1))
    step = (width - _AXIS_WIDTH) / len(columns)
    places = [rounded(_AXIS_WIDTH / 2 + step * index) for index in range(len(columns) + 1)]
    top, bottom = 34.0, 214.0
    axis = ObjectiveAxis.of(
        [training_job.objective or 0.0 for training_job in shown], is_maximized(definition)
    )
    y = axis.scaled(top, bottom)
    lines: dict[str, list[str]] = {"faint": [], "strong": []}
    for training_job in reversed(ordered):
        values = dict(training_job.hyperparameters)
        points = [
            f"{coordinate(at)} {coordinate(bottom - (bottom - top) * column.position(value, 0))}"
            for at, column in zip(places, columns, strict=False)
            if (value := values.get(column.name)) is not None
        ]
        points.append(f"{coordinate(places[-1])} {coordinate(y(training_job.objective or 0.0))}")
        lines["strong" if training_job.name in best else "faint"].append(f"M{'L'.join(points)}")
    axes = "".join(f"M{coordinate(at)} {top}V{bottom}" for at in places)
    ends = [
        *((short_label(column.name), column.first, column.last) for column in columns),
        ("objective", f"{axis.low:.4g}", f"{axis.high:.4g}"),
    ]
    labeled = list(zip(places, ends, strict=True))
    return Chart(
        title="Parallel coordinates",
        caption=f"Strong lines: the best {len(best)} of {len(ordered)} training jobs.",
        width=width,
        height=HEIGHT,
        left=0,
        right=width,
        top=top,
        bottom=bottom,
        x_ticks=tuple(Tick(at=at, label=name) for at, (name, _, _) in labeled),
        top_ticks=tuple(Tick(at=at, label=short_label(high)) for at, (_, _, high) in labeled),
        bottom_ticks=tuple(Tick(at=at, label=short_label(low)) for at, (_, low, _) in labeled),
        paths=(
            ("axis", axes),
            *((kind, "".join(data)) for kind, data in lines.items() if data),
        ),
    )


def _with_objective(results: Results, definition: Definition) -> list[TrainingResult]:
    name = definition_name(results.job, definition)
    return [
        training_job
        for training_job in results.training_jobs
        if training_job.definition == name and training_job.objective is not None
    ]


def _is_maximized(results: Results) -> bool:
    return is_maximized(results.job.definitions[0])


def _kind(result: TrainingResult, best: TrainingResult) -> str:
    if result.name == best.name:
        return "best"
    return "early" if result.is_stopped_early else "done"


def _outside_note(text: str, axis: ObjectiveAxis) -> str:
    if not axis.outside:
        return text
    note = f"{axis.outside} beyond the axis {'is' if axis.outside == 1 else 'are'} at its edge."
    return f"{text.rstrip('.')}. {note}"

"""Previews of tuning jobs as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from hptc.preview.outline import Hyperband, SearchPreview
from hptc.render.documents.envelope import document
from hptc.request.tuning_job import AutoRange, CategoricalRange, NumericRange, Range
from hptc.text import duration, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.costs import HyperbandData, PreviewData, PreviewsData

_WIDTH = 13
_MAX_VALUES = 60


def render_preview(name: str, preview: SearchPreview) -> str:
    """One preview: a summary in the first line, then the search space and first configurations."""
    count = preview.training_jobs
    number = "an unknown number of" if count.number is None else f"{count.number:,}"
    noun = "job" if count.number == 1 else "jobs"
    summary = f"{preview.strategy}, {number} training {noun}, {preview.parallel} in parallel"
    lines = [f"{printable(name)}: {summary}"]
    previous = ""
    for label, text in _rows(preview):
        lines.append(f"  {'' if label == previous else label:{_WIDTH}} {printable(text)}".rstrip())
        previous = label
    return "\n".join(lines) + "\n"


def _rows(preview: SearchPreview) -> Iterator[tuple[str, str]]:
    if preview.waves is not None:
        yield "waves", f"{preview.waves:,}, each at most {duration(preview.longest_seconds)}"
    if preview.wall_clock_seconds is not None:
        yield "time", f"at most {duration(preview.wall_clock_seconds)}, if instances are available"
    for definition, ranges in preview.spaces:
        for range_ in ranges:
            yield "space", f"{f'{definition}: ' if definition else ''}{_range(range_)}"
    for grid in preview.grids:
        of = f" of {grid.definition}" if grid.definition else ""
        yield "grid", f"{grid.points:,} points{of}, each once"
        yield "grid", f"from {_values(grid.first)}"
        yield "grid", f"to   {_values(grid.last)}"
    if preview.hyperband is not None:
        yield from _hyperband_rows(preview.hyperband)
    if preview.samples:
        how = (
            "in the order of the spec; AWS may use another order"
            if preview.grids
            else f"sampled by hptc with seed {preview.seed}; AWS samples other values"
        )
        yield "first wave", how
    for sample in preview.samples:
        of = f"{sample.definition}: " if sample.definition else ""
        yield "first wave", f"  {of}{_values(sample.values)}"
    for warning in preview.warnings:
        yield "warning", warning


def _hyperband_rows(hyperband: Hyperband) -> Iterator[tuple[str, str]]:
    jobs, used = hyperband.training_jobs, f"{hyperband.resource:,} epochs"
    full = f"{jobs * hyperband.max_resource:,}"
    yield "brackets", f"one round: {jobs} training jobs, {used} in total instead of {full}"
    for bracket in hyperband.brackets:
        rungs = [f"{rung.training_jobs} to {rung.resource:,}" for rung in bracket.rungs]
        yield "brackets", f"  {', then '.join(rungs)}"
    source = f"as in the Hyperband paper with a reduction factor of {hyperband.reduction}"
    yield "brackets", f"{source}; AWS does not document its own"


def _range(range_: Range) -> str:
    match range_:
        case NumericRange():
            scale = "scaling chosen by AWS" if range_.scaling == "Auto" else range_.scaling
            return f"{range_.name}  {range_.kind} {range_.min} to {range_.max}, {scale}"
        case CategoricalRange():
            values = ", ".join(range_.values)
            shown = values if len(values) <= _MAX_VALUES else f"{values[: _MAX_VALUES - 1]}…"
            return f"{range_.name}  {len(range_.values)} categories: {shown}"
        case AutoRange():
            return f"{range_.name}  derived by Autotune from values like {range_.value_hint}"
    assert_never(range_)


def _values(values: Mapping[str, str]) -> str:
    return "  ".join(f"{name}={value}" for name, value in values.items()) or "nothing is tuned"


def previews_json(previews: Sequence[tuple[str, SearchPreview]]) -> str:
    """The document of `hptc preview`."""
    data: PreviewsData = {
        "specs": [{"name": name, **preview_data(preview)} for name, preview in previews],
    }
    return document("preview", data)


def preview_data(preview: SearchPreview) -> PreviewData:
    """A preview as JSON data; unknown values are null."""
    return {
        "strategy": preview.strategy,
        "training_jobs": {
            "number": preview.training_jobs.number,
            "reason": preview.training_jobs.reason,
        },
        "parallel": preview.parallel,
        "waves": preview.waves,
        "seconds_per_training_job": preview.longest_seconds,
        "wall_clock_seconds": preview.wall_clock_seconds,
        "grids": [
            {
                "definition": grid.definition or None,
                "points": grid.points,
                "first": dict(grid.first),
                "last": dict(grid.last),
            }
            for grid in preview.grids
        ],
        "hyperband": None if preview.hyperband is None else _hyperband_data(preview.hyperband),
        "seed": preview.seed,
        "samples": [
            {"definition": sample.definition or None, "values": dict(sample.values)}
            for sample in preview.samples
        ],
        "warnings": list(preview.warnings),
    }


def _hyperband_data(hyperband: Hyperband) -> HyperbandData:
    return {
        "min_resource": hyperband.min_resource,
        "max_resource": hyperband.max_resource,
        "reduction": hyperband.reduction,
        "training_jobs": hyperband.training_jobs,
        "resource": hyperband.resource,
        "brackets": [
            [
                {"training_jobs": rung.training_jobs, "resource": rung.resource}
                for rung in bracket.rungs
            ]
            for bracket in hyperband.brackets
        ],
    }

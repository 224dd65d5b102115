"""Tests of metric definitions as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hptc.metrics.metric_results import Captured, Examples, MetricResult
from hptc.metrics.rehearsal import Rehearsal
from hptc.render.documents.envelope import document
from hptc.text import listed_code, plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.findings import (
        CapturedData,
        MetricData,
        MetricsData,
        RehearsalData,
    )


def render_rehearsals(
    name: str, rehearsals: Sequence[Rehearsal], *, has_verdict: bool = True
) -> str:
    """The tests of one spec: the verdict first, then each metric definition."""
    texts = ("\n".join(_lines(name, rehearsal, has_verdict)) for rehearsal in rehearsals)
    return "\n".join(f"{text}\n" for text in texts)


def _lines(name: str, rehearsal: Rehearsal, has_verdict: bool) -> Iterator[str]:
    of = f"{name}, {rehearsal.definition}" if rehearsal.definition else name
    if has_verdict:
        yield printable(f"{of}: {_verdict(rehearsal)}")
    for result in rehearsal.metrics:
        mark = "ok" if result.is_right else "!!"
        role = " (the objective)" if result.is_objective else ""
        matches = _match_text(result, rehearsal.lines)
        yield printable(f"  {mark} {result.metric.name}{role}: {matches}")
        yield printable(f"       {result.metric.regex}")
        yield from (printable(f"       {text}") for text in _example_lines(result))


def _verdict(rehearsal: Rehearsal) -> str:
    """Whether the tuning job would find its objective metric."""
    if rehearsal.fault:
        return rehearsal.fault
    if rehearsal.is_aws_own:
        return "a built-in algorithm: AWS defines its metrics, so there is nothing to test"
    lines = f"{plural(rehearsal.lines, 'line')} of {rehearsal.log}"
    objectives = [result for result in rehearsal.metrics if result.is_objective]
    if rehearsal.is_objective_misread:
        misread, numbers = max(
            (objective.misread.count, objective.numbers.count) for objective in objectives
        )
        return (
            f"objective metric `{rehearsal.objective}` is misread in {misread:,} of the "
            f"{plural(numbers, 'line')} with a value in {rehearsal.log}"
        )
    if rehearsal.is_objective_found:
        count, missed = max((result.numbers.count, result.missed.count) for result in objectives)
        text = f"objective metric `{rehearsal.objective}` found in {count:,} of {lines}"
        names = next((result.names for result in objectives if result.names), ())
        if names:
            return f"{text}, but reads {_names_text(names)}"
        return f"{text}, but missed in {missed:,}" if missed else text
    return f"objective metric `{rehearsal.objective}` not found in {lines}"


def _names_text(names: Sequence[Captured]) -> str:
    return listed_code([captured.text or "a number without a name" for captured in names])


def _match_text(result: MetricResult, lines: int) -> str:
    """The matches of one expression in a log, in a few words."""
    if result.fault:
        return result.fault
    parts = [f"matches {result.matches:,} of {plural(lines, 'line')}"]
    if result.matches and result.numbers.count != result.matches:
        parts.append(f"{result.numbers.count:,} with a number")
    if result.without_group:
        parts.append(f"{result.without_group:,} without a captured group")
    if result.misread.count:
        parts.append(f"{result.misread.count:,} misread")
    if result.missed.count:
        parts.append(f"misses {result.missed.count:,}")
    if result.names:
        parts.append(f"reads {_names_text(result.names)}")
    return ", ".join(parts)


def _example_lines(result: MetricResult) -> Iterator[str]:
    """The first lines of each kind, in the order of the log."""
    texts = {captured.line: captured.text for captured in result.numbers.first}
    if result.last is not None:
        texts[result.last.line] = result.last.text
    for captured in result.misread.first:
        texts[captured.line] = f"{captured.text} is only a part of {captured.number}"
    for captured in result.wrong.first:
        texts[captured.line] = f'"{captured.text}" is not a number'
    for captured in result.not_finite.first:
        reason = "is not matched, and can't be the value of a metric"
        texts[captured.line] = f"{captured.text} {reason}"
    for captured in result.missed.first:
        texts[captured.line] = f"{captured.text} is not matched"
    for captured in result.similar:
        texts[captured.line] = f"similar, but not matched: {captured.text}"
    for captured in result.names:
        texts[captured.line] = f"{texts.get(captured.line, '')} of {captured.text}".strip()
    for line, text in sorted(texts.items()):
        yield f"line {line}: {text}"
    if result.corrected_regex:
        yield f"corrected: {result.corrected_regex}"


def rehearsals_json(name: str, rehearsals: Sequence[Rehearsal]) -> str:
    """The document of `hptc metrics`."""
    data: MetricsData = {
        "name": name,
        "training_jobs": [_data(rehearsal) for rehearsal in rehearsals],
    }
    return document("metrics", data)


def _data(rehearsal: Rehearsal) -> RehearsalData:
    return {
        "definition": rehearsal.definition or None,
        "log": rehearsal.log,
        "lines": rehearsal.lines,
        "objective": rehearsal.objective,
        "is_objective_found": rehearsal.is_objective_found,
        "is_objective_misread": rehearsal.is_objective_misread,
        "is_aws_own": rehearsal.is_aws_own,
        "fault": rehearsal.fault,
        "metrics": [_result_data(result) for result in rehearsal.metrics],
    }


def _result_data(result: MetricResult) -> MetricData:
    return {
        "name": result.metric.name,
        "regex": result.metric.regex,
        "is_objective": result.is_objective,
        "matches": result.matches,
        "numbers": result.numbers.count,
        "without_group": result.without_group,
        "first": _first(result.numbers),
        "last": _captured(result.last) if result.last else None,
        "not_numbers": _first(result.wrong),
        "misread": result.misread.count,
        "misread_first": [
            {"line": captured.line, "text": captured.text, "number": captured.number}
            for captured in result.misread.first
        ],
        "missed": result.missed.count,
        "missed_first": _first(result.missed),
        "not_finite": result.not_finite.count,
        "not_finite_first": _first(result.not_finite),
        "names": [_captured(captured) for captured in result.names],
        "similar": [_captured(captured) for captured in result.similar],
        "corrected_regex": result.corrected_regex or None,
        "fault": result.fault,
    }


def _first(examples: Examples) -> list[CapturedData]:
    return [_captured(captured) for captured in examples.first]


def _captured(captured: Captured) -> CapturedData:
    return {"line": captured.line, "text": captured.text}

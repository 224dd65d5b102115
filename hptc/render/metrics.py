"""Tests of metric definitions as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hptc.metrics.rehearsal import Captured, MetricFound, Rehearsal
from hptc.render.documents.envelope import document
from hptc.text import plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.findings import CapturedData, MetricsData, RehearsalData


def render_rehearsals(
    name: str, rehearsals: Sequence[Rehearsal], *, has_verdict: bool = True
) -> str:
    """The tests of one spec: the verdict first, then each metric definition."""
    texts = ("\n".join(_lines(name, each, has_verdict)) for each in rehearsals)
    return "\n".join(f"{text}\n" for text in texts)


def _lines(name: str, rehearsal: Rehearsal, has_verdict: bool) -> Iterator[str]:
    of = f"{name}, {rehearsal.definition}" if rehearsal.definition else name
    if has_verdict:
        yield printable(f"{of}: {verdict(rehearsal)}")
    for found in rehearsal.metrics:
        mark = "ok" if is_right(found) else "!!"
        role = " (the objective)" if found.is_objective else ""
        yield printable(f"  {mark} {found.metric.name}{role}: {match_text(found, rehearsal.lines)}")
        yield printable(f"       {found.metric.regex}")
        yield from (printable(f"       {text}") for text in _shown(found))


def verdict(rehearsal: Rehearsal) -> str:
    """Whether the tuning job would find its objective metric."""
    if rehearsal.fault:
        return rehearsal.fault
    if rehearsal.is_aws_own:
        return "a built-in algorithm: AWS defines its metrics, so there is nothing to test"
    lines = f"{plural(rehearsal.lines, 'line')} of {rehearsal.log}"
    objectives = [found for found in rehearsal.metrics if found.is_objective]
    if rehearsal.is_objective_misread:
        misread, numbers = max((found.misread, found.numbers) for found in objectives)
        return (
            f"objective metric `{rehearsal.objective}` is misread in {misread:,} of the "
            f"{plural(numbers, 'line')} with a value in {rehearsal.log}"
        )
    if rehearsal.is_objective_found:
        count = max(found.numbers for found in objectives)
        return f"objective metric `{rehearsal.objective}` found in {count:,} of {lines}"
    return f"objective metric `{rehearsal.objective}` not found in {lines}"


def is_right(found: MetricFound) -> bool:
    """Whether an expression captures all of the numbers that it should, and nothing else."""
    return bool(found.numbers) and not (found.fault or found.wrong or found.misread or found.missed)


def match_text(found: MetricFound, lines: int) -> str:
    """The matches of one expression in a log, in a few words."""
    if found.fault:
        return found.fault
    parts = [f"matches {found.matches:,} of {plural(lines, 'line')}"]
    if found.matches and found.numbers != found.matches:
        parts.append(f"{found.numbers:,} with a number")
    if found.without_group:
        parts.append(f"{found.without_group:,} without a captured group")
    if found.misread:
        parts.append(f"{found.misread:,} misread")
    if found.missed:
        parts.append(f"misses {found.missed:,}")
    return ", ".join(parts)


def _shown(found: MetricFound) -> Iterator[str]:
    """The first lines of each kind, in the order of the log."""
    texts = {each.line: each.text for each in found.first}
    if found.last is not None:
        texts[found.last.line] = found.last.text
    texts |= {
        each.line: f"{each.text} is only a part of {each.number}" for each in found.misread_first
    }
    texts |= {each.line: f'"{each.text}" is not a number' for each in found.wrong}
    texts |= {
        each.line: f"{each.text} is not matched, and can't be the value of a metric"
        for each in found.not_finite_first
    }
    texts |= {each.line: f"{each.text} is not matched" for each in found.missed_first}
    texts |= {each.line: f"similar, but not matched: {each.text}" for each in found.similar}
    for line, text in sorted(texts.items()):
        yield f"line {line}: {text}"
    if found.corrected_regex:
        yield f"corrected: {found.corrected_regex}"


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
        "metrics": [
            {
                "name": found.metric.name,
                "regex": found.metric.regex,
                "is_objective": found.is_objective,
                "matches": found.matches,
                "numbers": found.numbers,
                "without_group": found.without_group,
                "first": [_captured(each) for each in found.first],
                "last": _captured(found.last) if found.last else None,
                "not_numbers": [_captured(each) for each in found.wrong],
                "misread": found.misread,
                "misread_first": [
                    {"line": each.line, "text": each.text, "number": each.number}
                    for each in found.misread_first
                ],
                "missed": found.missed,
                "missed_first": [_captured(each) for each in found.missed_first],
                "not_finite": found.not_finite,
                "not_finite_first": [_captured(each) for each in found.not_finite_first],
                "similar": [_captured(each) for each in found.similar],
                "corrected_regex": found.corrected_regex or None,
                "fault": found.fault,
            }
            for found in rehearsal.metrics
        ],
    }


def _captured(captured: Captured) -> CapturedData:
    return {"line": captured.line, "text": captured.text}

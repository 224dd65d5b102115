"""Tests of metric definitions as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hptc.metrics.rehearsal import Captured, MetricFound, Rehearsal
from hptc.text import plural, printable

VERSION = 1


def render_rehearsals(name: str, rehearsals: Sequence[Rehearsal]) -> str:
    """The tests of one spec: the verdict first, then each metric definition."""
    return "\n".join("\n".join(_lines(name, each)) + "\n" for each in rehearsals)


def _lines(name: str, rehearsal: Rehearsal) -> Iterator[str]:
    of = f"{name}, {rehearsal.definition}" if rehearsal.definition else name
    yield printable(f"{of}: {verdict(rehearsal)}")
    for found in rehearsal.metrics:
        mark = "ok" if found.numbers and not found.fault and not found.wrong else "!!"
        role = " (the objective)" if found.is_objective else ""
        yield printable(f"  {mark} {found.metric.name}{role}: {match_text(found)}")
        yield printable(f"       {found.metric.regex}")
        yield from (printable(f"       {text}") for text in _shown(found))


def verdict(rehearsal: Rehearsal) -> str:
    """Whether the tuning job would find its objective metric."""
    if rehearsal.fault:
        return rehearsal.fault
    if rehearsal.is_aws_own:
        return "a built-in algorithm: AWS defines its metrics, so there is nothing to test"
    lines = f"{plural(rehearsal.lines, 'line')} of {rehearsal.log}"
    if rehearsal.is_objective_found:
        return f"objective metric `{rehearsal.objective}` found in {lines}"
    return f"objective metric `{rehearsal.objective}` not found in {lines}"


def match_text(found: MetricFound) -> str:
    """The matches of one expression, in a few words."""
    if found.fault:
        return found.fault
    if not found.matches:
        return "matches no lines"
    parts = [f"matches {plural(found.matches, 'line')}"]
    if found.numbers != found.matches:
        parts.append(f"{found.numbers:,} with a number")
    if found.without_group:
        parts.append(f"{found.without_group:,} without a captured group")
    return ", ".join(parts)


def _shown(found: MetricFound) -> Iterator[str]:
    shown = list(found.first)
    if found.last is not None and found.last not in shown:
        shown.append(found.last)
    for each in shown:
        yield f"line {each.line}: {each.text}"
    for each in found.wrong:
        yield f'line {each.line}: "{each.text}" is not a number'


def rehearsals_json(name: str, rehearsals: Sequence[Rehearsal]) -> str:
    """The tests as one JSON object."""
    data = {
        "version": VERSION,
        "name": name,
        "training_jobs": [_data(rehearsal) for rehearsal in rehearsals],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _data(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "definition": rehearsal.definition or None,
        "log": rehearsal.log,
        "lines": rehearsal.lines,
        "objective": rehearsal.objective,
        "is_objective_found": rehearsal.is_objective_found,
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
                "fault": found.fault,
            }
            for found in rehearsal.metrics
        ],
    }


def _captured(captured: Captured) -> dict[str, Any]:
    return {"line": captured.line, "text": captured.text}

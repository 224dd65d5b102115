"""Findings about built-in algorithms, whose version may be unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hptc.catalog.algorithms import Algorithm
from hptc.diagnostics import Finding
from hptc.request.job_facts import possible_algorithms, runs_a_script
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context

Find = Callable[[Definition, Algorithm], Iterable[Finding]]


def in_every_version(
    context: Context, find: Find, *, also_scripts: bool = False
) -> Iterator[Finding]:
    """The findings that `find` has in every version that the image of a training job can be.

    For an image with an unknown tag, a finding must be at the same path in all versions; its
    message is that of the newest one. An image that is not of a built-in algorithm has no findings;
    nor, without `also_scripts`, has one that runs the author's own script.
    """
    for definition in context.job.definitions:
        possible = possible_algorithms(definition)
        if not possible or (runs_a_script(definition) and not also_scripts):
            continue
        newest, *others = possible
        findings = list(find(definition, newest))
        for other in others:
            if findings:
                paths = {finding.path for finding in find(definition, other)}
                findings = [finding for finding in findings if finding.path in paths]
        yield from findings

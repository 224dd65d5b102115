"""Finds the spec that a tuning job belongs to by the job's name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.request.identity import GENERATED, MAX_NAME, MAX_STEM_LENGTH, scheduled_stem

_SCHEDULED = re.compile(r"(?P<stem>.+)-[0-9]{12}")
_CONTENT_LENGTH = len("-00000000")


def is_generated(name: str) -> bool:
    """Whether a job's name ends like one that hptc derives from content."""
    return GENERATED.fullmatch(name) is not None


def name_stem(name: str) -> str:
    """The part of a job's name in front of what hptc derives from content; else the whole name."""
    match = GENERATED.fullmatch(name)
    return match["stem"] if match is not None else name


def name_parts(compiled: Compiled) -> tuple[str, ...]:
    """Texts, one of which is in the name of every job of a spec, whatever its content."""
    name = compiled.job.name
    part = name
    if isinstance(compiled, CompiledSpec):
        part = compiled.name[:MAX_STEM_LENGTH].rstrip("-")
    scheduled = _scheduled_stem(compiled)
    parts = (part,) if part in name else (part, name)
    return parts if scheduled is None else (*parts, scheduled)


def _scheduled_stem(compiled: Compiled) -> str | None:
    """The start of the names of the jobs that a spec's schedule starts; None without one."""
    if compiled.schedule is None or compiled.environment is None:
        return None
    return scheduled_stem(compiled.name, compiled.environment.project, compiled.environment.name)


class SpecsByJobName:
    """The specs of a project, indexed by the names that their tuning jobs can have."""

    def __init__(self, compiled: Sequence[Compiled]) -> None:
        self._compiled = compiled
        self._names = {outcome.job.name.lower(): outcome.name for outcome in compiled}
        self._by_content: dict[str, list[tuple[str, str]]] = {}
        for name, spec in self._names.items():
            self._by_content.setdefault(name[-_CONTENT_LENGTH:], []).append((name, spec))
        stems = {_scheduled_stem(outcome): outcome.name for outcome in compiled}
        self._scheduled = {stem: spec for stem, spec in stems.items() if stem is not None}
        self._stems: dict[int, dict[str, str]] = {}  # by the length of the suffix

    def with_content(self, name: str) -> str | None:
        """The spec whose current content a job has, numbered runs included."""
        lower = name.lower()
        if lower in self._names:
            return self._names[lower]
        match = GENERATED.fullmatch(lower)
        if match is None or "-r" not in match["suffix"]:
            return None
        content = match["suffix"].rpartition("-r")[0]
        # The stem of a numbered run may be cut shorter than that of the first run.
        return next(
            (
                spec
                for job, spec in self._by_content.get(content, ())
                if job.startswith(match["stem"])
            ),
            None,
        )

    def with_schedule(self, name: str) -> str | None:
        """The spec whose schedule started a job, for any content."""
        match = _SCHEDULED.fullmatch(name)
        return self._scheduled.get(match["stem"]) if match is not None else None

    def with_stem(self, name: str) -> str | None:
        """The spec whose name starts a job's name, for any content."""
        match = GENERATED.fullmatch(name)
        if match is None:
            return None
        length = len(match["suffix"])
        if length not in self._stems:
            self._stems[length] = {
                outcome.name[: MAX_NAME - length].rstrip("-"): outcome.name
                for outcome in reversed(self._compiled)
                if isinstance(outcome, CompiledSpec)
            }
        return self._stems[length].get(match["stem"])

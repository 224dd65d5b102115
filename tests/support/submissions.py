"""Submits compiled specs to a fake service, as `hptc submit` does one by one."""

from __future__ import annotations

from collections.abc import Mapping

from hptc.compiler.outcome import Compiled
from hptc.jobs.decide import decide
from hptc.jobs.decisions import AlreadySubmitted, Submitted
from hptc.jobs.provenance import ProvenanceOf
from hptc.jobs.snapshot import JobSnapshot
from hptc.jobs.submission import execute
from hptc.service.interface import Progress, StackReader, Tuning, silent


def submit(
    compiled: Compiled,
    tuning: Tuning,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    rerun: int | None = None,
    digests: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Submitted | AlreadySubmitted:
    """Create the tuning job of a compiled file, unless it exists. `rerun` numbers a repeated run.

    Stacks are compared with `digests`, as hptc.jobs.decide.decide does.

    Raises OperationError if a stack is missing or out of date, or the name belongs to another job,
    UsageError if the request can't be sent, and AwsError if AWS rejects it.
    """
    jobs = JobSnapshot(tuning=tuning)
    decision = decide(compiled, jobs, stacks, provenance=provenance, rerun=rerun, digests=digests)
    return execute(decision, tuning, progress=progress)

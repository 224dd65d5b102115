"""Finds a tuning job on this machine by its name or its spec."""

from __future__ import annotations

from pathlib import Path

from hptc.api.targets import Target, read_target
from hptc.compiler.outcome import Compiled
from hptc.errors import OperationError, UsageError
from hptc.frozen import frozen
from hptc.jobs.content_changes import ContentChanges, content_changes
from hptc.jobs.job_names import name_stem
from hptc.jobs.spec_runs import spec_runs
from hptc.local.job_folder import jobs_folder
from hptc.local.run_facts import RunFacts
from hptc.local.service import LocalTuning


@frozen
class LocalJob:
    """A tuning job on this machine."""

    tuning: LocalTuning
    name: str
    target: Target

    @property
    def facts(self) -> RunFacts:
        """What is special about it."""
        return self.tuning.run_facts(self.name)


def find_local_job(
    text: str,
    env: str | None,
    folder: Path | None,
    *,
    project: Path | None = None,
    wants_running: bool = False,
) -> LocalJob:
    """The tuning job with a name, or the newest one of a spec, even if the spec has changed since.

    `folder` has the tuning jobs, and `project` the specs: see `jobs_folder`.

    With `wants_running`, it is the spec's running tuning job, or the newest one if none is running.
    Raises UsageError if more than one is running, and OperationError if there is none at all.
    """
    tuning = LocalTuning(jobs_folder(folder, project=project))
    target = read_target(text, env, None, folder=project)
    if target.spec is None:
        tuning.require(target.job)
        return LocalJob(tuning=tuning, name=target.job, target=target)
    runs = spec_runs(target.spec, tuning).runs
    if not runs:
        stem = name_stem(target.spec.job_name or target.spec.name)
        for unreadable in tuning.unreadable(name_contains=stem):
            raise unreadable
        raise OperationError(
            f"`{target.spec.name}` ({target.spec.file}) has not run on this machine",
            help=f"`hptc local run {text}` runs it; `hptc local list` lists the tuning jobs",
        )
    running = [run.name for run in runs if run.summary.status == "InProgress"]
    if wants_running and len(running) > 1:
        raise UsageError(
            f"{len(running)} tuning jobs of `{target.spec.name}` have not ended: "
            f"{', '.join(running)}",
            help="nothing was stopped; pass the name of the one to stop",
        )
    name = running[0] if wants_running and running else runs[0].name
    return LocalJob(tuning=tuning, name=name, target=target)


def local_changes_since(job: LocalJob, digest: str) -> ContentChanges | None:
    """How the spec differs from its tuning job; None if the tuning job was named."""
    outcome = job.target.outcome
    if outcome is None:
        return None
    if not isinstance(outcome, Compiled):
        return ContentChanges(file=outcome.file, is_changed=None)
    return content_changes(outcome, job.tuning.requested(job.name), digest)

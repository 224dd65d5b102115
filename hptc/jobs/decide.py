"""Decides what submitting a compiled file would do. Nothing is written.

`hptc submit`, `hptc plan`, the application of a saved plan and `hptc check --online` all decide
with this module, so they can't disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.compiler.outcome import Compiled
from hptc.compiler.parents import parent_names, parent_spec
from hptc.frozen import frozen
from hptc.infrastructure.provenance_tags import MAX_TAGS, merged_tags
from hptc.jobs.code_upload import code_uploads
from hptc.jobs.decisions import Blocked, DecidedJob, Decision, DryRun, Obstacle, Submit, Unchanged
from hptc.jobs.description import is_described_by
from hptc.jobs.provenance import Provenance, ProvenanceOf, job_tags
from hptc.jobs.resolution import Resolution, resolve
from hptc.jobs.snapshot import ExistingJob, JobSnapshot, existing_job
from hptc.project.references import latest_spec, names_in
from hptc.request import identity
from hptc.service.interface import StackReader
from hptc.service.responses import read_origin, tags_of
from hptc.service.tuning_jobs import FINAL_STATUSES, JobOrigin
from hptc.text import plural


def decide(
    compiled: Compiled,
    jobs: JobSnapshot,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    rerun: int | None = None,
    digests: Mapping[str, str] | None = None,
) -> Decision:
    """Decide what submitting a compiled file would do. `rerun` is the number of a repeated run.

    `digests` are those of the stacks as they would be deployed now: a stack with another one is
    out of date, and blocks the job as a missing one does.

    A job that exists in AWS needs neither stacks nor provenance. A new one needs warm-start parents
    that have ended. Raises AwsError if AWS rejects a call.
    """
    if rerun is not None and (refusal := _refused_rerun(compiled, rerun)) is not None:
        return refusal
    job = _wanted(compiled, rerun)
    existing = jobs.find(job.name)
    if existing is not None:
        return _compare(job, existing, jobs, stacks, compiled)
    other = jobs.other_spelling(job.name)
    if other is not None:
        return job.blocked(
            Obstacle.NAME,
            f"AWS already has a tuning job named `{other}`, and names are not case-sensitive",
            "give the spec another name",
        )
    resolution = resolve(compiled, jobs, stacks, digests=digests)
    if (problem := resolution.problem) is not None:
        return job.blocked(problem.obstacle, problem.reason, problem.help)
    decision = _submit(job, compiled, resolution, provenance(compiled))
    if isinstance(decision, Submit):
        return _parent_obstacle(decision, compiled, jobs) or decision
    return decision


def decide_dry_run(
    compiled: Compiled,
    jobs: JobSnapshot,
    stacks: StackReader,
    *,
    provenance: ProvenanceOf,
    rerun: int | None = None,
) -> DryRun | Blocked:
    """Decide what a submission would send if the job does not exist. AWS is not queried for it."""
    if rerun is not None and (refusal := _refused_rerun(compiled, rerun)) is not None:
        return refusal
    job = _wanted(compiled, rerun)
    resolution = resolve(compiled, jobs, stacks)
    for problem in resolution.missing.values():
        if problem.obstacle is Obstacle.REQUEST:
            return job.blocked(problem.obstacle, problem.reason, problem.help)
    submit = _submit(job, compiled, resolution, provenance(compiled))
    if isinstance(submit, Blocked):
        return submit
    return DryRun(
        name=job.name,
        request=submit.request,
        unresolved=tuple(resolution.missing),
        provided=resolution.values,
        code=submit.code,
    )


def _submit(
    job: _Wanted, compiled: Compiled, resolution: Resolution, provenance: Provenance
) -> Submit | Blocked:
    """The request with its name, values and tags; blocked if it has too many tags."""
    request = resolution.fill(compiled.request)
    request["HyperParameterTuningJobName"] = job.name
    tags = job_tags(compiled, provenance)
    merged = merged_tags(request, tags)
    excess = len(merged) - MAX_TAGS
    if excess > 0:
        return job.blocked(
            Obstacle.REQUEST,
            f"the job has {len(merged) - len(tags)} tags and hptc adds {len(tags)}, but the "
            f"maximum is {MAX_TAGS}",
            f"remove {plural(excess, 'tag')}",
        )
    request["Tags"] = merged
    return Submit(
        spec=job.spec,
        file=job.file,
        name=job.name,
        digest=job.digest,
        request=request,
        provided=resolution.values,
        commit=provenance.commit,
        is_name_pinned=job.is_name_pinned,
        code=code_uploads(compiled, resolution.values),
    )


def decide_again(
    submit: Submit, description: Mapping[str, Any], tags: Mapping[str, str]
) -> Unchanged | Blocked:
    """Decide again after a job turned out to exist that was to be created."""
    job = _Wanted(
        spec=submit.spec,
        file=submit.file,
        name=submit.name,
        digest=submit.digest,
        is_name_pinned=submit.is_name_pinned,
        has_references=bool(submit.provided),
        origin=read_origin(tags_of(submit.request["Tags"])),
    )
    existing = existing_job(description)
    origin = read_origin(tags)
    if origin.digest:
        return _compare_tags(job, existing, origin)
    return _unchanged_or_taken(job, existing, is_same=is_described_by(submit.request, description))


def _parent_obstacle(submit: Submit, compiled: Compiled, jobs: JobSnapshot) -> Blocked | None:
    """The first warm-start parent that has not ended, because AWS rejects such a job.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
    """
    completed = {run for name, run in submit.provided.items() if latest_spec(name) is not None}
    env = f" --env {compiled.environment.name}" if compiled.environment else ""
    for parent in parent_names(submit.request):
        if parent in completed:
            continue
        status = _status(parent, jobs)
        if status in FINAL_STATUSES:
            continue
        if status is not None:
            reason = f"its warm-start parent `{parent}` is {status}"
            help = f"wait with `hptc watch {parent}{env}`, and try again when it has ended"
        else:
            reason = f"its warm-start parent `{parent}` does not exist in {jobs.region}"
            spec = parent_spec(compiled, parent)
            help = (
                f"use the name of an existing tuning job; `hptc list{env}` lists them"
                if spec is None
                else f"submit `{spec}`, wait with `hptc watch {spec}{env}`, and try again when it "
                "has ended"
            )
        return submit.blocked(Obstacle.PARENT, reason, help)
    return None


def _status(name: str, jobs: JobSnapshot) -> str | None:
    """The status of a tuning job, listed or not; None if it does not exist."""
    listed = jobs.find(name)
    if listed is not None:
        return listed.status
    description = jobs.describe(name)
    return None if description is None else str(description["HyperParameterTuningJobStatus"])


@frozen
class _Wanted(DecidedJob):
    """A job to submit, without the values of its stacks."""

    is_name_pinned: bool
    has_references: bool
    origin: JobOrigin


def _wanted(compiled: Compiled, rerun: int | None) -> _Wanted:
    return _Wanted(
        spec=compiled.name,
        file=compiled.file,
        name=compiled.job.name
        if rerun is None
        else identity.job_name(compiled.name, compiled.digest, rerun=rerun),
        digest=compiled.digest,
        is_name_pinned=compiled.pinned_name is not None,
        has_references=bool(names_in(compiled.request)),
        origin=read_origin(job_tags(compiled, Provenance(spec=""))),
    )


def _refused_rerun(compiled: Compiled, rerun: int) -> Blocked | None:
    job = _wanted(compiled, None)
    if rerun < 1:
        return job.blocked(Obstacle.REQUEST, "run numbers start at 1", "")
    if compiled.pinned_name is not None:
        return job.blocked(
            Obstacle.REQUEST,
            f"{compiled.file} sets the exact name of its job, so no run number can be added",
            "change the name in the file, or remove `job_name` so that the name is derived from "
            "the content",
        )
    return None


def _compare(
    job: _Wanted,
    existing: ExistingJob,
    jobs: JobSnapshot,
    stacks: StackReader,
    compiled: Compiled,
) -> Unchanged | Blocked:
    """Decide about a name for which a tuning job exists."""
    origin = jobs.origin(existing.arn)
    if origin.digest:
        return _compare_tags(job, existing, origin)
    # Another tool created it, so only its description shows its content.
    resolution = resolve(compiled, jobs, stacks)
    if (problem := resolution.problem) is not None:
        return job.blocked(problem.obstacle, problem.reason, problem.help)
    request = resolution.fill(compiled.request)
    description = jobs.describe(existing.name) or {}
    return _unchanged_or_taken(job, existing, is_same=is_described_by(request, description))


def _compare_tags(job: _Wanted, existing: ExistingJob, origin: JobOrigin) -> Unchanged | Blocked:
    if origin.digest != job.digest:
        return _taken(job, existing.name)
    ours = job.origin
    # The digest covers references, not their values: two environments of one account have the same
    # digest for jobs with different roles and buckets.
    if job.has_references:
        for kind, expected, other in (
            ("project", ours.project, origin.project),
            ("environment", ours.environment, origin.environment),
        ):
            if expected != other:
                return job.blocked(
                    Obstacle.NAME,
                    f"the tuning job `{existing.name}` belongs to the {kind} "
                    f"`{other or '(none)'}`, not to `{expected or '(none)'}`",
                    "add a tag with `{{ env }}` to the spec so that each environment's job has "
                    "its own name, or number this run with --rerun",
                )
    return _unchanged(job, existing, is_known_by_tag=True)


def _unchanged_or_taken(
    job: _Wanted, existing: ExistingJob, *, is_same: bool
) -> Unchanged | Blocked:
    if not is_same:
        return _taken(job, existing.name)
    return _unchanged(job, existing, is_known_by_tag=False)


def _unchanged(job: _Wanted, existing: ExistingJob, *, is_known_by_tag: bool) -> Unchanged:
    return Unchanged(
        spec=job.spec,
        file=job.file,
        name=existing.name,
        digest=job.digest,
        arn=existing.arn,
        status=existing.status,
        is_known_by_tag=is_known_by_tag,
        is_name_pinned=job.is_name_pinned,
    )


def _taken(job: _Wanted, name: str) -> Blocked:
    return job.blocked(
        Obstacle.NAME,
        f"AWS already has a tuning job named `{name}` with other content",
        "tuning jobs can't be changed: choose another name, or remove `job_name` so that the name "
        "is derived from the content"
        if job.is_name_pinned
        else "number this run with --rerun, or give the spec another name",
    )

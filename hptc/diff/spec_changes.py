"""Compares both versions of one spec, either of which may not exist or not compile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hptc.compiler.outcome import Compiled, CompiledSpec, Failed, Outcome
from hptc.cost.bound import job_count
from hptc.diagnostics import Diagnostic
from hptc.diff.changes import Action, Change, Kind, worst_first
from hptc.diff.compare import compare
from hptc.diff.environment_changes import policy_changes
from hptc.diff.pairing import LostSpec
from hptc.diff.schedule_changes import schedule_text
from hptc.diff.value_text import duration_text
from hptc.project.project_file import Project
from hptc.source.suppressions import suppressions
from hptc.text import plural

_POLICY = "HPT8"
_PARENT = "HPT701"  # the parent has an error, which is listed where it is


def pair_changes(
    old: Outcome | None, new: Outcome | None, lost: Mapping[str, LostSpec]
) -> tuple[Change, ...]:
    """The changes to one spec, including whether it stopped or started compiling.

    `lost` are the specs whose names the new version does not have: a parent may be one.
    """
    if new is None:
        return (_job_change(Kind.JOB_REMOVED, old=_summary(old)),)
    refused = list(_failure_changes(old, new))
    if old is None:
        is_added = isinstance(new, Compiled)
        added = [_job_change(Kind.JOB_ADDED, new=_summary(new))] if is_added else []
        return worst_first([*refused, *added])
    changes = []
    if isinstance(old, Compiled) and isinstance(new, Compiled):
        changes = [_with_reason(change, old, new, lost) for change in compare(old, new)]
    changes += [*_project_changes(old, new), *_suppression_changes(old, new)]
    if refused and old.has_errors and not changes and not _differ(old, new):
        return ()
    if old.has_errors and not refused:
        refused = [_job_change(Kind.REPAIRED, old="did not compile", new=_summary(new))]
    return worst_first([*refused, *changes])


def _project_changes(old: Outcome, new: Outcome) -> Iterator[Change]:
    """What it means that a spec belongs to another project: other stacks, and another policy."""
    was, becomes = old.project, new.project
    if was is None or (becomes is not None and was.root == becomes.root):
        return
    if becomes is None or was.file.project != becomes.file.project:
        yield Change(
            kind=Kind.FOUNDATION_REPLACED,
            path=("project",),
            subject="project",
            old=_project_text(was),
            new=_project_text(becomes) if becomes is not None else "none",
            note="what the old project deployed for it stays until you destroy it",
        )
        yield from policy_changes(old.policy, new.policy, ("policy",))


def _project_text(project: Project) -> str:
    return f"{project.file.project} ({project.document.file})"


def _suppression_changes(old: Outcome, new: Outcome) -> Iterator[Change]:
    """Findings that a new comment suppresses, with its reason."""
    added = added_findings(old.suppressed, new.suppressed)
    reasons = {
        (comment.line, code): comment.reason
        for comment in (suppressions(new.document) if added else ())
        for code in comment.codes
    }
    for finding in added:
        yield Change(
            kind=Kind.SUPPRESSION_ADDED,
            path=(),
            subject=finding.code,
            new=finding.message,
            note=f"reason: {reasons.get((finding.span.line, finding.code), '')}",
        )


def _failure_changes(old: Outcome | None, new: Outcome) -> Iterator[Change]:
    """The change that a spec can't be submitted anymore, if so. Its findings give the reason.

    If all of its errors are older than the change, it is `unchanged`.
    """
    errors = [diagnostic for diagnostic in new.diagnostics if diagnostic.is_error]
    if errors:
        own = [error for error in errors if error.code != _PARENT] or errors
        is_policy = all(error.code.startswith(_POLICY) for error in own)
        known = old_errors(old, new)
        is_older = all(error in known for error in own)
        yield replace(
            _job_change(Kind.POLICY_BREACH if is_policy else Kind.BROKEN),
            part=Action.UNCHANGED if is_older else Action.CHANGED,
        )


def _differ(old: Outcome, new: Outcome) -> bool:
    """Whether two specs with errors differ in their findings or, if one failed, in their text."""
    hidden = isinstance(old, Failed) or isinstance(new, Failed)
    return (hidden and old.document.text != new.document.text) or bool(new_findings(old, new))


def _job_change(kind: Kind, *, old: str = "", new: str = "") -> Change:
    return Change(kind=kind, path=(), subject="", old=old, new=new)


def _summary(outcome: Outcome | None) -> str:
    """A tuning job in one line."""
    if outcome is None:
        return ""
    if isinstance(outcome, Failed):
        return "did not compile"
    job = outcome.job
    number = job_count(job).number
    types = dict.fromkeys(
        instances.type
        for definition in job.definitions
        for resources in definition.resources
        for instances in resources.instances
    )
    count = "unlimited training jobs" if number is None else plural(number, "training job")
    runtimes = [
        definition.max_runtime_seconds
        for definition in job.definitions
        if definition.max_runtime_seconds
    ]
    runtime = f", at most {duration_text(max(runtimes))} each" if runtimes else ""
    schedule = schedule_text(outcome.schedule)
    scheduled = f", scheduled: {schedule}" if schedule else ""
    instance_types = ", ".join(types) or "unspecified instances"
    return f"{job.strategy}, {count} on {instance_types}{runtime}{scheduled}"


def _with_reason(
    change: Change, old: Compiled, new: Compiled, lost: Mapping[str, LostSpec]
) -> Change:
    """Add the reason why a parent changed although `warm_start` did not."""
    if change.kind is not Kind.WARM_START:
        return change
    if not (isinstance(old, CompiledSpec) and isinstance(new, CompiledSpec)):
        return change
    was, becomes = old.spec.warm_start, new.spec.warm_start
    if was is None or becomes is None or was.parents != becomes.parents:
        return change
    named = {*change.new.split(", ")} - {*change.old.split(", ")}
    gone = next((name for name in becomes.parents or () if name in named), None)
    note = "the parent's spec changed" if gone is None else _loss(lost.get(gone))
    return replace(change, note=note)


def _loss(lost: LostSpec | None) -> str:
    """Why a parent no longer refers to a spec."""
    if lost is not None and lost.unreadable:
        return f"the parent spec can't be read: {lost.unreadable} has errors"
    if lost is not None and lost.name:
        return f"the parent spec is now named {lost.name}"
    return "the parent spec was removed"


def new_findings(old: Outcome | None, new: Outcome | None) -> tuple[Diagnostic, ...]:
    """Findings of the new version that the old one did not have, on any line."""
    if new is None:
        return ()
    return added_findings(old.diagnostics if old is not None else (), new.diagnostics)


def old_errors(old: Outcome | None, new: Outcome | None) -> tuple[Diagnostic, ...]:
    """Errors of the new version that the old one has too, on any line."""
    errors = [diagnostic for diagnostic in new.diagnostics if diagnostic.is_error] if new else []
    known = added_findings(old.diagnostics if old is not None else (), errors)
    return tuple(error for error in errors if error not in known)


def added_findings(old: Iterable[Diagnostic], new: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings in `new` that are not in `old`, on any line."""
    known = Counter((diagnostic.code, diagnostic.message) for diagnostic in old)
    added = []
    for diagnostic in new:
        key = diagnostic.code, diagnostic.message
        if known[key]:
            known[key] -= 1
        else:
            added.append(diagnostic)
    return tuple(added)

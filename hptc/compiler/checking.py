"""Runs every check on a compiled request; the result is either Checked or Failed.

The checks run in order: the API's shape, references to deployed values, then the rules, which read
the typed request. A value that AWS rejects does not keep the rules from the other values. Lines and
suppressions are applied last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from hptc.compiler.deployable import deployable_spec
from hptc.compiler.draft import Draft
from hptc.compiler.locations import at_providers, to_diagnostics
from hptc.compiler.outcome import Failed, FileRequest, Origin
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic, Finding, RequestPath, capped, sort_key
from hptc.frozen import frozen
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.project.references import NAMES, latest, latest_spec, names_in, reference
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.readings import readings, without_consequences
from hptc.request.tuning_job import TuningJob
from hptc.request.violations import findings_of_violations
from hptc.rules import RULES
from hptc.rules.codes import ONLINE
from hptc.rules.engine import check_all
from hptc.rules.rule import Context, Rule
from hptc.source import suppressions
from hptc.source.construction import construct_data
from hptc.source.document import Document
from hptc.spec.tuning_spec import Spec

if TYPE_CHECKING:
    from hptc.catalog.prices import PriceTable
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.source.script_reading import ScriptFacts


_READ_SCRIPTS = ("HPT363", "HPT364", "HPT366")


@frozen
class Checked:
    """A request without errors."""

    job: TuningJob
    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Diagnostic, ...]


def check_requests(drafts: Sequence[Draft], workspace: Workspace) -> list[Checked | Failed]:
    """Check requests against the API's shape, then by every rule of the run."""
    contexts_of_drafts = [_contexts(draft, workspace) for draft in drafts]
    contexts = [context for contexts in contexts_of_drafts for context in contexts]
    findings = iter(check_all(contexts, workspace.rules))
    return [
        _verdict(draft, contexts, [next(findings) for _ in contexts], workspace)
        for draft, contexts in zip(drafts, contexts_of_drafts, strict=True)
    ]


def _contexts(draft: Draft, workspace: Workspace) -> list[Context]:
    """What the rules read: one context for each reading of the request.

    There are none if the image or Region is unknown, or too much is missing to read the request.
    """
    origin, spec = draft.origin, draft.spec
    read = readings(draft.request, draft.violations) if draft.is_certain else ()
    jobs = [read_job(reading) for reading in read]
    rehearsals = _rehearsals(origin, spec, jobs[0], workspace) if jobs else {}
    scripts = _scripts(draft, workspace) if draft.codes else {}
    return [
        Context(
            job=job,
            request=reading,
            environment=origin.environment,
            policy=origin.policy,
            parents=_parent_jobs(draft, job),
            references=_known_references(draft),
            spec_name=spec.name if spec else None,
            deployable=_deployable(draft, job),
            prices=_prices(origin, workspace),
            rehearsals=rehearsals,
            codes=draft.codes,
            scripts=scripts,
        )
        for reading, job in zip(read, jobs, strict=True)
    ]


def _verdict(
    draft: Draft,
    contexts: list[Context],
    findings_of_rules: list[list[Finding]],
    workspace: Workspace,
) -> Checked | Failed:
    """The result of all checks. `findings_of_rules` has what the rules found in each context."""
    origin, spec, request = draft.origin, draft.spec, draft.request
    findings = [
        *draft.findings,
        *findings_of_violations(draft.violations, request, spec),
        *_unknown_references(draft),
    ]
    if contexts:
        findings += without_consequences(findings_of_rules, draft.violations)
    file = FileRequest(origin=origin, request=request, spec=spec)
    diagnostics, suppressed = located(
        findings, draft.warnings, file, workspace.rules if contexts else ()
    )
    if not contexts or any(diagnostic.is_error for diagnostic in diagnostics):
        return fail(origin, diagnostics, suppressed, name=draft.name)
    return Checked(job=contexts[0].job, diagnostics=diagnostics, suppressed=suppressed)


def located(
    findings: list[Finding],
    diagnostics: list[Diagnostic],
    file: FileRequest,
    rules_run: tuple[Rule, ...] = (),
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Convert findings to diagnostics, in file order. Returns the reported and the suppressed."""
    converted = to_diagnostics(findings, file)
    moved = at_providers(converted, findings, file)
    kept, suppressed = suppressions.apply(
        [*diagnostics, *converted],
        file.origin.document,
        unchecked=lambda: _unchecked_codes(rules_run),
    )
    in_order = sorted((moved.get(diagnostic, diagnostic) for diagnostic in kept), key=sort_key)
    return tuple(sorted(capped(in_order), key=sort_key)), tuple(suppressed)


def fail(
    origin: Origin,
    diagnostics: tuple[Diagnostic, ...],
    suppressed: tuple[Diagnostic, ...] = (),
    *,
    name: str = "",
) -> Failed:
    """Create a Failed. Without `name`, the spec's name is read from the text."""
    return Failed(
        document=origin.document,
        layers=origin.layers,
        project=origin.project,
        environment=origin.environment,
        diagnostics=diagnostics,
        suppressed=suppressed,
        name=name or written_name(origin.document),
    )


def written_name(document: Document) -> str:
    """The value of a file's `name`, or an empty string if it is missing or not a string."""
    if document.root is None:
        return ""
    name, _ = construct_data(document, at=("name",))
    return name if isinstance(name, str) else ""


def _unchecked_codes(rules_run: tuple[Rule, ...]) -> set[str]:
    """Rules that did not run and checks that need AWS, whose suppressions are never unused."""
    return {*(rule.code for rule in RULES), *ONLINE} - {rule.code for rule in rules_run}


def _deployable(draft: Draft, job: TuningJob) -> DeployableSpec | None:
    """The spec as its environment's stacks use it; None without an environment."""
    if draft.spec is None or draft.origin.environment is None:
        return None
    return deployable_spec(
        draft.origin, draft.spec, draft.request, job, draft.digest, draft.parents.latest
    )


def _parent_jobs(draft: Draft, job: TuningJob) -> Mapping[str, TuningJob]:
    """The tuning jobs that the parents compile to; for `latest()` of the spec itself, its own."""
    if draft.spec is None or draft.spec.name not in draft.parents.latest:
        return draft.parents.jobs
    return {**draft.parents.jobs, reference(latest(draft.spec.name)): job}


def _known_references(draft: Draft) -> frozenset[str]:
    """The references that a deployment or a submission resolves."""
    return frozenset(
        name for name in draft.references if name in NAMES or latest_spec(name) is not None
    )


def _unknown_references(draft: Draft) -> list[Finding]:
    findings: list[Finding] = []
    unknown = sorted(draft.references.difference(NAMES))
    outside = _names_outside_parents(draft.request) if unknown else frozenset()
    for name in unknown:
        message = f"`{reference(name)}` is not a value that a deployment provides"
        advice = f"valid references: {', '.join(NAMES)}"
        if latest_spec(name) is not None:
            if name not in outside:
                continue
            message = f"`{reference(name)}` is only valid as a warm-start parent"
            advice = "use it in `warm_start.parents`, as the whole entry"
        findings.append(Finding(code="HPT006", message=message, path=RequestPath(), help=advice))
    return capped(findings)


def _names_outside_parents(request: Request) -> frozenset[str]:
    """The names of references that occur elsewhere than as a whole warm-start parent."""
    rest = deepcopy(request)
    match rest.get("WarmStartConfig"):
        case {"ParentHyperParameterTuningJobs": list() as parents}:
            parents[:] = [parent for parent in parents if not _is_reference(parent)]
    return frozenset(names_in(rest))


def _is_reference(parent: object) -> bool:
    """Whether a warm-start parent is a whole reference."""
    return any(
        parent == {"HyperParameterTuningJobName": reference(name)} for name in names_in(parent)
    )


def _prices(origin: Origin, workspace: Workspace) -> PriceTable | None:
    """The project's prices, if its policy has a budget. No other rule needs them."""
    budgets = (origin.policy.budget_usd, origin.policy.budget_usd_per_month)
    if origin.project is None or budgets == (None, None):
        return None
    return workspace.prices_of(origin.project)


def _scripts(draft: Draft, workspace: Workspace) -> dict[RequestPath, ScriptFacts]:
    """What is known about the training code of a spec, if a rule of the run reads it."""
    if not any(rule.code in _READ_SCRIPTS for rule in workspace.rules):
        return {}
    from hptc.source.script_reading import SECONDS_OF_A_RUN, ScriptFacts, read_scripts

    scripts = {}
    for path, code in draft.codes.items():
        key = (code.packed.digest, code.entry_point)
        if key not in workspace.scripts:
            seconds = sum(script.seconds for script in workspace.scripts.values())
            has_time = seconds < SECONDS_OF_A_RUN
            workspace.scripts[key] = (
                read_scripts(code.packed, code.entry_point) if has_time else ScriptFacts()
            )
        scripts[path] = workspace.scripts[key]
    return scripts


def _rehearsals(
    origin: Origin, spec: Spec | None, job: TuningJob, workspace: Workspace
) -> dict[RequestPath, Rehearsal]:
    """The results of testing metric definitions against the spec's sample logs."""
    rehearsals: dict[RequestPath, Rehearsal] = {}
    if spec is None or workspace.rehearse is None:
        return rehearsals
    root = origin.project.root if origin.project else FilePath(origin.file).parent
    for definition in job.definitions:
        several = spec.training_jobs or {}
        written = several.get(definition.name or "") if job.is_multiple else spec.training_job
        if written is not None and written.metric_sample_log is not None:
            sample = written.metric_sample_log
            rehearsals[definition.path] = workspace.rehearse(definition, sample, root)
    return rehearsals

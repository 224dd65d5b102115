"""Finds specs and projects whose stacks or roles have the names of another's.

The other is a spec or an environment of the same project, or a project in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

from hptc.compiler.outcome import CompiledRequest, CompiledSpec, Outcome, failed
from hptc.diagnostics import Diagnostic, Related, Severity, sort_key
from hptc.infrastructure.stack_names import NameCollision, NamedSpec, name_collisions
from hptc.infrastructure.stack_outputs import foundation_outputs
from hptc.project.project_file import Environment, Project
from hptc.project.references import has_reference
from hptc.source.construction import construct_data
from hptc.source.document import Document


def with_unique_stacks(outcomes: list[Outcome]) -> list[Outcome]:
    """The same outcomes, but specs whose stack or role has another owner are Failed.

    All environments of a project count, not only the selected one: `hptc-a-dev-eu` is the stack of
    the environment `dev-eu`, and of the spec `eu` in `dev`.
    """
    by_project: dict[FilePath, tuple[Project, dict[str, int]]] = {}
    for index, outcome in enumerate(outcomes):
        if (
            outcome.project is not None
            and outcome.name
            and not isinstance(outcome, CompiledRequest)
        ):
            _, indices = by_project.setdefault(outcome.project.root, (outcome.project, {}))
            indices.setdefault(outcome.name, index)
    results = list(outcomes)
    for project, indices in by_project.values():
        specs = [_named_spec(outcomes[index], project) for index in indices.values()]
        for collision in name_collisions(project, specs):
            index = indices[collision.owner.spec or ""]
            other = outcomes[indices[collision.other.spec]] if collision.other.spec else None
            results[index] = _refused(
                results[index], _diagnostic(collision, project, outcomes[index], other)
            )
    projects = [project for project, _ in by_project.values()]
    for owner, twin in _twins(projects) if len(projects) > 1 else ():
        _, indices = by_project[twin.root]
        for index in indices.values():
            results[index] = _refused(results[index], _same_project(twin, owner))
    return results


def _refused(outcome: Outcome, error: Diagnostic) -> Outcome:
    return failed(outcome, tuple(sorted([*outcome.diagnostics, error], key=sort_key)))


def _twins(projects: list[Project]) -> Iterator[tuple[Project, Project]]:
    """Each project with the same stacks as an earlier one, which comes first."""
    owners: dict[tuple[str, str, str, str], Project] = {}
    for project in projects:
        places = [
            (project.file.project, name, environment.account, environment.region)
            for name in project.file.environments
            if (environment := project.environment(name)) and _has_stacks(environment)
        ]
        owner = next((owners[place] for place in places if place in owners), None)
        if owner is not None:
            yield owner, project
        for place in places:
            owners.setdefault(place, project)


def _has_stacks(environment: Environment) -> bool:
    has_managed_roles = environment.infrastructure.execution_role == "managed"
    return has_managed_roles or bool(foundation_outputs(environment))


def _same_project(project: Project, owner: Project) -> Diagnostic:
    name = ("project",)
    return Diagnostic(
        code="HPT605",
        severity=Severity.ERROR,
        message=f"another hptc.yaml has the project `{project.file.project}` with an environment "
        "of the same name, account and Region, so both need the same stacks",
        span=project.document.span(name),
        label="also in the other one",
        help="rename one of the two projects",
        related=(Related(span=owner.document.span(name), message="the other project"),),
    )


def _named_spec(outcome: Outcome, project: Project) -> NamedSpec:
    """The parts of a spec that determine its stacks, from its file and the project's defaults."""
    roles: list[str | None] = []
    is_scheduled = False
    if isinstance(outcome, CompiledSpec):
        jobs = [outcome.spec.training_job, *(outcome.spec.training_jobs or {}).values()]
        roles = [job.role_arn for job in jobs if job is not None]
        is_scheduled = outcome.spec.schedule is not None
    return NamedSpec(
        name=outcome.name,
        has_managed_role=not roles or any(role is None or has_reference(role) for role in roles),
        is_scheduled=is_scheduled or _has_schedule(outcome.document, project),
    )


def _has_schedule(document: Document, project: Project) -> bool:
    """Whether a spec has a schedule in any environment."""
    environments = project.file.environments.values()
    if any(environment.overrides.get("schedule") is not None for environment in environments):
        return True
    # Reading a key parses the document again, so skip documents that can't have it.
    if "schedule" in document.text and document.has(("schedule",)):
        schedule, _ = construct_data(document, at=("schedule",))
        return schedule is not None
    return project.file.defaults.get("schedule") is not None


def _diagnostic(
    collision: NameCollision, project: Project, outcome: Outcome, other: Outcome | None
) -> Diagnostic:
    environment = collision.other.environment
    return Diagnostic(
        code="HPT605",
        severity=Severity.ERROR,
        message=collision.message,
        span=outcome.layers.span(("name",)),
        label=f"also creates `{collision.name}`",
        help=f"rename this spec or the {'environment' if other is None else 'other spec'}",
        related=(
            Related(
                span=other.layers.span(("name",))
                if other is not None
                else project.document.span(("environments", environment), key=True),
                message=str(collision.other),
            ),
        ),
    )

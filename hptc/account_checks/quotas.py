"""HPT911: the instances that a tuning job uses in parallel, against the account's quotas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hptc.account_checks.deployed_spec import Subject
from hptc.diagnostics import Finding, Severity
from hptc.request.tuning_job import Definition, Resources


def instance_quotas(subject: Subject) -> Iterator[Finding]:
    """HPT911: more instances of a type in parallel than the account's quota.

    A quota that Service Quotas does not list is not checked. With several training job definitions
    AWS may count differently, so findings are warnings.
    """
    answer = subject.queries.get("quotas", subject.queries.account.inventory.quotas)
    if answer is None:
        return
    job = subject.job
    parallel = min(
        job.max_parallel_training_jobs,
        job.max_number_of_training_jobs or job.max_parallel_training_jobs,
    )
    for definition in job.definitions:
        for resources in definition.resources:
            results = [
                _too_many(definition, resources, type_, count, parallel, answer.value)
                for type_, count in _counts(resources)
            ]
            over = [finding for finding in results if finding is not None]
            if resources.is_flexible and len(over) < len(results):
                continue  # another of the alternatives fits
            for finding in over[:1] if resources.is_flexible else over:
                is_certain = not job.is_multiple and not resources.is_flexible
                yield finding if is_certain else replace(finding, severity=Severity.WARNING)


def _counts(resources: Resources) -> Iterator[tuple[str, int]]:
    """The instances of each type that one training job uses, or of each alternative."""
    if resources.is_flexible:
        yield from ((instance.type, instance.count) for instance in resources.instances)
        return
    counts: dict[str, int] = {}
    for instance in resources.instances:
        counts[instance.type] = counts.get(instance.type, 0) + instance.count
    yield from counts.items()


def _too_many(
    definition: Definition,
    resources: Resources,
    type_: str,
    count: int,
    parallel: int,
    quotas: Mapping[str, float],
) -> Finding | None:
    kind = "spot training" if definition.is_spot else "training"
    quota = quotas.get(f"{type_} for {kind} job usage")
    needed = parallel * count
    if quota is None or needed <= quota:
        return None
    at = next(instance for instance in resources.instances if instance.type == type_)
    fits = int(quota // count)
    lower = f"set max_parallel_training_jobs to {fits}, or " if fits else ""
    return Finding(
        code="HPT911",
        message=f"{parallel} parallel training jobs x {count} {type_} = {needed} instances, but "
        f"the account's quota for {kind} is {quota:g}",
        path=at.path / "InstanceType",
        label=f"at most {quota:g}",
        help=f"{lower}request an increase of `{type_} for {kind} job usage` to {needed} in Service "
        "Quotas",
    )

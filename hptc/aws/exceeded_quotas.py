"""Explains an exceeded quota of SageMaker in the numbers of the tuning job that exceeded it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hptc.frozen import frozen
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition, TuningJob

_EXCEEDED = re.compile(
    r"service limit '(?P<name>[^']+)' is (?P<limit>[\d.]+)[^,]*, "
    r"with current utilization of (?P<used>[\d.]+)[^,]*? "
    r"and a request delta of (?P<requested>[\d.]+)"
)
_INSTANCE_QUOTA = re.compile(r"(?P<type>ml\.\S+) for (?:spot )?training (?:warm pool )?job usage")


def quota_help(message: str, request: Mapping[str, Any] | None) -> str:
    """What to do about an exceeded quota.

    `request` is that of the tuning job; None for another call.
    """
    if "is not available in this region" in message:
        return "choose another instance type or another Region"
    quota = _read_quota(message)
    if quota is None:
        return "request a quota increase in Service Quotas, or make the tuning job smaller"
    if quota.instance_type is None:
        return (
            f"request an increase of '{quota.name}' above {quota.limit} in Service Quotas, or make "
            "the tuning job smaller"
        )
    return _instance_help(quota, quota.instance_type, read_job(request) if request else None)


@frozen
class _ExceededQuota:
    """An exceeded quota as AWS reports it. An instance quota is a number of instances."""

    name: str
    limit: Decimal
    used: Decimal
    requested: Decimal

    @property
    def free(self) -> Decimal:
        """What is left of the quota."""
        return max(Decimal(0), self.limit - self.used)

    @property
    def instance_type(self) -> str | None:
        """The type of the instances that the quota is for."""
        match = _INSTANCE_QUOTA.fullmatch(self.name)
        return match["type"] if match else None


def _read_quota(message: str) -> _ExceededQuota | None:
    match = _EXCEEDED.search(message)
    if match is None:
        return None
    return _ExceededQuota(
        name=match["name"],
        limit=Decimal(match["limit"]),
        used=Decimal(match["used"]),
        requested=Decimal(match["requested"]),
    )


def _instance_help(quota: _ExceededQuota, instance_type: str, job: TuningJob | None) -> str:
    """How a tuning job can stay within an instance quota."""
    increase = (
        f"request {quota.used + quota.requested} or more for '{quota.name}' in Service Quotas"
    )
    available = f"only {quota.free} {'is' if quota.free == 1 else 'are'} available"
    count = _instance_count(job.definitions, instance_type) if job is not None else 0
    if job is None or job.max_parallel_training_jobs * count != quota.requested:
        return (
            f"the tuning job needs {quota.requested} more instances at once "
            f"(max_parallel_training_jobs x instance_count), but {available}: lower "
            f"max_parallel_training_jobs, or {increase}"
        )
    fitting = int(quota.free // count)
    lower = f"set max_parallel_training_jobs to {fitting}, or " if fitting else ""
    return (
        f"{job.max_parallel_training_jobs} parallel training jobs x {count} {instance_type} = "
        f"{quota.requested} instances at once, but {available}: {lower}{increase}"
    )


def _instance_count(definitions: tuple[Definition, ...], instance_type: str) -> int:
    """The instances of a type that one training job uses; 0 if the definitions differ in it."""
    counts = {
        sum(instance.count for instance in definition.instances if instance.type == instance_type)
        for definition in definitions
    }
    return counts.pop() if len(counts) == 1 else 0

"""Renders the progress of a tuning job as a line of JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hptc.jobs.job_progress import JobProgress
from hptc.render.documents.envelope import document_line
from hptc.render.jobs_json import (
    limits_data,
    objectives_data,
    training_job_data,
    training_jobs_data,
)
from hptc.text import iso_time

if TYPE_CHECKING:  # not needed to render
    from hptc.cost.spending import SpentCost
    from hptc.render.documents.tuning_jobs import SpentCostData, WatchData, WatchedJobData


def watch_line(progress: JobProgress, now: datetime) -> str:
    """The document of `hptc watch` for one change."""
    data: WatchData = {"time": iso_time(now) or "", "job": _job_data(progress)}
    return document_line("watch", data)


def _job_data(job: JobProgress) -> WatchedJobData:
    return {
        "name": job.name,
        "status": job.status,
        "outcome": job.outcome.value if job.outcome is not None else None,
        "stop_reason": job.stop_reason or None,
        "failure_reason": job.failure_reason or None,
        "strategy": job.strategy,
        "elapsed_seconds": job.elapsed_seconds,
        "expected_training_jobs": job.training_jobs,
        "training_jobs": training_jobs_data(job.counters),
        "objectives": objectives_data(job.objectives),
        "limits": limits_data(job.limits),
        "best": training_job_data(job.best),
        "running": None
        if job.running is None
        else [
            {
                "name": training_job.name,
                "status": training_job.status,
                "definition": training_job.definition or None,
                "seconds": training_job.seconds,
            }
            for training_job in job.running
        ],
        "cost": _cost_data(job.cost) if job.cost is not None else None,
        "remaining": None
        if job.remaining is None
        else {"seconds": job.remaining.seconds, "is_limit": job.remaining.is_limit},
    }


def _cost_data(cost: SpentCost) -> SpentCostData:
    amounts = (cost.usd, cost.usd_low, cost.max_instance_hours, cost.max_usd)
    usd, low, max_hours, max_usd = (None if amount is None else str(amount) for amount in amounts)
    return {
        "instance_hours": str(cost.instance_hours),
        "usd": usd,
        "usd_low": low,
        "max_instance_hours": max_hours,
        "max_usd": max_usd,
    }

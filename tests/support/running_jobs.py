"""A tuning job that advances with a clock, on the fake service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hptc.cost.bound import CostBound, cost_bound
from hptc.errors import AwsError
from hptc.request.tuning_job import TuningJob
from hptc.service.tuning_jobs import TrainingJob
from tests.support.fake_service import CREATED, FakeTuning
from tests.support.jobs import definition
from tests.support.prices import price_table

NAME = "churn-1a2b3c4d"


def bound_of(job: TuningJob, region: str) -> CostBound:
    return cost_bound(job, region, price_table(m5_xlarge="0.6"))


def at(minutes: float) -> datetime:
    return CREATED + timedelta(minutes=minutes)


def request(**config: Any) -> dict[str, Any]:
    """A tuning job of four training jobs of an hour at most, two in parallel."""
    limits = {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}
    objective = {"Type": "Maximize", "MetricName": "validation:auc"}
    return {
        "HyperParameterTuningJobName": NAME,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": objective,
            "ResourceLimits": limits,
            **config,
        },
        "TrainingJobDefinition": definition(
            StoppingCondition={"MaxRuntimeInSeconds": 3600},
            ResourceConfig={
                "InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10
            },
        ),
    }  # fmt: skip


def training_job(
    number: int, start: float, end: float | None = None, *, status: str = "", value: float = 0.5
) -> TrainingJob:
    """A training job that was created at a minute, and ended at another one if it has."""
    return TrainingJob(
        name=f"{NAME}-{number:03}-abcd",
        status=status or ("InProgress" if end is None else "Completed"),
        metric_name="validation:auc",
        metric_value=None if end is None else value,
        objective_type="Maximize",
        tuned_hyperparameters=(("eta", "0.1"),),
        created=at(start),
        started=at(start),
        ended=None if end is None else at(end),
    )


@dataclass
class Service(FakeTuning):
    """Reports the next of several states at each Describe, the last one forever.

    A state is the training jobs, newest first, and the status; an error in its place is raised.
    """

    states: list[tuple[list[TrainingJob], str] | AwsError] = field(default_factory=list)
    more: Mapping[str, Any] = field(default_factory=dict)  # members of the description

    def describe(self, name: str) -> Mapping[str, Any] | None:
        self.calls.append("describe")
        state = self.states[0]
        if len(self.states) > 1:
            self.states.pop(0)
        if isinstance(state, AwsError):
            raise state
        jobs, status = state
        self.training_jobs[NAME] = jobs
        counts = {
            kind: sum(job.status == kind for job in jobs) for kind in ("Completed", "Stopped")
        }
        described: dict[str, Any] = {
            **request(),
            "HyperParameterTuningJobArn": f"arn:aws:sagemaker:us-east-1:1:x/{NAME}",
            "HyperParameterTuningJobStatus": status,
            "CreationTime": CREATED,
            "TrainingJobStatusCounters": {
                **counts,
                "InProgress": sum(job.status == "InProgress" for job in jobs),
                "NonRetryableError": sum(job.status == "Failed" for job in jobs),
            },
            "ObjectiveStatusCounters": {"Succeeded": counts["Completed"]},
            **self.more,
        }
        done = [job for job in jobs if job.status == "Completed"]
        if done:
            best = max(done, key=lambda job: job.metric_value or 0)
            described["BestTrainingJob"] = {
                "TrainingJobName": best.name,
                "TrainingJobStatus": best.status,
                "TunedHyperParameters": dict(best.tuned_hyperparameters),
                "FinalHyperParameterTuningJobObjectiveMetric": {
                    "MetricName": "validation:auc", "Value": best.metric_value, "Type": "Maximize"
                },
            }  # fmt: skip
        return described

    def list_training_jobs(self, name: str, *, limit: int | None = None) -> Iterator[TrainingJob]:
        self.calls.append("list_training_jobs")
        return iter(self.training_jobs[name][:limit])


@dataclass
class Ticks:
    """A clock in minutes that only `sleep` advances, and what it was asked to sleep."""

    minutes: float = 0.0
    sleeps: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        return at(self.minutes)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.minutes += seconds / 60
        self.on_sleep()

"""A tuning job with many training jobs in a fake service: the same one every time."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.scales import at_share, share_of
from hptc.request.tuning_job import CategoricalRange, NumericRange
from hptc.service.tuning_jobs import LogEvent, TrainingJob
from tests.support.fake_service import FakeTuning

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
END = START + timedelta(hours=9)
SECRET = "AKIA" + "ABCDEFGHIJKLMNOP"

SPEC = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 100, max_parallel_training_jobs: 5}
early_stopping: Auto
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  hyperparameters:
    epochs: 20
    eta: {type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}
    momentum: {type: Continuous, min: 0.5, max: 0.999, scaling: ReverseLogarithmic}
    max_depth: {type: Integer, min: 2, max: 12}
    dropout: {type: Continuous, min: 0, max: 0.6, scaling: Linear}
    optimizer: {type: Categorical, values: [adam, sgd, lamb]}
  algorithm:
    training_image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:3
    metric_definitions: {"validation:auc": "auc=([0-9.]+)"}
  role_arn: arn:aws:iam::123456789012:role/tuner
  inputs:
    train: {s3: "s3://bucket/train/", content_type: text/csv}
  output: {s3_output_path: "s3://bucket/out/"}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""
SPOT = SPEC + "  spot: {max_wait_time: 2h}\n"
REASONS = (
    "AlgorithmError: framework error: exit code 1, batch 412 of {name}",
    "ClientError: No space left on device; the volume of {name} has 30 GB",
)


def compiled(text: str = SPEC) -> Compiled:
    outcome = compile_text(text, "churn.yaml", Workspace(rules=()))
    assert isinstance(outcome, Compiled), outcome.diagnostics
    return outcome


def tuned(
    text: str = SPEC,
    *,
    training_jobs: int = 100,
    status: str = "Completed",
    best_eta: float = 0,
    seed: int = 7,
) -> tuple[FakeTuning, str]:
    """A service with one tuning job, and the job's name.

    The best values of `eta` are at its minimum, or at another share of its scale; those of
    `momentum` are in the middle, and `dropout` has no effect. Every 25th training job failed, and
    every 9th was stopped early.
    """
    spec = compiled(text)
    name = spec.job.name
    tuning = FakeTuning()
    arn = tuning.add(spec.request, status=status)
    tuning.tags[arn] |= {
        "hptc:project": "churn",
        "hptc:environment": "dev",
        "hptc:spec": "specs/churn.yaml",
        "hptc:digest": spec.digest,
        "hptc:commit": "0123abc",
    }
    random = Random(seed)
    listed = [
        _training_job(number, spec, random, best_eta) for number in range(1, training_jobs + 1)
    ]
    if status == "InProgress":
        listed[-1] = _running(listed[-1])
    tuning.training_jobs[name] = listed[::-1]
    for training_job in listed:
        if training_job.failure_reason:
            tuning.logs[training_job.name] = _log(training_job)
        if training_job.started and training_job.ended:
            seconds = int((training_job.ended - training_job.started).total_seconds())
            tuning.descriptions[training_job.name] = {
                "TrainingJobName": training_job.name,
                "BillableTimeInSeconds": seconds * 3 // 10,
            }
    tuning.jobs[name] |= _progress(listed, status)
    return tuning, name


def _training_job(number: int, spec: Compiled, random: Random, best_eta: float) -> TrainingJob:
    definition = spec.job.definitions[number % len(spec.job.definitions)]
    values: dict[str, str] = {}
    shares: dict[str, float] = {}
    for range_ in definition.ranges:
        match range_:
            case NumericRange(name=name):
                share = random.random()
                if number > 20 and name == "eta":
                    share = abs(best_eta - share**4)
                values[name] = at_share(range_, share)
                shares[name] = share_of(range_, values[name])
            case CategoricalRange(name=name, values=choices):
                values[name] = random.choice(choices)
    value = 0.95 - 0.2 * abs(shares.get("eta", best_eta) - best_eta)
    value -= 0.3 * (shares.get("momentum", 0.45) - 0.45) ** 2
    value -= 0.02 * abs(int(values.get("max_depth", 7)) - 7) / 5
    value -= 0.01 * (values.get("optimizer") == "sgd")
    value += random.gauss(0, 0.002)
    has_failed, is_stopped = number % 25 == 0, number % 9 == 0 and number % 25 != 0
    seconds = 90 if has_failed else (400 if is_stopped else random.randrange(1200, 1500))
    name = f"{spec.job.name}-{number:03}-{random.randrange(16**8):08x}"
    started = START + timedelta(seconds=(number - 1) // 5 * 1600 + 60)
    return TrainingJob(
        name=name,
        definition=definition.name or "" if spec.job.is_multiple else "",
        arn=f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
        status="Failed" if has_failed else ("Stopped" if is_stopped else "Completed"),
        metric_name="" if has_failed else "validation:auc",
        metric_value=None if has_failed else round(value - 0.1 * is_stopped, 6),
        objective_type="" if has_failed else "Maximize",
        objective_status="Failed" if has_failed else "Succeeded",
        tuned_hyperparameters=tuple(sorted(values.items())),
        created=started - timedelta(seconds=60 - (number - 1) % 5),
        started=started,
        ended=started + timedelta(seconds=seconds),
        failure_reason=REASONS[number == 100].format(name=name) if has_failed else "",
    )


def _running(job: TrainingJob) -> TrainingJob:
    return TrainingJob(
        name=job.name,
        status="InProgress",
        objective_status="Pending",
        tuned_hyperparameters=job.tuned_hyperparameters,
        created=job.created,
        started=job.started,
    )


def _log(job: TrainingJob) -> list[LogEvent]:
    lines = [
        *(f"epoch {epoch}: auc=0.8" for epoch in range(20)),
        f"connecting with {SECRET}",
        "Traceback (most recent call last):",
        "\x1b[31mRuntimeError: <script>alert('batch')</script>\x1b[0m",
    ]
    return [
        LogEvent(time=START + timedelta(seconds=index), message=line, stream=f"{job.name}/algo-1-1")
        for index, line in enumerate(lines)
    ]


def _progress(listed: list[TrainingJob], status: str) -> dict[str, Any]:
    succeeded = [training_job for training_job in listed if training_job.metric_value is not None]
    best = max(succeeded, key=lambda job: job.metric_value or -math.inf)
    ended = {} if status == "InProgress" else {"HyperParameterTuningEndTime": END}
    return {
        "CreationTime": START,
        "LastModifiedTime": END,
        "TrainingJobStatusCounters": {
            "Completed": sum(job.status == "Completed" for job in listed),
            "InProgress": sum(job.status == "InProgress" for job in listed),
            "NonRetryableError": sum(job.status == "Failed" for job in listed),
            "Stopped": sum(job.status == "Stopped" for job in listed),
        },
        "ObjectiveStatusCounters": {
            "Succeeded": len(succeeded),
            "Failed": len(listed) - len(succeeded),
        },
        "BestTrainingJob": {
            "TrainingJobName": best.name,
            "TrainingJobStatus": best.status,
            "FinalHyperParameterTuningJobObjectiveMetric": {
                "MetricName": best.metric_name,
                "Value": best.metric_value,
            },
            "TunedHyperParameters": dict(best.tuned_hyperparameters),
        },
        **ended,
    }

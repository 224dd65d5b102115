"""Tuning jobs and training jobs for tests of the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hptc.diagnostics import RequestPath
from hptc.local.search.observation import Observation, Proposal, State
from hptc.local.search.proposals import propose
from hptc.request.reading import read_job
from hptc.request.tuning_job import AutoRange, CategoricalRange, NumericRange, Range, TuningJob


def tuning_job(
    *definitions: Sequence[Range],
    strategy: str = "Random",
    direction: str = "Minimize",
    jobs: int | None = 20,
    parallel: int = 1,
    static: Mapping[str, str] | None = None,
    **members: Any,
) -> TuningJob:
    """A tuning job with a definition for each sequence of ranges; members as in the API."""
    config: dict[str, Any] = {
        "Strategy": strategy,
        "HyperParameterTuningJobObjective": {"Type": direction, "MetricName": "score"},
        "ResourceLimits": {"MaxParallelTrainingJobs": parallel},
    }
    if jobs is not None:
        config["ResourceLimits"]["MaxNumberOfTrainingJobs"] = jobs
    config["ResourceLimits"].update(members.pop("ResourceLimits", {}))
    request = {"HyperParameterTuningJobName": "search"}
    request |= {
        name: members.pop(name) for name in ("Autotune", "WarmStartConfig") & members.keys()
    }
    config |= members
    definition = {
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
        "StoppingCondition": {},
        "RoleArn": "arn:aws:iam::111122223333:role/example",
        "StaticHyperParameters": static or {},
    }
    body: dict[str, Any] = {**request, "HyperParameterTuningJobConfig": config}
    if len(definitions) == 1:
        body["TrainingJobDefinition"] = definition
    else:
        objective = config.pop("HyperParameterTuningJobObjective")
        body["TrainingJobDefinitions"] = [
            {**definition, "DefinitionName": f"d{index}", "TuningObjective": objective}
            for index in range(len(definitions))
        ]
    job = read_job(body)
    return replace(
        job,
        definitions=tuple(
            replace(definition, ranges=tuple(ranges))
            for definition, ranges in zip(job.definitions, definitions, strict=True)
        ),
    )


def continuous(name: str, low: str = "0", high: str = "1", scaling: str = "Linear") -> NumericRange:
    return NumericRange(
        kind="Continuous", name=name, min=low, max=high, scaling=scaling, path=RequestPath()
    )


def integer(name: str, low: str = "1", high: str = "10", scaling: str = "Linear") -> NumericRange:
    return NumericRange(
        kind="Integer", name=name, min=low, max=high, scaling=scaling, path=RequestPath()
    )


def categorical(name: str, *values: str) -> CategoricalRange:
    return CategoricalRange(name=name, values=values, path=RequestPath())


def automatic(name: str, hint: str) -> AutoRange:
    return AutoRange(name=name, value_hint=hint, path=RequestPath())


def training_job(
    number: int,
    values: Mapping[str, str] | None = None,
    *,
    objective: float | None = None,
    state: State = "succeeded",
    reports: Sequence[float] = (),
    definition: str = "",
) -> Observation:
    return Observation(
        number=number,
        definition=definition,
        values=values or {},
        state=state,
        objective=objective,
        reports=tuple(reports),
    )


def reproducible_proposal() -> Proposal | None:
    """A proposal of Bayesian search that depends on nothing else."""
    ranges = (continuous("a"), continuous("b"), categorical("c", "x", "y"))
    job = tuning_job(ranges, strategy="Bayesian")
    history = [
        training_job(
            n, {"a": f"{n / 20}", "b": f"{n * 7 % 20 / 20}", "c": "xy"[n % 2]},
            objective=(n - 8) ** 2 + n % 3,
        )
        for n in range(1, 20)
    ]  # fmt: skip
    return propose(job, history, number=20, seed=3)

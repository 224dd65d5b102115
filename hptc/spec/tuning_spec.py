"""What an author may write: the pydantic models of a tuning spec.

Plain data in, a `Spec` in its long form out, or findings. It knows types, keys and what belongs
together; bounds, enums and patterns are AWS's and stand in shapes.py. Nearly every key is optional
here, because `defaults` and the environment may give it: what AWS requires is asked of the request.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from hptc.diagnostics import Finding, Severity, SpecPath
from hptc.source.construction import ANY_KEY, VerbatimKeys
from hptc.spec.schedule import ScheduleOrExpression
from hptc.spec.spec_model import Duration, SpecModel, Text, Texts, optional_key
from hptc.spec.training_job import TrainingJob
from hptc.spec.validation_findings import described, findings_of

_TRAINING_JOB_VERBATIM: VerbatimKeys = {
    "hyperparameters": True,
    "environment": True,
    "algorithm": {"version": True},
}
SPEC_VERBATIM: VerbatimKeys = {
    "tags": True,
    "training_job": _TRAINING_JOB_VERBATIM,
    "training_jobs": {ANY_KEY: _TRAINING_JOB_VERBATIM},
}
"""The keys of a spec that become text in the request, so that `1.10` stays `1.10`."""


class Hyperband(SpecModel):
    """How Hyperband gives out its resource: the epochs at which the objective is reported."""

    min_resource: int | None = optional_key(
        "The least that a training job gets before it may be stopped.", 1
    )
    max_resource: int | None = optional_key("The most that a training job gets.", 27)


class Limits(SpecModel):
    """How much the search may use."""

    max_number_of_training_jobs: int | None = optional_key(
        "How many training jobs the search may start in all.", 50
    )
    max_parallel_training_jobs: int | None = optional_key("How many may run at the same time.", 5)
    max_runtime: Duration | None = optional_key("How long the whole search may take.", "12h")


class BestObjectiveNotImproving(SpecModel):
    """Stop when the best value has stood still."""

    max_number_of_training_jobs_not_improving: int | None = optional_key(
        "How many training jobs in a row may fail to improve on the best.", 10
    )


class ConvergenceDetected(SpecModel):
    """Stop when SageMaker sees that the search has converged."""

    complete_on_convergence: str | None = optional_key("Whether to stop on convergence.", "Enabled")


class Completion(SpecModel):
    """When the search may end before its limits."""

    target_objective_metric_value: float | None = optional_key(
        "Stop at this value of the objective.", 0.95
    )
    best_objective_not_improving: BestObjectiveNotImproving | None = optional_key(
        "Stop when the best value has stood still."
    )
    convergence_detected: ConvergenceDetected | None = optional_key("Stop on convergence.")


class WarmStart(SpecModel):
    """Earlier searches to learn from."""

    type: str | None = optional_key("What may differ from the parents.", "TransferLearning")
    parents: Texts | None = optional_key(
        "Names of specs of this project, or of tuning jobs in AWS.", ["churn-xgboost"]
    )


class Spec(SpecModel):
    """A tuning spec: one search."""

    name: str = Field(
        description="The spec's name, from which the job's name is made.",
        examples=["churn-xgboost"],
    )
    description: str | None = optional_key(
        "What the search is for; kept out of the request.", "Churn model, weekly search"
    )
    job_name: str | None = optional_key(
        "An exact job name, instead of one made from the content.", "churn-2026-11"
    )
    strategy: str | None = optional_key("How configurations are chosen.", "Bayesian")
    hyperband: Hyperband | None = optional_key("How Hyperband gives out its resource.")
    limits: Limits | None = optional_key("How much the search may use.")
    early_stopping: str | None = optional_key(
        "Whether to stop training jobs that look bad.", "Auto"
    )
    completion: Completion | None = optional_key("When the search may end before its limits.")
    random_seed: int | None = optional_key("A seed, for a search that can be repeated.", 42)
    autotune: str | None = optional_key("Whether SageMaker chooses what is not given.", "Enabled")
    warm_start: WarmStart | None = optional_key("Earlier searches to learn from.")
    training_job: TrainingJob | None = optional_key("What each training job runs.")
    training_jobs: dict[str, TrainingJob] | None = optional_key(
        "Several algorithms in one search, by name; 1 to 10."
    )
    tags: dict[str, Text] | None = optional_key(
        "Tags of the tuning job and its training jobs.", {"team": "growth"}
    )
    schedule: ScheduleOrExpression | None = optional_key(
        "When the search is started by itself, each time as a job of its own: a schedule "
        "expression, or a mapping. Kept out of the request.",
        "cron(0 6 ? * MON *)",
    )

    @model_validator(mode="after")
    def _one_form_of_definitions(self) -> "Spec":
        for name, definition in (self.training_jobs or {}).items():
            if definition.definition_name is not None:
                raise PydanticCustomError(
                    "twice",
                    f"`{name}` is the definition's name already: leave out `definition_name`",
                )
        if self.training_job is not None and self.training_jobs is not None:
            raise PydanticCustomError(
                "twice",
                "is for several algorithms and `training_job` for one: keep one of the two",
                {"key": "training_jobs"},
            )
        return self

    @model_validator(mode="after")
    def _can_be_scheduled(self) -> "Spec":
        if self.schedule is None:
            return self
        if self.job_name is not None:
            raise PydanticCustomError(
                "twice",
                "is one name, and each job of a schedule needs its own: keep one of the two",
                {"key": "job_name"},
            )
        for definition in (self.training_job, *(self.training_jobs or {}).values()):
            for name in (definition.hyperparameters or {}) if definition else {}:
                if name.endswith(".$"):
                    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
                    raise PydanticCustomError(
                        "twice",
                        "the name of the hyperparameter `{name}` ends in .$, which is a path to "
                        "Step Functions: rename it, or drop the schedule",
                        {"key": "schedule", "name": name},
                    )
        return self


def _list_values(data: Mapping[str, Any]) -> Iterator[Finding]:
    """A warning for each list that is written as a hyperparameter's value, often meant as values.

    The long form, `{value: [...]}`, is explicit.
    """
    single = data.get("training_job")
    jobs: dict[SpecPath, Mapping[str, Any]] = {}
    if single is not None:
        jobs[SpecPath(("training_job",))] = single
    for name, several in (data.get("training_jobs") or {}).items():
        jobs[SpecPath(("training_jobs", name))] = several
    for path, training_job in jobs.items():
        for name, value in (training_job.get("hyperparameters") or {}).items():
            if isinstance(value, list):
                yield Finding(
                    code="HPT102",
                    severity=Severity.WARNING,
                    message=f"`{name}` is a list, which is one static value here",
                    path=path / "hyperparameters" / name,
                    help=f"write `{name}: {{type: Categorical, values: [...]}}` to tune it, or "
                    f"`{name}: {{value: [...]}}` to pass the whole list",
                )


def parse_spec(data: Any) -> tuple[Spec | None, list[Finding]]:
    """Plain data to a Spec, or what is wrong with it, every fault at its key path."""
    if not isinstance(data, Mapping):
        what = "is empty" if data is None else f"is {described(data)}"
        message = f"a spec is a mapping that begins with `name:`, but this {what}"
        return None, [
            Finding(
                code="HPT100",
                message=message,
                path=SpecPath(),
                help="`hptc init DIR` writes one to start from",
            )
        ]
    try:
        return Spec.model_validate(data), list(_list_values(data))
    except ValidationError as error:
        return None, findings_of(error, Spec, SpecPath)

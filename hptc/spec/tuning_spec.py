"""The pydantic models of a tuning spec, which parse plain data to a `Spec` or to findings.

The models check types, keys and which keys exclude each other. AWS's bounds, enums and patterns are
in shapes.py. Nearly every key is optional, because `defaults` and the environment can provide it;
what AWS requires is checked on the request.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from hptc.diagnostics import Finding, Severity, SpecPath
from hptc.source.construction import ANY_KEY, VerbatimKeys
from hptc.source.scalars import Scalar
from hptc.spec.schedule import ScheduleOrExpression
from hptc.spec.spec_model import Duration, StrictModel, Text, Texts, optional_key
from hptc.spec.training_job import TrainingJob
from hptc.spec.validation_findings import corrected, described, findings_of

_SHORT_SCALAR = r"[A-Za-z0-9.+-][A-Za-z0-9._+-]{0,15}"
_MAX_LIST_LENGTH = 60

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
"""The keys of a spec whose values become strings in the request: `1.10` stays `1.10`."""


class Hyperband(StrictModel):
    """The resources that Hyperband allocates, in epochs that report the objective metric."""

    min_resource: int | None = optional_key(
        "The minimum resources of a training job before it can be stopped.", 1
    )
    max_resource: int | None = optional_key("The maximum resources of a training job.", 27)


class Limits(StrictModel):
    """The resource limits of the tuning job."""

    max_number_of_training_jobs: int | None = optional_key(
        "The maximum number of training jobs that the tuning job launches.", 50
    )
    max_parallel_training_jobs: int | None = optional_key(
        "The maximum number of concurrent training jobs.", 5
    )
    max_runtime: Duration | None = optional_key("The maximum runtime of the tuning job.", "12h")


class BestObjectiveNotImproving(StrictModel):
    """Completes the tuning job when its best objective value stops improving."""

    max_number_of_training_jobs_not_improving: int | None = optional_key(
        "The number of consecutive training jobs without an improvement.", 10
    )


class ConvergenceDetected(StrictModel):
    """Completes the tuning job when SageMaker detects convergence."""

    complete_on_convergence: str | None = optional_key(
        "Whether to complete the tuning job on convergence.", "Enabled"
    )


class Completion(StrictModel):
    """The criteria that complete the tuning job before its limits."""

    target_objective_metric_value: float | None = optional_key(
        "The objective value that completes the tuning job.", 0.95
    )
    best_objective_not_improving: BestObjectiveNotImproving | None = optional_key(
        "Completes the tuning job when its best objective value stops improving."
    )
    convergence_detected: ConvergenceDetected | None = optional_key(
        "Completes the tuning job when SageMaker detects convergence."
    )


class WarmStart(StrictModel):
    """Previous tuning jobs to use as the starting point."""

    type: str | None = optional_key(
        "How the tuning job can differ from its parents.", "TransferLearning"
    )
    parents: Texts | None = optional_key(
        "The names of specs in this project or of existing tuning jobs, or `latest(SPEC)` for the "
        "newest completed tuning job of a spec.",
        ["churn-xgboost"],
    )


class Spec(StrictModel):
    """A tuning spec, which defines one tuning job."""

    name: str = Field(
        description="The name of the spec, from which the name of the tuning job is derived.",
        examples=["churn-xgboost"],
    )
    description: str | None = optional_key(
        "The purpose of the tuning job. Not part of the request.", "Churn model, tuned weekly"
    )
    job_name: str | None = optional_key(
        "A fixed name for the tuning job, instead of one derived from its content.", "churn-2026-11"
    )
    strategy: str | None = optional_key("The search strategy.", "Bayesian")
    hyperband: Hyperband | None = optional_key("The resources that Hyperband allocates.")
    limits: Limits | None = optional_key("The resource limits of the tuning job.")
    early_stopping: str | None = optional_key(
        "Whether to stop training jobs early that are unlikely to improve the objective.", "Auto"
    )
    completion: Completion | None = optional_key(
        "The criteria that complete the tuning job before its limits."
    )
    random_seed: int | None = optional_key(
        "A seed for reproducible hyperparameter configurations.", 42
    )
    autotune: str | None = optional_key(
        "Whether Autotune chooses the settings that are not specified.", "Enabled"
    )
    warm_start: WarmStart | None = optional_key(
        "Previous tuning jobs to use as the starting point."
    )
    training_job: TrainingJob | None = optional_key(
        "The definition of the training jobs that a tuning job launches."
    )
    training_jobs: dict[str, TrainingJob] | None = optional_key(
        "The training job definitions of a tuning job with several algorithms, by name."
    )
    tags: dict[str, Text] | None = optional_key(
        "The tags of the tuning job and its training jobs.", {"team": "growth"}
    )
    schedule: ScheduleOrExpression | None = optional_key(
        "When to launch the tuning job automatically, each time under a new name: a schedule "
        "expression or a mapping. Not part of the request.",
        "cron(0 6 ? * MON *)",
    )

    @model_validator(mode="after")
    def _has_one_form_of_definitions(self) -> "Spec":
        for name, definition in (self.training_jobs or {}).items():
            if definition.definition_name is not None:
                raise PydanticCustomError(
                    "twice",
                    f"names the definition `{name}`: remove its `definition_name`",
                    {"key": "training_jobs"},
                )
        if self.training_job is not None and self.training_jobs is not None:
            raise PydanticCustomError(
                "twice",
                "can't be combined with `training_job`: keep one of the two",
                {"key": "training_jobs"},
            )
        return self

    @model_validator(mode="after")
    def _suits_its_schedule(self) -> "Spec":
        if self.schedule is None:
            return self
        if self.job_name is not None:
            raise PydanticCustomError(
                "twice",
                "can't be combined with `schedule`, which needs a new name for each job",
                {"key": "job_name"},
            )
        for definition in (self.training_job, *(self.training_jobs or {}).values()):
            for name in (definition.hyperparameters or {}) if definition else {}:
                if name.endswith(".$"):
                    # https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
                    raise PydanticCustomError(
                        "twice",
                        "the hyperparameter name `{name}` ends in .$, which Step Functions reads "
                        "as a path: rename it or remove the schedule",
                        {"key": "schedule", "name": name},
                    )
        return self


def _list_values(data: Mapping[str, Any]) -> Iterator[Finding]:
    """A warning for each hyperparameter that is a bare list, which may have been meant to be tuned.

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
                items = _list_text(value)
                yield Finding(
                    code="HPT102",
                    severity=Severity.WARNING,
                    message=f"`{name}` is a list, which is one static value here",
                    path=path / "hyperparameters" / name,
                    help=f"write `{name}: {{type: Categorical, values: {items}}}` to tune it, or "
                    f"`{name}: {{value: {items}}}` to pass the whole list",
                )


def _list_text(items: list[Any]) -> str:
    """A short list of plain scalars as YAML; `[...]` for any other, which may contain a secret."""
    texts = [item.text if isinstance(item, Scalar) else item for item in items]
    if items and all(isinstance(text, str) and re.fullmatch(_SHORT_SCALAR, text) for text in texts):
        shown = f"[{', '.join(texts)}]"
        if len(shown) <= _MAX_LIST_LENGTH:
            return shown
    return "[...]"


def parse_spec(data: object) -> tuple[Spec | None, list[Finding]]:
    """Plain data to a Spec, with every finding at its key path.

    Errors leave no Spec, except for misspelled keys: the rest is checked with the keys as they were
    meant.
    """
    if not isinstance(data, Mapping):
        state = "is empty" if data is None else f"is {described(data)}"
        message = f"a spec must be a mapping with the key `name`, but this file {state}"
        return None, [
            Finding(
                code="HPT100",
                message=message,
                path=SpecPath(),
                help="run `hptc init DIR` to create an example",
            )
        ]
    try:
        return Spec.model_validate(data), list(_list_values(data))
    except ValidationError as error:
        findings = findings_of(error, Spec, SpecPath)
        meant = corrected(data, error, Spec)
    try:
        return (None if meant is None else Spec.model_validate(meant)), findings
    except ValidationError as error:
        return None, [*findings, *findings_of(error, Spec, SpecPath)]

"""HPT111 to HPT115: single or multiple training job definitions, and what belongs where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hptc.diagnostics import Finding, Fix, Remove, RequestPath, Severity
from hptc.request.names import RANGE_LISTS
from hptc.request.tuning_job import Definition, Objective
from hptc.rules.rule import Context, Rule, advice, error, set_value

_CONFIG = "HyperParameterTuningJobConfig"


def _has_ranges(ranges: Any) -> bool:
    return any((ranges or {}).get(member) for member in RANGE_LISTS.values())


def _defined_once(context: Context) -> tuple[Definition, ...]:
    """The definitions of a tuning job; none if HPT111 reports that it has both kinds of them."""
    members = ("TrainingJobDefinition", "TrainingJobDefinitions")
    has_both = all(context.request.get(member) is not None for member in members)
    return () if has_both else tuple(context.job.definitions)


def _misplaced(context: Context, definition: Definition) -> dict[str, RequestPath]:
    """Paths of a definition's objective and ranges, if they are in the wrong place."""
    request = context.request
    config = request[_CONFIG]
    places: dict[str, RequestPath] = {}
    if context.job.is_multiple:
        if config.get("HyperParameterTuningJobObjective") is not None:
            places["objective"] = RequestPath((_CONFIG, "HyperParameterTuningJobObjective"))
        if _has_ranges(config.get("ParameterRanges")):
            places["ranges"] = RequestPath((_CONFIG, "ParameterRanges"))
    elif definition.path == RequestPath(("TrainingJobDefinition",)):
        raw = request["TrainingJobDefinition"]
        if raw.get("TuningObjective") is not None:
            places["objective"] = definition.path / "TuningObjective"
        if _has_ranges(raw.get("HyperParameterRanges")):
            places["ranges"] = definition.path / "HyperParameterRanges"
    return places


@error("HPT111", "X01")
def ambiguous_training_job_definitions(rule: Rule, context: Context) -> Iterator[Finding]:
    """A request has both kinds of training job definitions, or neither.

    `TrainingJobDefinition` is for one algorithm, `TrainingJobDefinitions` for several. The API
    model marks both as optional, but SageMaker requires exactly one of them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    This only affects requests: in a spec, `training_job` and `training_jobs` are mutually
    exclusive.

    Bad (request):
        TrainingJobDefinition: null

    Good (request):
        HyperParameterTuningJobName: base
    """
    present = [
        member
        for member in ("TrainingJobDefinition", "TrainingJobDefinitions")
        if context.request.get(member) is not None
    ]
    if len(present) == 2:
        yield rule.finding(
            "`TrainingJobDefinition` is for one algorithm and `TrainingJobDefinitions` for several",
            RequestPath(("TrainingJobDefinitions",)),
            label="both are set",
            help="keep one of them",
            on_key=True,
        )
    elif not present and context.is_request:
        yield rule.finding(
            "the request has no training job definition",
            RequestPath(),
            help="add `TrainingJobDefinition`, or `TrainingJobDefinitions` for several algorithms",
        )


@error("HPT112", "X03", "X06")
def missing_objective(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job definition has no objective.

    A tuning job needs a metric to optimize. The API model marks the objective as optional because
    it can be in one of two places, but SageMaker requires it for each training job definition. With
    Autotune it may be optional (a published request omits it), so there the finding is a warning
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_job:
          objective: null

    Good:
        training_job:
          objective: {metric_name: loss, type: Minimize}
    """
    for definition in _defined_once(context):
        if definition.objective is None and "objective" not in _misplaced(context, definition):
            path = (
                definition.path / "TuningObjective"
                if context.job.is_multiple
                else RequestPath((_CONFIG, "HyperParameterTuningJobObjective"))
            )
            finding = rule.finding(
                f"{_subject(definition)} has no objective",
                path,
                help="add `objective: {metric_name: …, type: Minimize}`, or Maximize",
                on_key=True,
            )
            is_certain = not context.job.is_autotuned
            yield finding if is_certain else replace(finding, severity=Severity.WARNING)


@error("HPT113", "X04", "X07")
def nothing_to_tune(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job definition has no hyperparameter to tune.

    SageMaker requires at least one range for each training job definition, unless Autotune chooses
    the ranges
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters: {depth: 6, rate: 0.1}

    Good:
        training_job:
          hyperparameters: {depth: 6, rate: {type: Continuous, min: 0.1, max: 0.5}}
    """
    if context.job.is_autotuned:
        return
    for definition in _defined_once(context):
        if not definition.ranges and "ranges" not in _misplaced(context, definition):
            yield rule.finding(
                f"{_subject(definition)} has no hyperparameter to tune",
                definition.ranges_path,
                help="tune at least one, for example `rate: {type: Continuous, min: 0.1, max: "
                "0.5}`",
                on_key=True,
            )


@error("HPT114", "X05", "X08")
def misplaced_objective_or_ranges(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective or the ranges are in the wrong place for the kind of definitions.

    With one `TrainingJobDefinition`, they belong in `HyperParameterTuningJobConfig`. With
    `TrainingJobDefinitions`, each definition has its own `TuningObjective` and
    `HyperParameterRanges`
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    This only affects requests: in a spec, they are always part of the training job.

    Bad (request):
        TrainingJobDefinition:
          TuningObjective: {MetricName: loss, Type: Minimize}

    Good (request):
        HyperParameterTuningJobConfig:
          HyperParameterTuningJobObjective: {MetricName: loss, Type: Minimize}
    """
    first = next(iter(_defined_once(context)), None)
    if first is None:
        return
    for path in _misplaced(context, first).values():
        yield rule.finding(
            f"`{path[-1]}` is not valid here with "
            + ("`TrainingJobDefinitions`" if context.job.is_multiple else "a single definition"),
            path,
            help="move it into each of the `TrainingJobDefinitions`"
            if context.job.is_multiple
            else f"move it to `{_CONFIG}`",
            fixes=_moved(path, context, first.objective),
            on_key=True,
        )


def _moved(path: RequestPath, context: Context, objective: Objective | None) -> tuple[Fix, ...]:
    """The fix that moves the objective of a single definition to the tuning job."""
    if context.job.is_multiple or path[-1] != "TuningObjective" or objective is None:
        return ()
    to = RequestPath((_CONFIG, "HyperParameterTuningJobObjective"))
    name = set_value(to / "MetricName", objective.metric_name)
    direction = set_value(to / "Type", objective.type)
    return (advice(f"move it to `{_CONFIG}`", name, direction, Remove(path=path)),)


@error("HPT115", "N06", "N07")
def missing_or_duplicate_definition_name(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job definition has no name, or the name of another one.

    SageMaker identifies the definitions of a tuning job by `DefinitionName`, which must be unique
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    This only affects requests: in a spec, `training_jobs` is a map keyed by name.

    Bad (request):
        HyperParameterTuningJobConfig:
          HyperParameterTuningJobObjective: null
          ParameterRanges: null
        TrainingJobDefinition: null
        TrainingJobDefinitions:
          - TuningObjective: {MetricName: loss, Type: Minimize}
            HyperParameterRanges:
              IntegerParameterRanges: [{Name: depth, MinValue: "1", MaxValue: "40"}]
            AlgorithmSpecification:
              TrainingImage: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
              TrainingInputMode: File
              MetricDefinitions: [{Name: loss, Regex: "loss=([0-9.eE+-]+)"}]
            RoleArn: arn:aws:iam::111122223333:role/example
            OutputDataConfig: {S3OutputPath: "s3://artifacts/base/"}
            ResourceConfig: {InstanceType: ml.m5.xlarge, InstanceCount: 1, VolumeSizeInGB: 30}
            StoppingCondition: {MaxRuntimeInSeconds: 3600}

    Good (request):
        HyperParameterTuningJobConfig:
          HyperParameterTuningJobObjective: null
          ParameterRanges: null
        TrainingJobDefinition: null
        TrainingJobDefinitions:
          - DefinitionName: trees
            TuningObjective: {MetricName: loss, Type: Minimize}
            HyperParameterRanges:
              IntegerParameterRanges: [{Name: depth, MinValue: "1", MaxValue: "40"}]
            AlgorithmSpecification:
              TrainingImage: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
              TrainingInputMode: File
              MetricDefinitions: [{Name: loss, Regex: "loss=([0-9.eE+-]+)"}]
            RoleArn: arn:aws:iam::111122223333:role/example
            OutputDataConfig: {S3OutputPath: "s3://artifacts/base/"}
            ResourceConfig: {InstanceType: ml.m5.xlarge, InstanceCount: 1, VolumeSizeInGB: 30}
            StoppingCondition: {MaxRuntimeInSeconds: 3600}
    """
    if not context.job.is_multiple:
        return
    seen: set[str] = set()
    for definition in context.job.definitions:
        if definition.name is None:
            yield rule.finding(
                "a training job definition has no name",
                definition.path,
                help="add a unique `DefinitionName`",
            )
        elif definition.name in seen:
            yield rule.finding(
                f"two training job definitions are named `{definition.name}`",
                definition.path / "DefinitionName",
                label="already used",
                help="give each definition a unique name",
            )
        else:
            seen.add(definition.name)


def _subject(definition: Definition) -> str:
    return f"`{definition.name}`" if definition.name else "the tuning job"


RULES = (
    ambiguous_training_job_definitions,
    missing_objective,
    nothing_to_tune,
    misplaced_objective_or_ranges,
    missing_or_duplicate_definition_name,
)

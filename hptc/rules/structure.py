"""HPT11x: one training job definition or several, and what stands where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hptc.diagnostics import Finding, RequestPath, Severity
from hptc.request.names import RANGE_LISTS
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error, warning

_CONFIG = "HyperParameterTuningJobConfig"
_MAX_ENVIRONMENT_VARIABLES = 48


def _has_several(context: Context) -> bool:
    return context.job.is_multiple and len(context.job.definitions) > 1


def _has_ranges(ranges: Any) -> bool:
    return any((ranges or {}).get(member) for member in RANGE_LISTS.values())


def _misplaced(context: Context, definition: Definition) -> dict[str, RequestPath]:
    """Where the objective and the ranges of a definition stand if they stand in the wrong place."""
    request = context.request
    config = request[_CONFIG]
    places: dict[str, RequestPath] = {}
    if context.job.is_multiple:
        if config.get("HyperParameterTuningJobObjective") is not None:
            places["objective"] = RequestPath((_CONFIG, "HyperParameterTuningJobObjective"))
        if _has_ranges(config.get("ParameterRanges")):
            places["ranges"] = RequestPath((_CONFIG, "ParameterRanges"))
    elif not definition.path[1:]:
        raw = request["TrainingJobDefinition"]
        if raw.get("TuningObjective") is not None:
            places["objective"] = definition.path / "TuningObjective"
        if _has_ranges(raw.get("HyperParameterRanges")):
            places["ranges"] = definition.path / "HyperParameterRanges"
    return places


@error("HPT111", "X01")
def not_one_form_of_definitions(rule: Rule, context: Context) -> Iterator[Finding]:
    """A request has both forms of training job definitions, or neither.

    `TrainingJobDefinition` is for one algorithm and `TrainingJobDefinitions` for several. The API's
    model marks both as optional, but SageMaker takes exactly one of them
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    A spec can't say this: its `training_job` and `training_jobs` exclude each other.

    Bad (request):
        TrainingJobDefinition: null

    Good (request):
        HyperParameterTuningJobName: base
    """
    given = [
        member
        for member in ("TrainingJobDefinition", "TrainingJobDefinitions")
        if context.request.get(member) is not None
    ]
    if len(given) == 2:
        yield rule.finding(
            "`TrainingJobDefinition` is for one algorithm and `TrainingJobDefinitions` for several",
            RequestPath(("TrainingJobDefinitions",)),
            label="both are given",
            help="keep one of the two",
            on_key=True,
        )
    elif not given:
        yield rule.finding(
            "nothing says what the training jobs of the search run",
            RequestPath(),
            help="add `TrainingJobDefinition`, or `TrainingJobDefinitions` for several algorithms",
        )


@error("HPT112", "X03", "X06")
def definition_without_objective(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search has no objective.

    Without a metric to optimise there is nothing to search for. The API's model marks the objective
    as optional because it stands in one of two places, but SageMaker demands it for each training
    job definition. With Autotune that is not certain: a published request leaves it out, so it is a
    warning there
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_job:
          objective: null

    Good:
        training_job:
          objective: {metric_name: loss, type: Minimize}
    """
    for definition in context.job.definitions:
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
def definition_without_ranges(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job has no hyperparameter to tune.

    SageMaker demands at least one range for each training job definition, unless Autotune chooses
    them (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html).

    Bad:
        training_job:
          hyperparameters: {depth: 6, rate: 0.1}

    Good:
        training_job:
          hyperparameters: {depth: 6, rate: {type: Continuous, min: 0.1, max: 0.5}}
    """
    if context.job.is_autotuned:
        return
    for definition in context.job.definitions:
        if not definition.ranges and "ranges" not in _misplaced(context, definition):
            yield rule.finding(
                f"{_subject(definition)} has no hyperparameter to tune",
                definition.ranges_path,
                help="give one a range, such as `{type: Continuous, min: 0.1, max: 0.5}`",
                on_key=True,
            )


@error("HPT114", "X05", "X08")
def objective_or_ranges_out_of_place(rule: Rule, context: Context) -> Iterator[Finding]:
    """The objective or the ranges stand where the other form of definitions has them.

    With one `TrainingJobDefinition` they stand in `HyperParameterTuningJobConfig`; with several
    `TrainingJobDefinitions` each has its own `TuningObjective` and `HyperParameterRanges`
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    A spec can't say this: there they always stand with their training job.

    Bad (request):
        TrainingJobDefinition:
          TuningObjective: {MetricName: loss, Type: Minimize}

    Good (request):
        HyperParameterTuningJobConfig:
          HyperParameterTuningJobObjective: {MetricName: loss, Type: Minimize}
    """
    if not context.job.definitions:
        return
    for path in _misplaced(context, context.job.definitions[0]).values():
        yield rule.finding(
            f"`{path[-1]}` does not belong here when there "
            + ("are `TrainingJobDefinitions`" if context.job.is_multiple else "is one definition"),
            path,
            help="move it into each of the `TrainingJobDefinitions`"
            if context.job.is_multiple
            else f"move it to `{_CONFIG}`",
            on_key=True,
        )


@error("HPT115", "N06", "N07")
def definition_without_its_own_name(rule: Rule, context: Context) -> Iterator[Finding]:
    """One of several training job definitions has no name, or another's.

    SageMaker tells the definitions of a search apart by `DefinitionName`, which must be unique
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).
    A spec can't say this: its `training_jobs` are a map by name.

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
              MetricDefinitions: [{Name: loss, Regex: "loss=([0-9.]+)"}]
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
              MetricDefinitions: [{Name: loss, Regex: "loss=([0-9.]+)"}]
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
                "one of `TrainingJobDefinitions` has no name",
                definition.path,
                help="add `DefinitionName`, a name that no other has",
            )
        elif definition.name in seen:
            yield rule.finding(
                f"two of `TrainingJobDefinitions` have the name `{definition.name}`",
                definition.path / "DefinitionName",
                label="taken",
                help="give each a name of its own",
            )
        else:
            seen.add(definition.name)


@error("HPT116", "X11")
def warm_start_of_several(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search over several algorithms has a warm start.

    Warm start is for a single training job definition: results of one algorithm say nothing of
    another
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_jobs: {trees: {}, forest: {}}
        warm_start: {type: TransferLearning, parents: [earlier]}

    Good:
        training_jobs: {trees: {}, forest: {}}
    """
    if context.job.warm_start is not None and _has_several(context):
        yield rule.finding(
            f"a search over {len(context.job.definitions)} algorithms can't have a warm start",
            context.job.warm_start.path,
            help="remove `warm_start`, or make a search for each algorithm",
            on_key=True,
        )


@warning("HPT117", "X12")
def early_stopping_of_several(rule: Rule, context: Context) -> Iterator[Finding]:
    """A search over several algorithms has early stopping.

    The console's guide says that early stopping is for a single algorithm; the API's reference
    does not say so. Training jobs of different algorithms report at different times, so comparing
    them on the way is of little worth
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo-create-tuning-jobs.html).

    Bad:
        training_jobs: {trees: {}, forest: {}}
        early_stopping: Auto

    Good:
        training_jobs: {trees: {}, forest: {}}
        early_stopping: "Off"
    """
    if context.job.early_stopping == "Auto" and _has_several(context):
        yield rule.finding(
            f"early stopping is for one algorithm, but this search has "
            f"{len(context.job.definitions)}",
            RequestPath((_CONFIG, "TrainingJobEarlyStoppingType")),
            label="may be ignored or refused",
            help="remove `early_stopping`, or make a search for each algorithm",
        )


@error("HPT118", "X14")
def too_many_environment_variables_in_all(rule: Rule, context: Context) -> Iterator[Finding]:
    """The training jobs of a search have more than 48 environment variables together.

    48 is the most for each training job definition, and also for all definitions of a search
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTrainingJobDefinition.html).

    Bad:
        training_jobs:
          trees: &many
            environment: {
              V00: a, V01: a, V02: a, V03: a, V04: a, V05: a, V06: a, V07: a, V08: a, V09: a,
              V10: a, V11: a, V12: a, V13: a, V14: a, V15: a, V16: a, V17: a, V18: a, V19: a,
              V20: a, V21: a, V22: a, V23: a, V24: a}
          forest: *many

    Good:
        training_jobs:
          trees: {environment: {LOG_LEVEL: info}}
          forest: {environment: {LOG_LEVEL: info}}
    """
    total = 0
    for definition in context.job.definitions:
        for name in definition.environment:
            total += 1
            if total == _MAX_ENVIRONMENT_VARIABLES + 1 and _has_several(context):
                count = sum(len(each.environment) for each in context.job.definitions)
                yield rule.finding(
                    f"the training jobs have {count} environment variables together, but "
                    f"SageMaker takes {_MAX_ENVIRONMENT_VARIABLES} in a search",
                    definition.path / "Environment" / name,
                    label=f"the {total}th",
                    help="remove some, or make a search for each algorithm",
                    on_key=True,
                )


@warning("HPT119", "X09")
def objectives_in_opposite_directions(rule: Rule, context: Context) -> Iterator[Finding]:
    """One training job of a search maximises its metric, another minimises it.

    SageMaker compares the values of all definitions as they are, whatever their metric, to name the
    best training job. A loss and an accuracy have no common best, so that name means nothing
    (https://docs.aws.amazon.com/sagemaker/latest/dg/multiple-algorithm-hpo.html).

    Bad:
        training_jobs:
          trees: {objective: {metric_name: loss, type: Minimize}}
          forest:
            objective: {metric_name: accuracy, type: Maximize}
            algorithm: {metric_definitions: {accuracy: "accuracy=([0-9.]+)"}}

    Good:
        training_jobs:
          trees: {objective: {metric_name: loss, type: Minimize}}
          forest: {objective: {metric_name: loss, type: Minimize}}
    """
    if not context.job.is_multiple:
        return
    objectives = [each.objective for each in context.job.definitions if each.objective is not None]
    for objective in objectives:
        if objective.type != objectives[0].type:
            yield rule.finding(
                f"`{objective.metric_name}` is to {objective.type.lower()}, but "
                f"`{objectives[0].metric_name}` of the first algorithm to "
                f"{objectives[0].type.lower()}: the best of both means nothing",
                objective.path / "Type",
                label=f"not {objectives[0].type}",
                help="use metrics of one direction and scale, or make a search for each algorithm",
            )
            return


def _subject(definition: Definition) -> str:
    return f"`{definition.name}`" if definition.name else "the search"


RULES = (
    not_one_form_of_definitions,
    definition_without_objective,
    definition_without_ranges,
    objective_or_ranges_out_of_place,
    definition_without_its_own_name,
    warm_start_of_several,
    early_stopping_of_several,
    too_many_environment_variables_in_all,
    objectives_in_opposite_directions,
)

"""HPT321 to HPT324: the metrics that a training job reports: its own or the algorithm's."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.images import URIProblem, read_image
from hptc.catalog.misplaced_images import misplaced
from hptc.diagnostics import Finding, nearest
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error, warning
from hptc.text import listed_code


@error("HPT321", "M06", "M21")
def objective_without_metric_definition(rule: Rule, context: Context) -> Iterator[Finding]:
    """No metric definition has the name of the objective metric.

    SageMaker reads metrics from the log of a training job. It knows the metrics of built-in
    algorithms. For every other image, AWS's framework containers included, the training job must
    define them, and the objective must have exactly the same name
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          objective: {metric_name: "validation:loss", type: Minimize}
          algorithm: {metric_definitions: {"val_loss": "val_loss=([0-9.eE+-]+)"}}

    Good:
        training_job:
          objective: {metric_name: "validation:loss", type: Minimize}
          algorithm: {metric_definitions: {"validation:loss": "val_loss=([0-9.eE+-]+)"}}
    """
    for definition in context.job.definitions:
        image, objective = definition.training_image, definition.objective
        if image is None or objective is None or definition.algorithm_name is not None:
            continue
        if has_reference(image) or built_in(definition) is not None or _is_elsewhere(image):
            continue
        names = tuple(metric.name for metric in definition.metrics)
        if objective.metric_name in names:
            continue
        meant = nearest(objective.metric_name, names)
        yield rule.finding(
            f"no metric definition is named `{objective.metric_name}`",
            objective.path / "MetricName",
            label=f"did you mean `{meant}`?" if meant else "",
            replacement=meant or "",
            guessed_from=objective.metric_name,
            help=f"defined metrics: {listed_code(names)}"
            if names
            else "add it to `metric_definitions`, with a regular expression",
        )


def _is_elsewhere(image: str) -> bool:
    """Whether another rule reports the image itself: the right one may be a built-in algorithm."""
    return misplaced(image) is not None or isinstance(read_image(image), URIProblem)


def is_echo(definition: Definition) -> bool:
    """Whether the metric definitions are those that SageMaker adds and Describe returns."""
    return any(metric.name == "ObjectiveMetric" for metric in definition.metrics)


@error("HPT322", "M07")
def metric_definitions_for_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm has metric definitions.

    SageMaker knows the metrics of its built-in algorithms and rejects metric definitions for them,
    even if the image runs your own script
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad (xgboost):
        training_job:
          algorithm:
            metric_definitions: {"validation:rmse": "validation-rmse:([0-9.]+)"}

    Good (xgboost):
        training_job:
          algorithm:
            metric_definitions: null
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is not None and definition.metrics and not is_echo(definition):
            yield rule.finding(
                f"{algorithm.title} has predefined metrics, so metric definitions are not allowed",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                is_removable=True,
                help="remove `metric_definitions`; to report your own metrics, use a framework "
                "container or a custom image",
                on_key=True,
            )


@warning("HPT323", "M07")
def metric_definitions_copied_from_describe(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm has metric definitions from a Describe response.

    SageMaker adds the metric definitions of its built-in algorithms itself, and
    DescribeHyperParameterTuningJob returns them, including one named ObjectiveMetric. They are not
    part of a request: SageMaker rejects definitions that override those of a built-in algorithm
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeHyperParameterTuningJob.html).

    Bad (xgboost):
        training_job:
          algorithm:
            metric_definitions: {ObjectiveMetric: ".*#011validation-rmse:([0-9.]+).*"}

    Good (xgboost):
        training_job:
          algorithm:
            metric_definitions: null
    """
    for definition in context.job.definitions:
        algorithm = built_in(definition)
        if algorithm is not None and is_echo(definition):
            yield rule.finding(
                f"SageMaker adds these metric definitions for {algorithm.title}",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                is_removable=True,
                help="remove `metric_definitions`",
                on_key=True,
            )


@error("HPT324", "M08")
def metric_definitions_for_algorithm_resource(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm resource has metric definitions.

    An algorithm resource, your own or one from AWS Marketplace, defines its own metrics, and
    SageMaker rejects others
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrainingSpecification.html).

    Bad (algorithm-resource):
        training_job:
          algorithm:
            metric_definitions: {loss: "loss=([0-9.eE+-]+)"}

    Good (algorithm-resource):
        training_job:
          algorithm:
            metric_definitions: null
    """
    for definition in context.job.definitions:
        if definition.algorithm_name is not None and definition.metrics:
            yield rule.finding(
                f"the algorithm resource `{definition.algorithm_name}` has its own metric "
                "definitions",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                is_removable=True,
                help="remove `metric_definitions`",
                on_key=True,
            )


RULES = (
    objective_without_metric_definition,
    metric_definitions_for_built_in_algorithm,
    metric_definitions_copied_from_describe,
    metric_definitions_for_algorithm_resource,
)

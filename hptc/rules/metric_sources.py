"""HPT321..324: where the metrics of a job come from: its definitions, or the algorithm."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding, nearest
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error, warning


@error("HPT321", "M06", "M21")
def objective_without_metric_definition(rule: Rule, context: Context) -> Iterator[Finding]:
    """No metric definition finds the objective in the log.

    SageMaker reads metrics out of a training job's log. It knows the metrics of its own built-in
    algorithms; for every other image, AWS's framework containers among them, the job must define
    them, and the name must be the objective's to the letter
    (https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-metrics-variables.html).

    Bad:
        training_job:
          objective: {metric_name: "validation:loss", type: Minimize}
          algorithm: {metric_definitions: {"val_loss": "val_loss=([0-9.]+)"}}

    Good:
        training_job:
          objective: {metric_name: "validation:loss", type: Minimize}
          algorithm: {metric_definitions: {"validation:loss": "val_loss=([0-9.]+)"}}
    """
    for definition in context.job.definitions:
        image, objective = definition.training_image, definition.objective
        if image is None or objective is None or definition.algorithm_name is not None:
            continue
        if has_reference(image) or built_in(definition) is not None:
            continue
        names = tuple(metric.name for metric in definition.metrics)
        if objective.metric_name in names:
            continue
        meant = nearest(objective.metric_name, names)
        yield rule.finding(
            f"no metric definition is named `{objective.metric_name}`",
            objective.path / "MetricName",
            label=f"did you mean `{meant}`?" if meant else "",
            help=f"the job defines {', '.join(names)}"
            if names
            else "add `metric_definitions:` with this name and a regular expression",
        )


def is_echo(definition: Definition) -> bool:
    """Whether the metric definitions are those that AWS fills in and Describe returns."""
    return any(metric.name == "ObjectiveMetric" for metric in definition.metrics)


@error("HPT322", "M07")
def metric_definitions_of_a_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A built-in algorithm gets metric definitions.

    SageMaker knows the metrics of its built-in algorithms and refuses to have them defined, also
    when the image runs a script of yours
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
                f"{algorithm.title} has metrics of its own, which can't be defined",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                help="remove `metric_definitions`; to scrape a log of your own, use a framework "
                "container or your own image",
                on_key=True,
            )


@warning("HPT323", "M07")
def metric_definitions_copied_from_a_description(rule: Rule, context: Context) -> Iterator[Finding]:
    """The metric definitions of a built-in algorithm were copied from a description of a job.

    SageMaker fills in the metric definitions of its built-in algorithms, and a description of a
    tuning job returns them, one named ObjectiveMetric among them. They are no part of a request:
    AWS refuses definitions that override a built-in algorithm's
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
                f"these metric definitions are those that AWS fills in for {algorithm.title}",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                help="remove `metric_definitions`",
                on_key=True,
            )


@error("HPT324", "M08")
def metric_definitions_of_an_algorithm_resource(rule: Rule, context: Context) -> Iterator[Finding]:
    """An algorithm resource gets metric definitions.

    An algorithm resource, of yours or of AWS Marketplace, carries its own metric definitions, and
    AWS refuses others
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrainingSpecification.html).

    Bad (algorithm-resource):
        training_job:
          algorithm:
            metric_definitions: {loss: "loss=([0-9.]+)"}

    Good (algorithm-resource):
        training_job:
          algorithm:
            metric_definitions: null
    """
    for definition in context.job.definitions:
        if definition.algorithm_name is not None and definition.metrics:
            yield rule.finding(
                f"the algorithm `{definition.algorithm_name}` has metric definitions of its own",
                definition.path / "AlgorithmSpecification" / "MetricDefinitions",
                help="remove `metric_definitions`",
                on_key=True,
            )


RULES = (
    objective_without_metric_definition,
    metric_definitions_of_a_built_in_algorithm,
    metric_definitions_copied_from_a_description,
    metric_definitions_of_an_algorithm_resource,
)

"""Metric definitions for images that define their own, such as AWS's built-in algorithms.

A request for them has no metric definitions, because AWS adds its own to the training jobs. A
program that stands in for such an image prints the objective metric as XGBoost does
(`validation-auc:0.87`) or under its name (`validation:auc=0.87`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from hptc.metrics.corrections import NUMBER_GROUP
from hptc.request.tuning_job import Definition, Metric, TuningJob


def with_metrics(job: TuningJob) -> TuningJob:
    """The tuning job with a metric definition of the objective, where the request has none."""
    return replace(job, definitions=tuple(map(_with_metrics, job.definitions)))


def _with_metrics(definition: Definition) -> Definition:
    if definition.metrics or definition.objective is None:
        return definition
    name = definition.objective.metric_name
    path = definition.path / "AlgorithmSpecification" / "MetricDefinitions"
    metric = Metric(name=name, regex=objective_regex(name), path=path)
    return replace(definition, metrics=(metric,))


def objective_regex(name: str) -> str:
    """An expression for a metric, such as `validation:auc`."""
    words = "[-:]".join(re.escape(word) for word in name.split(":"))
    # CloudWatch shows the tab before it as #011.
    return rf"(?:^|[\s,;]|#011){words}\s*[:=]\s*{NUMBER_GROUP}"

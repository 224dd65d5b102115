"""What CreateHyperParameterTuningJob refuses, in the words of the service.

The API's shape is botocore's; the rules are those of hptc that AWS enforces at creation. What
AWS only finds out when training jobs start, or not at all, is accepted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import Path
from hptc.request.api_words import ApiWords
from hptc.request.conformance import Violation, violations
from hptc.request.emission import Request
from hptc.request.reading import read_job
from hptc.request.shapes import Shape, input_shape
from hptc.request.tuning_job import TuningJob
from hptc.rules import RULES
from hptc.rules.engine import check
from hptc.rules.rule import Context

_MAX_LISTED = 10
_ENFORCED = (
    *("HPT111", "HPT112", "HPT113", "HPT114", "HPT115", "HPT116", "HPT118"),
    *("HPT201", "HPT202", "HPT203", "HPT204", "HPT205", "HPT206"),
    *("HPT211", "HPT212", "HPT213", "HPT214", "HPT231", "HPT233", "HPT234", "HPT235"),
    *("HPT241", "HPT242", "HPT243", "HPT244", "HPT245", "HPT251"),
    *("HPT301", "HPT302", "HPT305", "HPT321", "HPT322", "HPT324"),
    *("HPT410", "HPT411", "HPT431", "HPT433", "HPT451", "HPT452", "HPT453", "HPT465"),
    *("HPT511", "HPT601", "HPT602", "HPT702", "HPT703", "HPT704", "HPT705", "HPT710"),
)
_TEXTS = {  # as people have reported them: see hptc/catalog/data/error_texts.json
    "HPT231": (
        "You don't have enough combinations of hyperparameter ranges for the number of training "
        "jobs."
    ),
    "HPT243": (
        "MaxResource parameter is not provided and could not be inferred from provided static "
        "hyperparameters of TrainingJobDefinition."
    ),
    "HPT302": (
        "Invalid training image. Please provide a valid Amazon Elastic Container Registry path of "
        "the Docker image to run."
    ),
    "HPT321": (
        "A metric is required for this hyperparameter tuning job objective. Provide a metric in "
        "the metric definitions."
    ),
    "HPT322": "You can't override the metric definitions for Amazon SageMaker algorithms.",
    "HPT324": "You can't override the metric definitions for AWS Marketplace algorithms.",
    "HPT511": (
        "EnableNetworkIsolation must be true for jobs using SageMaker Marketplace algorithms."
    ),
    "HPT602": "System prefix 'aws:' reserved for AWS usage in tag key.",
    "HPT703": (
        "The set of tunable plus static HyperParameter names is not the same across current and "
        "parent tuning jobs. Please ensure this set is constant when warm starting. Note that "
        "previously static HyperParameters can be tuned in warm start jobs and vice versa."
    ),
    "HPT710": (
        "Only the following fields in TrainingJobDefinition are allowed to change: "
        "[algorithmSpecification, inputDataConfig, outputDataConfig, staticHyperParameters, "
        "roleArn, resourceConfig, stoppingCondition, vpcConfig, enableManagedSpotTraining, "
        "checkpointConfig]."
    ),
}


def refusal(request: Request, parents: Mapping[str, Request]) -> str:
    """Why AWS would refuse a request; empty if it would not.

    `parents` are the requests of the warm-start parents that exist.
    """
    # AWS ignores members that it doesn't know.
    violated = [violation for violation in violations(request) if violation.kind != "unknown"]
    if violated:
        listed = "; ".join(_constraint(violation) for violation in violated[:_MAX_LISTED])
        count = "1 validation error" if len(violated) == 1 else f"{len(violated)} validation errors"
        return f"{count} detected: {listed}"
    job = read_job(request)
    return next(_violated_rules(request, job, parents), "")


def _violated_rules(
    request: Request, job: TuningJob, parents: Mapping[str, Request]
) -> Iterator[str]:
    known = {name: read_job(parent) for name, parent in parents.items()}
    rules = tuple(rule for rule in RULES if rule.code in _ENFORCED)
    words = ApiWords(request)
    for finding in check(Context(job=job, request=request, parents=known), rules):
        if finding.code in _ENFORCED:
            text = _TEXTS.get(finding.code) or words.rewrite(
                finding.message, finding.path, finding.hyperparameters
            )
            yield f"{text[0].upper()}{text[1:]}"


def _constraint(violation: Violation) -> str:
    """One violation, as the service words it.

    Examples: https://github.com/Kenza-AI/sagify/issues/57,
    https://github.com/aws-samples/aws-genai-llm-chatbot/issues/512
    """
    shape, value, path = violation.shape, violation.value, violation.path
    text = "null" if value is None else f"'{_shown(value)}'"
    where = f"Value {text} at '{_location(path)}' failed to satisfy constraint: "
    return where + _requirement(violation.kind, shape)


def _requirement(kind: str, shape: Shape) -> str:
    is_sized = shape.type in ("string", "list", "map")
    noun = "length" if is_sized else "value"
    match kind:
        case "missing":
            return "Member must not be null"
        case "enum":
            return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        case "minimum":
            return f"Member must have {noun} greater than or equal to {shape.minimum}"
        case "maximum":
            return f"Member must have {noun} less than or equal to {shape.maximum}"
        case "pattern":
            return f"Member must satisfy regular expression pattern: {shape.pattern}"
    return f"Member must be of type {shape.type}"


def _location(path: Path) -> str:
    """A path as the service writes it: `trainingJobDefinition.inputDataConfig.1.member.uri`."""
    parts: list[str] = []
    shape: Shape | None = input_shape()
    for part in path:
        if isinstance(part, int):
            parts += [str(part + 1), "member"]
            shape = shape.item if shape else None
        elif shape is not None and shape.type == "structure":
            parts.append(f"{part[:1].lower()}{part[1:]}")
            shape = shape.members.get(part)
        else:
            parts.append(part)
            shape = shape.item if shape else None
    return ".".join(parts)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)

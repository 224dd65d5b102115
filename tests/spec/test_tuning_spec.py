"""All problems of a file are reported in one run; complete outputs are compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from hptc.compiler.outcome import Failed
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.project import project_file
from hptc.render.diagnostics import Format, render
from hptc.source.construction import ANY_KEY, construct_data
from hptc.source.document import parse_document
from hptc.source.scalars import Scalar
from hptc.spec.spec_model import Text, Version
from hptc.spec.tuning_spec import SPEC_VERBATIM, Spec, parse_spec
from tests.support.golden import Golden
from tests.support.paths import ROOT

PROBLEMS = {
    "types": """\
name: 7
description: [a]
strategy: Bayes
limits: {max_number_of_training_jobs: "50", max_parallel_training_jobs: 2.5, max_runtime: 12 hours}
completion: {target_objective_metric_value: high}
random_seed: true
training_job:
  objective: validation:auc
  hyperparameters:
    a:
    b: {min: 1, max: 2}
    c: {type: Integer, min: 1}
    d: {type: Integer, min: 1, max: 2, values: [1]}
    e: {type: Float, min: 1, max: 2}
    f: {value: 1, min: 2}
    g: {type: Categorical, values: x}
  inputs: [train]
  resources: {instance_count: one, volume_size_in_gb: }
  enable_network_isolation: yes
  environment: {A: [1]}
tags: [team]
""",
    "keys": """\
name: keys
limit: {}
stratgy: Bayesian
HyperParameterTuning: {}
<<: {}
training_job:
  hyperparameter: {}
  algorithm: {builtin: xgboost, versions: 1}
  inputs: {train: {s3uri: x, s3: {uri: x}}}
  resources: {instancetype: ml.m5.large, volume_size: 1}
  vpc: {subnet_ids: []}
""",
    "together": """\
name: together
training_job:
  spot: {}
  enable_managed_spot_training: true
  stopping: {max_wait_time: 1h}
training_jobs:
  one: {definition_name: x}
warm_start: {parents: {a: b}}
""",
    "shape": """\
name: "not a name_"
job_name: far-too-long-for-a-tuning-job-of-sagemaker
strategy: bayesian
limits: {max_number_of_training_jobs: 0, max_parallel_training_jobs: 0, max_runtime: 1}
early_stopping: auto
training_job:
  objective: {metric_name: "", type: maximise}
  hyperparameters:
    eta: {type: Continuous, min: 0, max: 1, scaling: Log}
    many: {type: Categorical, values: []}
  algorithm: {training_image: "a b", input_mode: file}
  role_arn: tuning
  inputs: {"my data": {s3: bucket/train, compression_type: gzip}}
  resources: {instance_type: ml.m5.larg, instance_count: -1, volume_size_in_gb: 0}
  stopping: {max_runtime: 0}
  retry: {maximum_retry_attempts: 31}
  vpc: {subnets: [], security_group_ids: []}
  environment: {9A: x}
tags: {"a*": b}
""",
    "missing": "name: missing\ntraining_job: {}\n",
    "nothing": "description: x\n",
    "images": """\
name: images
training_jobs:
  one: {algorithm: {built_in: xgbost, version: 1.7-1}}
  two: {algorithm: {built_in: xgboost, version: 1.8-1}}
  three: {algorithm: {built_in: xgboost}}
  four: {algorithm: {built_in: xgboost, training_image: x}}
  five: {algorithm: {version: 1}}
""",
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_many_problems_in_one_run(name: str, golden: Golden) -> None:
    compiled = compile_text(PROBLEMS[name], f"{name}.yaml", Workspace())
    text = render(compiled.diagnostics, Format.TEXT)
    golden(f"messages/{name}.txt", text)
    for word in ("pydantic", "input_type", "union", "should", "model_", "literal", "Error"):
        assert word not in text
    assert isinstance(compiled, Failed)


def test_a_project_with_many_problems(golden: Golden, tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(
        "project: My Project\n"
        "spec: [specs]\n"
        "environments:\n"
        "  dev: {account: 12, region: useast1, variables: [a]}\n"
        "  prod:\n"
        "    account: 111122223333\n"
        "    infrastructure: {kms: x, network: yes, removal: keep}\n"
        "policy: {budget: 3, require_vpc: maybe, max_runtime: 1 day}\n",
        encoding="utf-8",
    )
    project, diagnostics = project_file.load(tmp_path / "hptc.yaml")
    assert project is None
    text = render(diagnostics, Format.TEXT).replace(str(tmp_path), "")
    golden("messages/project.txt", text)
    assert "should" not in text


DURATIONS: dict[str, tuple[Any, int | None]] = {
    "seconds": (90, 90),
    "seconds as text": ("90s", 90),
    "minutes": ("90m", 5400),
    "hours": ("12h", 43_200),
    "days": ("1d", 86_400),
    "no unit": ("90", None),
    "a fraction": ("1.5h", None),
    "two units": ("1h30m", None),
    "negative": ("-1h", None),
    "a space": ("1 h", None),
    "capital": ("1H", None),
    "a week": ("1w", None),
    "a line break": ("1h\n", None),
    "a fraction of a second": (1.5, None),
    "a boolean": (True, None),
}


@pytest.mark.parametrize(("value", "seconds"), DURATIONS.values(), ids=DURATIONS)
def test_duration(value: Any, seconds: int | None) -> None:
    spec, findings = parse_spec({"name": "x", "limits": {"max_runtime": value}})
    if seconds is None:
        (finding,) = findings
        assert finding.path == ("limits", "max_runtime")
    else:
        assert spec is not None
        assert spec.limits is not None
        assert spec.limits.max_runtime == seconds


LONG_FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "s3": (
        {"inputs": {"train": {"s3": "s3://b/x"}}},
        {"inputs": {"train": {"s3": {"s3_uri": "s3://b/x"}}}},
    ),
    "a static value": ({"hyperparameters": {"a": "x"}}, {"hyperparameters": {"a": {"value": "x"}}}),
    "one expression": (
        {"algorithm": {"metric_definitions": {"m": "x(.)"}}},
        {"algorithm": {"metric_definitions": {"m": ["x(.)"]}}},
    ),
    "text of a number": (
        {"environment": {"A": Scalar(text="010", value=10)}}, {"environment": {"A": "010"}}
    ),
    "text of a boolean": ({"environment": {"A": True}}, {"environment": {"A": "true"}}),
}  # fmt: skip


@pytest.mark.parametrize(("short", "long"), LONG_FORMS.values(), ids=LONG_FORMS)
def test_a_short_form_equals_its_long_form(short: dict[str, Any], long: dict[str, Any]) -> None:
    def parsed(training_job: dict[str, Any]) -> Spec:
        spec, findings = parse_spec({"name": "x", "training_job": training_job})
        assert findings == []
        assert spec is not None
        return spec

    assert parsed(short) == parsed(long)


STATIC_LISTS: dict[str, tuple[Any, bool]] = {
    "a list": (["sgd", "adam"], True),
    "an empty list": ([], True),
    "the long form": ({"value": ["sgd", "adam"]}, False),
    "a range": ({"type": "Categorical", "values": ["sgd", "adam"]}, False),
    "text": ("[1, 2]", False),
}


@pytest.mark.parametrize(("value", "is_reported"), STATIC_LISTS.values(), ids=STATIC_LISTS)
@pytest.mark.parametrize("at", [("training_job",), ("training_jobs", "one")], ids=".".join)
def test_a_list_in_place_of_a_value_is_a_warning(
    at: tuple[str, ...], value: Any, is_reported: bool
) -> None:
    data: Any = {"hyperparameters": {"optimizer": value}}
    for key in reversed(at):
        data = {key: data}
    spec, findings = parse_spec({"name": "x", **data})
    assert spec is not None
    assert [(finding.code, finding.severity, finding.path) for finding in findings] == (
        [("HPT102", "warning", (*at, "hyperparameters", "optimizer"))] if is_reported else []
    )


NAMES = ["version", "account", "tags", "variables", "environment", "hyperparameters", "algorithm"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_can_equal_a_key_of_the_language(name: str) -> None:
    text = f"""\
name: x
training_jobs:
  {name}:
    inputs: {{{name}: {{input_mode: Pipe, shuffle: {{seed: 7}}}}}}
    resources: {{instance_groups: {{{name}: {{instance_type: ml.m5.large, instance_count: 2}}}}}}
    enable_network_isolation: true
"""
    document, _ = parse_document(text, "spec.yaml")
    data, _ = construct_data(document, verbatim=SPEC_VERBATIM)
    spec, findings = parse_spec(data)
    assert findings == []
    assert spec is not None


def text_paths(annotation: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the values that become text below a model, `*` for each name."""
    if annotation in (Text, Version, Any):
        yield path
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for key, info in annotation.model_fields.items():
            yield from text_paths(info.annotation, (*path, key))
    elif get_origin(annotation) is dict:
        yield from text_paths(get_args(annotation)[1], (*path, ANY_KEY))
    else:
        of = get_args(annotation)
        for part in of[:1] if get_origin(annotation) is Annotated else of:
            yield from text_paths(part, path)


@pytest.mark.parametrize("path", sorted(set(text_paths(Spec))), ids=".".join)
def test_every_value_that_becomes_text_is_verbatim(path: tuple[str, ...]) -> None:
    verbatim: Any = SPEC_VERBATIM
    for key in path:
        verbatim = True if verbatim is True else verbatim[key]
    assert verbatim is True


@pytest.mark.parametrize("path", sorted((ROOT / "tests/golden/messages").glob("*.txt")), ids=str)
def test_no_golden_message_is_unused(path: Path) -> None:
    assert path.stem in {*PROBLEMS, "project"}


def test_a_spec_has_a_thousand_findings_at_most() -> None:
    _, findings = parse_spec({f"unknown_{number}": 1 for number in range(1100)})
    assert len(findings) == 1000


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (["a" * 13] * 4, f"[{', '.join(['a' * 13] * 4)}]"),
        ([*["a" * 13] * 3, "a" * 14], "[...]"),
        (["a" * 16], f"[{'a' * 16}]"),
        (["a" * 17], "[...]"),
        ([], "[...]"),
    ],
    ids=["60 characters", "61 characters", "a short value", "a long value", "empty"],
)
def test_a_short_list_is_quoted_in_the_advice(values: list[str], shown: str) -> None:
    _, findings = parse_spec(
        {"name": "x", "training_job": {"hyperparameters": {"optimizer": values}}}
    )
    (advice,) = [finding.help for finding in findings if finding.code == "HPT102"]
    assert f"values: {shown}}}" in advice

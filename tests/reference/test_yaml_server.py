"""The schemas in the YAML language server that editors run: what it shows while one types."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hptc.reference.schema import project_schema, spec_schema
from tests.support.paths import ROOT
from tests.support.yaml_server import PROGRAM, YamlServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PROGRAM.is_file() or shutil.which("node") is None,
        reason="node_modules/yaml-language-server is not installed: run make setup",
    ),
]
FOLDER = Path("/project")
"""The folder of files that exist only in the server's memory."""
WRONG = """\
name: churn
strategy: Bayes
limits: {max_number_of_training_jobs: many, max_parallel_training_jobs: 0}
early_stoping: Auto
training_job:
  hyperparameters:
    eta: {type: Continuous, min: 0.1}
    max_depth: {type: Integer, min: 1, max: 10, step: 2}
    alpha: {min: 1, max: 2}
  algorithm: {built_in: xgboost, framework: pytorch, version: 1.7-1}
  inputs:
    train: {s3: "s3://bucket/train/", dataset: {}}
  resources: {instance_type: ml.m5.huge, instance_count: 1}
training_jobs: {}
"""
MESSAGES = [
    (1, 'Value is not accepted. Valid values: "Bayesian", "Random", "Hyperband", "Grid".'),
    (2, 'Incorrect type. Expected "integer".'),
    (2, "Value is below the minimum of 1."),
    (3, "Property early_stoping is not allowed."),
    (6, 'Missing property "max".'),
    (7, "Property step is not allowed."),
    (8, 'Missing property "type".'),
    (9, "`framework` can't be combined with `built_in`: keep one of them"),
    (11, "`dataset` can't be combined with `s3`: keep one of them"),
    (12, "AWS does not accept this value: your editor's completion lists those that it does"),
    (13, "`training_jobs` can't be combined with `training_job`: keep one of them"),
]
PLACES = {
    "name: churn\n": (1, 0),
    "name: churn\ntraining_job:\n  ": (2, 2),
    "name: churn\ntraining_job:\n  objective:\n    ": (3, 4),
    "name: churn\ntraining_job:\n  hyperparameters:\n    eta: ": (3, 9),
    "name: churn\ntraining_job:\n  algorithm:\n    ": (3, 4),
    "name: churn\ntraining_job:\n  algorithm:\n    metric_definitions:\n      ": (4, 6),
    "name: churn\ntraining_job:\n  inputs:\n    train:\n      ": (4, 6),
    "name: churn\ntraining_job:\n  resources:\n    instance_type: ": (3, 19),
    "name: churn\ntraining_job:\n  vpc:\n    subnets: ": (3, 13),
    "name: churn\nwarm_start:\n  ": (2, 2),
    "name: churn\ntags:\n  ": (2, 2),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[YamlServer]:
    folder = tmp_path_factory.mktemp("schemas")
    spec, project = folder / "spec.schema.json", folder / "project.schema.json"
    spec.write_text(json.dumps(spec_schema()), "utf-8")
    project.write_text(json.dumps(project_schema()), "utf-8")
    with YamlServer({spec: "**/specs/*.yaml", project: "**/hptc.yaml"}) as server:
        yield server


def completions(server: YamlServer, text: str) -> dict[str, str]:
    """The completions at the end of a spec: what each inserts, by its label."""
    path = FOLDER / "specs" / f"{abs(hash(text))}.yaml"
    server.open(path, text)
    offers = server.complete(path, *PLACES[text])
    return {
        completion["label"]: completion.get("insertText", completion["label"])
        for completion in offers
    }


def test_no_spec_of_this_repository_has_a_diagnostic(server: YamlServer) -> None:
    specs = [*(ROOT / "specs").glob("*.yaml"), *(ROOT / "examples").glob("*/specs/*.yaml")]
    projects = [ROOT / "hptc.yaml", *(ROOT / "examples").glob("*/hptc.yaml")]
    diagnostics = server.open_all({path: path.read_text("utf-8") for path in (*specs, *projects)})
    assert len(diagnostics) > 20
    assert {path: messages for path, messages in diagnostics.items() if messages} == {}


def test_each_mistake_has_one_clear_message(server: YamlServer) -> None:
    diagnostics = server.open(FOLDER / "specs" / "wrong.yaml", WRONG)
    assert (
        sorted(
            (diagnostic["range"]["start"]["line"], diagnostic["message"])
            for diagnostic in diagnostics
        )
        == MESSAGES
    )
    assert {diagnostic["severity"] for diagnostic in diagnostics} == {1}


@pytest.mark.parametrize("text", PLACES)
def test_labels_are_texts(server: YamlServer, text: str) -> None:
    labels = completions(server, text)
    assert labels
    assert [label for label in labels if "object" in label.lower() and label != "objective"] == []
    assert [documentation for documentation in labels.values() if "[object" in documentation] == []


def test_a_range_is_inserted_with_numbers(server: YamlServer) -> None:
    text = next(text for text in PLACES if text.endswith("eta: "))
    labels = completions(server, text)
    assert yaml.safe_load(labels["Integer range"]) == {"type": "Integer", "min": 1, "max": 10}
    continuous = yaml.safe_load(labels["Continuous range"])
    assert continuous == {"type": "Continuous", "min": 0.001, "max": 0.5}
    assert {"Categorical range", "Auto range"} <= {*labels}


def test_a_key_shows_its_description(server: YamlServer) -> None:
    text = (ROOT / "specs" / "cifar10-spot.yaml").read_text("utf-8")
    path = FOLDER / "specs" / "hover.yaml"
    server.open(path, text)
    lines = text.splitlines()
    shown = {}
    for key in ("strategy", "training_job", "kms_key_id", "s3_output_path", "s3_uri", "output"):
        line = next(number for number, line in enumerate(lines) if line.strip().startswith(key))
        shown[key] = server.hover(path, line, lines[line].index(key) + 1)
    assert "AWS: HyperParameterTuningJobConfig.Strategy" in shown["strategy"]
    assert "The definition of the training jobs" in shown["training_job"]
    # Their values are templates, whose own description must not hide the key's.
    assert "AWS: OutputDataConfig.KmsKeyId" in shown["kms_key_id"]
    assert "AWS: OutputDataConfig.S3OutputPath" in shown["s3_output_path"]
    assert "AWS: CheckpointConfig.S3Uri" in shown["s3_uri"]
    assert "template" not in " ".join(shown.values())
    assert "If empty, under the spec's name" in shown["output"]

"""`framework` and `version` become the URI of an image, or a finding that says how to write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.catalog.images import ImageProblem
from hptc.compiler.framework_images import framework_uri, newest_versions
from hptc.compiler.importing import write_spec
from hptc.compiler.pipeline import compile_file, compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, SpecPath
from tests.support.outcomes import succeeded

AT = SpecPath(("training_job", "algorithm"))
CPU: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.m5.xlarge"}}
GPU: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.g5.xlarge"}}
TRAINIUM: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.trn1.2xlarge"}}
P4D: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.p4d.24xlarge"}}
NEW: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.zz9.xlarge"}}


def groups(*types: str) -> dict[str, Any]:
    return {
        "ResourceConfig": {
            "InstanceGroups": [{"InstanceType": instance_type} for instance_type in types]
        }
    }


def preferences(*types: str) -> dict[str, Any]:
    return {
        "ResourceConfig": {
            "InstancePreferences": [{"InstanceType": instance_type} for instance_type in types]
        }
    }


def configs(*types: str) -> dict[str, Any]:
    several = [{"InstanceType": instance_type} for instance_type in types]
    return {"HyperParameterTuningResourceConfig": {"InstanceConfigs": several}}


def image(name: str, version: str, definition: dict[str, Any]) -> str:
    uri = framework_uri(name, version, "us-east-1", definition, AT)
    assert isinstance(uri, str), uri
    return uri.partition("/")[2]


@pytest.mark.parametrize(
    ("name", "version", "definition", "expected"),
    [
        pytest.param("pytorch-training", "2.3", CPU, "pytorch-training:2.3.0-cpu-py311", id="cpu"),
        pytest.param("pytorch-training", "2.3", GPU, "pytorch-training:2.3.0-gpu-py311", id="gpu"),
        pytest.param("pytorch", "2.3.0", GPU, "pytorch-training:2.3.0-gpu-py311", id="sdk-name"),
        pytest.param("pytorch", "2.13", GPU, "pytorch:2.13.0-cu133-amzn2023-sagemaker", id="new"),
        pytest.param("pytorch", "2.3.0-gpu-py311", CPU, "pytorch-training:2.3.0-gpu-py311",
                     id="complete-tag-by-sdk-name"),
        pytest.param("pytorch-training", "2.10", CPU, "pytorch-training:2.10.0-cpu-py313",
                     id="not-a-number"),
        pytest.param("pytorch-training", "2.3", groups("ml.g5.xlarge", "ml.p3.2xlarge"),
                     "pytorch-training:2.3.0-gpu-py311", id="groups"),
        pytest.param("pytorch-training", "2.3", preferences("ml.c5.xlarge", "ml.m5.xlarge"),
                     "pytorch-training:2.3.0-cpu-py311", id="preferences"),
        pytest.param("pytorch-training", "2.3", configs("ml.g5.xlarge", "ml.g4dn.xlarge"),
                     "pytorch-training:2.3.0-gpu-py311", id="configurations"),
        pytest.param("pytorch-training", "1.6", P4D,
                     "pytorch-training:1.6.0-gpu-py36-cu110-ubuntu18.04", id="p4d"),
        pytest.param("pytorch-training-neuron", "1.11", TRAINIUM,
                     "pytorch-training-neuron:1.11.0-neuron-py38-sdk2.4.0-ubuntu20.04",
                     id="neuron"),
        pytest.param("huggingface", "4.28.1", {},
                     "huggingface-pytorch-training:"
                     "2.0.0-transformers4.28.1-gpu-py310-cu118-ubuntu20.04", id="only-processor"),
        pytest.param("huggingface", "1.8.1-transformers4.6.1", GPU,
                     "huggingface-pytorch-training:"
                     "1.8.1-transformers4.6.1-gpu-py36-cu111-ubuntu18.04", id="version-of-a-tag"),
        pytest.param("sklearn", "1.2-1", CPU, "sagemaker-scikit-learn:1.2-1-cpu-py3", id="sklearn"),
        pytest.param("sagemaker-scikit-learn", "1.2-1-cpu-py3", CPU,
                     "sagemaker-scikit-learn:1.2-1-cpu-py3", id="sklearn-tag"),
        pytest.param("pytorch-training", "2.99.0-gpu-py314-cu999", GPU,
                     "pytorch-training:2.99.0-gpu-py314-cu999", id="newer-complete-tag"),
    ],
)  # fmt: skip
def test_image(name: str, version: str, definition: dict[str, Any], expected: str) -> None:
    assert image(name, version, definition) == expected


@pytest.mark.parametrize(
    ("name", "version", "definition", "key", "message", "help"),
    [
        pytest.param("torch", "2.3", GPU, "framework", "no framework image `torch`", "pytorch",
                     id="name"),
        pytest.param("kmeans", "1", CPU, "framework", "no framework image `kmeans`",
                     "write `built_in: kmeans`", id="built-in"),
        pytest.param("pytorch-training", "banana", GPU, "version", "no version `banana`", "2.10.0",
                     id="banana"),
        pytest.param("pytorch-training", "latest", GPU, "version", "no version `latest`", "2.10.0",
                     id="latest"),
        pytest.param("pytorch-training", "2.30", GPU, "version", "no version `2.30`", "2.10.0",
                     id="trailing-zero"),
        pytest.param("huggingface", "4.6.1", GPU, "framework", "in 4 images",
                     "`huggingface-tensorflow-training`", id="two-repositories"),
        pytest.param("huggingface-pytorch-training", "4.6.1", GPU, "version", "in 3 images",
                     "`1.8.1-transformers4.6.1`", id="three-bases"),
        pytest.param("tensorflow", "9.9.0-gpu-py311", GPU, "framework", "several repositories",
                     "`tensorflow-training`", id="tag-of-no-repository"),
        pytest.param("pytorch-training", "2.3", groups("ml.g5.xlarge", "ml.c5.xlarge"), "version",
                     "ml.g5.xlarge and ml.c5.xlarge have different processors",
                     "`2.3.0-gpu-py311`", id="heterogeneous"),
        pytest.param("pytorch-training", "2.3", {}, "version", "no instance type is set",
                     "`2.3.0-cpu-py311`", id="no-instances"),
        pytest.param("pytorch-training", "2.3", NEW, "version", "ml.zz9.xlarge is not known",
                     "`2.3.0-cpu-py311`", id="unknown-type"),
        pytest.param("pytorch-training", "2.3", TRAINIUM, "version",
                     "no image for ml.trn1.2xlarge", "`2.3.0-cpu-py311`", id="trainium"),
    ],
)  # fmt: skip
def test_no_image(
    name: str, version: str, definition: dict[str, Any], key: str, message: str, help: str
) -> None:
    result = framework_uri(name, version, "us-east-1", definition, AT)
    assert isinstance(result, Finding), result
    assert (result.code, result.path) == ("HPT104", AT / key)
    assert message in result.message
    assert help in result.help


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("torch", "did you mean `pytorch`?"),
        ("pytorch-trainin", "did you mean `pytorch-training`?"),
        ("qqqqqqqq", ""),
        ("kmeans", ""),
    ],
)
def test_a_name_that_is_probably_misspelled(name: str, label: str) -> None:
    result = framework_uri(name, "1", "us-east-1", CPU, AT)
    assert isinstance(result, Finding)
    assert result.label == label
    assert bool(result.fixes) == bool(label)


def test_a_version_that_the_region_does_not_have() -> None:
    result = framework_uri("huggingface-pytorch-training", "4.28.1", "eu-south-2", GPU, AT)
    assert isinstance(result, Finding)
    assert "not published in eu-south-2" in result.message
    assert "us-east-1" in result.help
    assert "eu-south-2" not in result.help
    older = framework_uri("huggingface-pytorch-training", "4.17.0", "eu-south-2", GPU, AT)
    assert isinstance(older, str)
    assert isinstance(framework_uri("lda", "1", "us-east-1", CPU, AT), Finding)
    nowhere = framework_uri("autogluon-training", "1.5.0-gpu-py311", "cn-north-1", GPU, AT)
    assert isinstance(nowhere, ImageProblem)


def test_newest_versions_are_ordered_as_versions() -> None:
    assert newest_versions("pytorch-training")[-2:] == ("2.9.0", "2.10.0")
    assert newest_versions("nothing") == ()


SPEC = """\
name: example
strategy: Random
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 2}
training_job:
  objective: {metric_name: loss, type: Minimize}
  hyperparameters: {rate: {type: Continuous, min: 0.1, max: 0.5}}
  algorithm:
    framework: pytorch-training
    version: %s
    metric_definitions: {loss: "loss=([0-9.]+)"}
  role_arn: arn:aws:iam::123456789012:role/example
  output: {s3_output_path: "s3://example/output/"}
  resources: {instance_type: ml.g5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""
PROJECT = 'project: p\nenvironments:\n  dev: {account: "123456789012", region: us-east-1}\n'


@pytest.mark.parametrize("version", ["2.3", '"2.3"', "2.3.0", "2.3.0-gpu-py311"])
def test_a_spec_with_a_version_imports_and_compiles_to_the_same_request(
    version: str, tmp_path: Path
) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    spec = tmp_path / "example.yaml"
    spec.write_text(SPEC % version, encoding="utf-8")
    request = succeeded(compile_file(str(spec), Workspace(rules=()))).request
    algorithm = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    assert algorithm["TrainingImage"].endswith("/pytorch-training:2.3.0-gpu-py311")
    text = write_spec(json.loads(json.dumps(request)))
    assert succeeded(compile_text(text, "x.yaml", Workspace(rules=()))).request == request


def test_a_version_is_checked_without_an_environment() -> None:
    outcome = compile_text(SPEC % "banana", "x.yaml", Workspace(rules=()))
    assert [diagnostic.message for diagnostic in outcome.diagnostics if diagnostic.is_error] == [
        "the image of `pytorch-training` depends on the Region, but no environment is defined",
        "`pytorch-training` has no version `banana`",
    ]

"""How training jobs show that they download a model or packages."""

from __future__ import annotations

import pytest

from hptc.catalog.downloads import (
    has_model,
    is_in_a_hub,
    is_offline,
    names_a_model,
    package_indexes,
)


@pytest.mark.parametrize(
    "value",
    ["distilbert-base-uncased", "bert-base-cased", "gpt2", "gpt2-xl", "t5-small",
     "xlm-roberta-base", "google/flan-t5-xxl", "microsoft/deberta-v3-base",
     "meta-llama/Llama-3.1-8B"],
)  # fmt: skip
def test_names_in_a_hub(value: str) -> None:
    assert is_in_a_hub(value)


@pytest.mark.parametrize(
    "value",
    ["", "churn", "bertie", "bert", "t5", "albert", "my-bert", "resnet50", "models/bert",
     "./bert-base", "/opt/ml/model",
     "s3://bucket/bert", "owner/model/file", "owner/", "${hptc:data_bucket}/x", "bert base"],
)  # fmt: skip
def test_other_values(value: str) -> None:
    assert not is_in_a_hub(value)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("model_name", True), ("model-name-or-path", True), ("MODEL_ID", True), ("HF_MODEL_ID", True),
     ("model", False), ("name", False), ("model_name_suffix", False)],
)  # fmt: skip
def test_hyperparameters_that_take_a_model(name: str, expected: bool) -> None:
    assert names_a_model(name) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, False), ({"HF_HUB_OFFLINE": "1"}, True), ({"TRANSFORMERS_OFFLINE": "True"}, True),
     ({"HF_HUB_OFFLINE": "0"}, False), ({"HF_HOME": "/opt/ml/input/data/hub"}, True),
     ({"HF_ENDPOINT": ""}, False)],
)  # fmt: skip
def test_offline(environment: dict[str, str], expected: bool) -> None:
    assert is_offline(environment) is expected


def test_package_indexes() -> None:
    index = "https://pypi.org/simple"
    variables = {"PIP_INDEX_URL": index, "UV_INDEX_URL": "/opt/x", "OTHER": "http://x"}
    assert package_indexes(variables) == {"PIP_INDEX_URL": index}


def test_channels_with_a_model() -> None:
    assert has_model("model")
    assert has_model("Base-Model")
    assert not has_model("train")

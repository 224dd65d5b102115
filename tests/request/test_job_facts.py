"""Facts about a job: how many training jobs it has, which code runs, which texts are numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hptc.request.job_facts import (
    built_in,
    number,
    of_definition,
    possible_algorithms,
    runs_a_script,
    training_jobs,
)
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition, TuningJob
from tests.support.jobs import XGBOOST, definition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1"), ("-1", "-1"), ("+1", "1"), ("1.", "1"), (".5", "0.5"), ("1e3", "1000"),
        ("1E-3", "0.001"), ("1e308", "1e308"), ("1e309", None), ("-1e309", None), ("", None),
        (".", None), ("e3", None), ("1_000", None), ("0x10", None), ("nan", None), ("inf", None),
        (" 1", None), ("1 ", None), ("\u0661", None),
    ],
)  # fmt: skip
def test_number(text: str, expected: str | None) -> None:
    assert number(text) == (None if expected is None else Decimal(expected))


def read_definitions(*definitions: dict[str, Any]) -> tuple[Definition, ...]:
    request = {
        "HyperParameterTuningJobName": "j",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinitions": list(definitions),
    }  # fmt: skip
    return read_job(request).definitions


def tuned(strategy: str, limit: int | None, *definitions: dict[str, Any]) -> TuningJob:
    """A tuning job of definitions, each with the ranges that are given, by kind."""
    limits: dict[str, int] = {"MaxParallelTrainingJobs": 1}
    if limit is not None:
        limits["MaxNumberOfTrainingJobs"] = limit
    request: dict[str, Any] = {
        "HyperParameterTuningJobName": "j",
        "HyperParameterTuningJobConfig": {"Strategy": strategy, "ResourceLimits": limits},
        "TrainingJobDefinitions": [
            definition(DefinitionName=f"d{at}", HyperParameterRanges=ranges)
            for at, ranges in enumerate(definitions)
        ],
    }
    return read_job(request)


def categorical(*sizes: int) -> dict[str, Any]:
    return {
        "CategoricalParameterRanges": [
            {"Name": f"c{at}", "Values": [str(value) for value in range(size)]}
            for at, size in enumerate(sizes)
        ]
    }


TWICE = {"CategoricalParameterRanges": [{"Name": "c", "Values": ["1", "2", "1"]}]}
NUMERIC = {"IntegerParameterRanges": [{"Name": "i", "MinValue": "1", "MaxValue": "9"}]}
COUNTS: dict[str, tuple[TuningJob, int | None]] = {
    "a limit": (tuned("Bayesian", 7, categorical(2, 3)), 7),
    "no limit": (tuned("Bayesian", None, categorical(2, 3)), None),
    "a grid": (tuned("Grid", None, categorical(2, 3)), 6),
    "a grid with a limit": (tuned("Grid", 7, categorical(2, 3)), 7),
    "a grid of one range": (tuned("Grid", None, categorical(4)), 4),
    "a grid of one point": (tuned("Grid", None, categorical(1, 1)), 1),
    "a grid without ranges": (tuned("Grid", None, {}), None),
    "a grid of integers": (tuned("Grid", None, NUMERIC), None),
    "a grid with integers": (tuned("Grid", None, {**categorical(2), **NUMERIC}), None),
    "a grid with a value twice": (tuned("Grid", None, TWICE), 2),
    "two grids": (tuned("Grid", None, categorical(2), categorical(3)), None),
}


@pytest.mark.parametrize(("job", "expected"), COUNTS.values(), ids=COUNTS)
def test_training_jobs(job: TuningJob, expected: int | None) -> None:
    assert training_jobs(job) == expected


ACCOUNT = XGBOOST.partition("/")[0]
IMAGES: dict[str, tuple[str | None, str | None, bool]] = {
    # the image; the title of its built-in algorithm, whether the version is known
    "an algorithm": (XGBOOST, "XGBoost", True),
    "an unknown version": (f"{ACCOUNT}/sagemaker-xgboost:99", "XGBoost", False),
    "a framework": (
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311", None, False
    ),
    "one's own image": ("111122223333.dkr.ecr.us-east-1.amazonaws.com/x:1", None, False),
    "no image": (None, None, False),
}  # fmt: skip


@pytest.mark.parametrize(("image", "title", "is_known"), IMAGES.values(), ids=IMAGES)
def test_images(image: str | None, title: str | None, is_known: bool) -> None:
    algorithm = {"TrainingInputMode": "File"} | ({"TrainingImage": image} if image else {})
    (single,) = read_definitions(definition(AlgorithmSpecification=algorithm))
    known = built_in(single)
    versions = {algorithm.version for algorithm in possible_algorithms(single)} - {None}
    assert (known.title if known else None, len(versions) == 1) == (title, is_known)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"StaticHyperParameters": {"rounds": "1"}}, False, id="other values"),
        pytest.param({"StaticHyperParameters": {"sagemaker_program": "a"}}, True, id="a value"),
        pytest.param({"Environment": {"SAGEMAKER_PROGRAM": "a"}}, True, id="a variable"),
        pytest.param({"Environment": {"SAGEMAKER_SUBMIT_DIRECTORY": "a"}}, True, id="its folder"),
    ],
)
def test_runs_a_script(members: dict[str, Any], expected: bool) -> None:
    (single,) = read_definitions(definition(**members))
    assert runs_a_script(single) is expected


def test_of_definition() -> None:
    single, named = (
        read_definitions(definition(**members))[0] for members in ({}, {"DefinitionName": "trees"})
    )
    assert (of_definition(single), of_definition(named)) == ("", " of `trees`")

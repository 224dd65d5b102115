"""Which built-in algorithms run on this machine, and what keeps them from it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from hptc.catalog.algorithms import algorithm
from hptc.catalog.images import image_uri
from hptc.local.available_stand_ins import STAND_INS, ignored_ranges, stand_in_statement
from hptc.local.launching import NotRunnableError, plan_launches, with_threads
from hptc.local.run_options import Launch, RunOptions, read_launch
from hptc.local.stand_ins.__main__ import trainer
from hptc.request.reading import read_job
from tests.support.stand_ins import XGBOOST, built_in_request

KNN = XGBOOST.replace("683313688378", "382416733822").replace("sagemaker-xgboost:1.7-1", "knn:1")
STATIC = {"objective": "binary:logistic", "num_round": "10"}


def request(
    static: Mapping[str, str] = STATIC, *, image: str = XGBOOST, **options: Any
) -> dict[str, Any]:
    return built_in_request(
        image, metric="validation:auc", static=static,
        ranges=options.pop("ranges", {}), channels=options.pop("channels", ()), **options,
    )  # fmt: skip


def plan(body: dict[str, Any], **options: Any) -> Launch:
    (launch,) = plan_launches(read_job(body), RunOptions(**options), options.get("s3_root"))
    return launch


def reasons(body: dict[str, Any], **options: Any) -> str:
    with pytest.raises(NotRunnableError) as raised:
        plan(body, **options)
    return "; ".join(raised.value.reasons)


def test_aws_s_own_image_has_a_stand_in() -> None:
    launch = plan(request())
    assert launch.stand_in == "xgboost"
    assert launch.command == (sys.executable, "-P", "-m", "hptc.local.stand_ins", "xgboost")
    assert read_launch(launch.to_data()).stand_in == "xgboost"


@pytest.mark.parametrize("name", STAND_INS)
def test_each_stand_in_is_of_an_algorithm_in_the_catalog(name: str) -> None:
    known = algorithm(name)
    assert known is not None
    assert callable(trainer(name))
    assert [
        hyperparameter
        for hyperparameter in STAND_INS[name].hyperparameters
        if not known.hyperparameter(hyperparameter)
    ] == []
    assert {name for channel in known.channels for name in channel.names} >= set(
        STAND_INS[name].channels
    )


def test_other_images_have_none() -> None:
    assert plan(request(), images=(("sagemaker-xgboost*", "sh train.sh"),)).stand_in == ""
    copied = XGBOOST.replace("683313688378", "111122223333")
    assert "is not run here" in reasons(request(image=copied))
    pca = image_uri("pca", "1", "us-east-1")
    assert isinstance(pca, str)
    assert "the built-in algorithm `pca` only runs on AWS; use" in reasons(request(image=pca))
    script = STATIC | {"sagemaker_program": "train.py"}
    assert "the code is in its image" in reasons(request(script))


@pytest.mark.parametrize("library", ["xgboost", "sklearn"])
def test_without_its_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert reasons(request()) == (
        "the built-in algorithm `xgboost` only runs on AWS; pip install 'hptc[stand-ins]' for "
        "hptc's stand-in, or use --image 'sagemaker-xgboost*=COMMAND' with a program that reads "
        "the same files"
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            request(STATIC | {"objective": "survival:aft"}),
            "hptc's stand-in for XGBoost can't do `objective: survival:aft`: it requires bounds",
        ),
        (
            request(
                ranges={
                    "CategoricalParameterRanges": [
                        {"Name": "tree_method", "Values": ["hist", "gpu_hist"]}
                    ]
                }
            ),
            "can't do `tree_method: gpu_hist`: it requires a GPU; use `hist`",
        ),
        (request(STATIC | {"_kfold": "5"}), "can't do `_kfold: 5`: it has no cross-validation"),
        (
            request(channels=["train"], content_type="application/x-recordio-protobuf"),
            "`train` is RecordIO-protobuf, but hptc's stand-in for XGBoost reads CSV and libsvm",
        ),
        (request(channels=["train"], content_type="parquet"), "`train` is Parquet, but"),
        (
            request(image=KNN, channels=["test"], content_type=None),
            "so it is RecordIO-protobuf, but hptc's stand-in for k-NN reads CSV; set `content_type",
        ),
    ],
)
def test_what_it_can_t_do_is_refused_before_the_start(body: dict[str, Any], reason: str) -> None:
    assert reason in reasons(body)


@pytest.mark.parametrize(("jobs", "parallel", "threads"), [(4, 2, "1"), (4, 1, ""), (1, 3, "")])
def test_training_jobs_that_run_together_have_one_thread(
    jobs: int, parallel: int, threads: str
) -> None:
    body = request(jobs=jobs, parallel=parallel)
    (launch,) = with_threads([plan(body)], read_job(body))
    assert launch.variables.get("OMP_NUM_THREADS", "") == threads
    (other,) = with_threads([plan(body, images=(("*", "sh train.sh"),))], read_job(body))
    assert other.variables == {}


def test_tuned_hyperparameters_without_an_effect_are_named() -> None:
    image = image_uri("linear-learner", "1", "us-east-1")
    assert isinstance(image, str)
    names = ("mini_batch_size", "epochs")
    integers = [{"Name": name, "MinValue": "10", "MaxValue": "20"} for name in names]
    body = request(image=image, ranges={"IntegerParameterRanges": integers})
    assert list(ignored_ranges(["linear-learner"], read_job(body))) == [
        "the stand-in for Linear Learner ignores `mini_batch_size`, so tuning it has no effect here"
    ]
    assert list(ignored_ranges([], read_job(body))) == []


def test_every_output_names_the_libraries() -> None:
    assert stand_in_statement(["xgboost", "kmeans"]) == (
        "stand-ins: scikit-learn stands in for AWS's K-Means and xgboost stands in for AWS's "
        "XGBoost; the values are not those of AWS's algorithms"
    )

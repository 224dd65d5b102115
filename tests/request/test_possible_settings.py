"""The values that a training job's settings can have."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.catalog.algorithms import algorithm
from hptc.catalog.setting_dependencies import Subject
from hptc.request.job_facts import possible_algorithms
from hptc.request.possible_settings import possible_settings
from hptc.request.reading import read_job
from hptc.request.tuning_job import Definition
from tests.support.jobs import XGBOOST, definition


def read(**members: Any) -> Definition:
    """The training job definition with these members."""
    limits = {"MaxParallelTrainingJobs": 1}
    request = {
        "HyperParameterTuningJobName": "j",
        "HyperParameterTuningJobConfig": {"Strategy": "Random", "ResourceLimits": limits},
        "TrainingJobDefinitions": [definition(**members)],
    }
    (result,) = read_job(request).definitions
    return result


def values(subject: Subject, **members: Any) -> list[str | None]:
    """The possible values of a subject."""
    result = read(**members)
    xgboost = algorithm("xgboost", "1.7-1")
    assert xgboost is not None
    return [setting.value for setting in possible_settings(result, xgboost).get(subject, ())]


def range_(kind: str, name: str, low: str, high: str) -> dict[str, Any]:
    ranges = [{"Name": name, "MinValue": low, "MaxValue": high}]
    return {"HyperParameterRanges": {f"{kind}ParameterRanges": ranges}}


CHANNEL = {
    "ChannelName": "train",
    "ContentType": "text/csv",
    "DataSource": {
        "S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": "s3://example/train/",
            "S3DataDistributionType": "ShardedByS3Key",
        }
    },
}
OLD_XGBOOST = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1"
ETA = Subject("hyperparameter", "eta")


@pytest.mark.parametrize(
    ("subject", "members", "expected"),
    [
        pytest.param(ETA, {}, [], id="not-set"),
        pytest.param(ETA, {"StaticHyperParameters": {"eta": "1"}}, ["1"], id="static"),
        pytest.param(ETA, {"StaticHyperParameters": {"learning_rate": "1"}}, ["1"], id="alias"),
        pytest.param(
            ETA,
            {"StaticHyperParameters": {"eta": "1", "learning_rate": "0.2"}},
            ["0.2"],
            id="the-last-of-two-names",
        ),
        pytest.param(
            ETA,
            {"StaticHyperParameters": {"eta": "${hptc:artifact_bucket}"}},
            [None],
            id="a-reference",
        ),
        pytest.param(
            ETA,
            {"StaticHyperParameters": {"eta": "1"}}
            | range_("Continuous", "learning_rate", "0", "1"),
            [None],
            id="static-and-tuned",
        ),
        pytest.param(
            Subject("hyperparameter", "max_depth"),
            range_("Integer", "max_depth", "0", "9"),
            ["0", "9"],
            id="ends-of-integers",
        ),
        pytest.param(
            ETA, range_("Continuous", "eta", "0", "1"), ["1e-09", "0.999999999"], id="near-the-ends"
        ),
        pytest.param(ETA, range_("Continuous", "eta", "low", "1"), [None], id="not-a-number"),
        pytest.param(
            ETA,
            {
                "HyperParameterRanges": {
                    "CategoricalParameterRanges": [{"Name": "eta", "Values": ["1", "0.2"]}]
                }
            },
            ["1", "0.2"],
            id="categories",
        ),
        pytest.param(
            ETA,
            {"StaticHyperParameters": {"eta": "2"}},
            [None],
            id="invalid-by-itself",
        ),
        pytest.param(
            ETA,
            {"HyperParameterRanges": {"AutoParameters": [{"Name": "eta", "ValueHint": "1"}]}},
            [None],
            id="auto",
        ),
        pytest.param(
            Subject("metric", "objective"),
            {"TuningObjective": {"Type": "Minimize", "MetricName": "validation:rmse"}},
            ["validation:rmse"],
            id="metric",
        ),
        pytest.param(Subject("instance", "processor"), {}, ["cpu"], id="processor"),
        pytest.param(Subject("instance", "count"), {}, ["1"], id="count"),
        pytest.param(
            Subject("instance", "processor"),
            {"ResourceConfig": {"InstanceType": "ml.zz9.xlarge", "InstanceCount": 1}},
            [None],
            id="unknown-instance",
        ),
        pytest.param(
            Subject("channel", "train"), {"InputDataConfig": [CHANNEL]}, [""], id="channel"
        ),
        pytest.param(
            Subject("channel", "train.input_mode"),
            {"InputDataConfig": [CHANNEL]},
            ["File"],
            id="input-mode",
        ),
        pytest.param(
            Subject("channel", "train.content_type"),
            {"InputDataConfig": [CHANNEL]},
            ["text/csv"],
            id="content-type",
        ),
        pytest.param(
            Subject("channel", "train.distribution"),
            {"InputDataConfig": [CHANNEL]},
            ["ShardedByS3Key"],
            id="distribution",
        ),
        pytest.param(Subject("checkpoint", ""), {}, [], id="no-checkpoints"),
        pytest.param(
            Subject("checkpoint", ""),
            {"CheckpointConfig": {"S3Uri": "s3://example/checkpoints/"}},
            [""],
            id="checkpoints",
        ),
    ],
)
def test_possible_values(
    subject: Subject, members: dict[str, Any], expected: list[str | None]
) -> None:
    assert values(subject, **members) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(XGBOOST, ["1.7-1"], id="listed"),
        pytest.param(XGBOOST.replace("1.7-1", "1.7-2"), [None] * 10, id="between-listed-ones"),
        pytest.param(XGBOOST.replace("1.7-1", "latest"), [None] * 10, id="latest"),
        pytest.param(XGBOOST.partition(":")[0], [None] * 10, id="no-tag"),
        pytest.param(XGBOOST.replace("1.7-1", "9.9-9"), [], id="newer-than-the-table"),
        pytest.param(OLD_XGBOOST, ["1"], id="the-only-version"),
        pytest.param(f"{OLD_XGBOOST}.7-1", ["1.7-1"], id="of-the-other-repository"),
        pytest.param("111122223333.dkr.ecr.us-east-1.amazonaws.com/mine:1", [], id="custom"),
    ],
)
def test_possible_algorithms(image: str, expected: list[str | None]) -> None:
    result = read(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})
    assert [algorithm.version for algorithm in possible_algorithms(result)] == expected

"""Training jobs of stand-ins for AWS's built-in algorithms, with small data."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hptc.local.container_files import lay_out
from hptc.local.predefined_metrics import objective_regex
from hptc.local.stand_ins.__main__ import trainer
from hptc.local.stand_ins.training_files import TrainingFiles
from tests.support.local_runs import tuning_request

Rows = Sequence[Sequence[float]]
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def rows(count: int = 60, *, classes: int = 2, seed: int = 1) -> list[list[float]]:
    """Rows whose first value is the label: a class that the first of three features determines."""
    source = random.Random(seed)
    table = []
    for index in range(count):
        label = index % classes
        table.append([label, label + source.gauss(0, 0.4), source.gauss(0, 1), source.random()])
    return table


def csv(table: Rows) -> str:
    """A table as CSV without a header."""
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in table)


def training_files(
    folder: Path,
    hyperparameters: Mapping[str, str],
    data: Mapping[str, str],
    *,
    content_type: str | None = "text/csv",
) -> TrainingFiles:
    """The container's files of a training job. `data` has the content of a file by channel."""
    paths = {}
    for name, content in data.items():
        paths[name] = folder / "data" / f"{name}.txt"
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_text(content)
    channel = {"TrainingInputMode": "File"} | (
        {"ContentType": content_type} if content_type else {}
    )
    base = folder / "ml"
    lay_out(
        base, hyperparameters=hyperparameters, channels=dict.fromkeys(data, channel), resources={},
        data=paths, code=None,
    )  # fmt: skip
    config = base / "input/config"
    return TrainingFiles(
        base=base,
        hyperparameters=json.loads((config / "hyperparameters.json").read_text()),
        channels=json.loads((config / "inputdataconfig.json").read_text()),
    )


def train(name: str, files: TrainingFiles) -> None:
    """Run a stand-in in this process."""
    trainer(name)(files)


def reported(log: str, metric: str) -> list[float]:
    """The values of a metric in a log, found as a tuning job on this machine does."""
    return [float(number) for number in re.findall(objective_regex(metric), log, re.MULTILINE)]


def built_in_request(
    image: str,
    *,
    metric: str,
    static: Mapping[str, str],
    ranges: Mapping[str, Any],
    channels: Sequence[str],
    content_type: str | None = "text/csv",
    direction: str = "Maximize",
    **options: Any,
) -> dict[str, Any]:
    """A request for a built-in algorithm."""
    body = tuning_request(static=static, **options)
    body["HyperParameterTuningJobConfig"] |= {
        "HyperParameterTuningJobObjective": {"Type": direction, "MetricName": metric},
        "ParameterRanges": dict(ranges),
    }
    definition = body["TrainingJobDefinition"]
    definition["AlgorithmSpecification"] = {"TrainingImage": image, "TrainingInputMode": "File"}
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/"}
    more = {"ContentType": content_type} if content_type else {}
    definition["InputDataConfig"] = [
        {"ChannelName": name, "DataSource": {"S3DataSource": s3}, **more} for name in channels
    ]
    return body

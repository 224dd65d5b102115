"""Every fact in the tables of built-in algorithms is checked: inside passes, just outside is found.

XGBoost has its own tests, against its container.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from hptc.catalog import algorithms
from hptc.catalog.accepted_values import Hyperparameter, Scalar
from hptc.catalog.algorithms import Algorithm, Metric
from hptc.catalog.images import image_uri
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace

Json = dict[str, Any]
VALUES = ("HPT311", "HPT312")
METRICS = ("HPT318", "HPT319")
DEPENDENCIES = ("HPT316", "HPT317")


@cache
def algorithm_named(name: str) -> Algorithm:
    algorithm = algorithms.algorithm(name)
    assert algorithm is not None
    return algorithm


NAMES = [
    name
    for name in algorithms.algorithm_names()
    if algorithm_named(name).kind == "built_in" and name != "xgboost"
]
TUNABLE = [name for name in NAMES if algorithm_named(name).metrics]


def inside(scalar: Scalar) -> list[str]:
    """Values that a scalar accepts: every word, or both ends of an interval and a number within."""
    if scalar.kind == "choice":
        return list(scalar.values)
    if scalar.kind == "text":
        return [scalar.example or "text"]
    interval = scalar.interval
    step = scalar.multiple_of if scalar.kind == "integer" else 1e-6
    low = 0.0 if interval.minimum is None else interval.minimum
    high = low + 10 * step if interval.maximum is None else interval.maximum
    low += step if interval.excludes_minimum else 0
    high -= step if interval.excludes_maximum else 0
    numbers = [low, high]
    return [f"{int(number)}" if scalar.kind == "integer" else repr(number) for number in numbers]


def outside(scalar: Scalar) -> list[str]:
    """Values that a scalar does not accept, as close as possible to those that it does."""
    if scalar.kind == "choice":
        return ["17", f"{scalar.values[0]}s"]
    if scalar.kind == "text":
        return ["no/text"] if scalar.pattern else []
    interval, values = scalar.interval, ["one"]
    step = 1 if scalar.kind == "integer" else 1e-6
    if scalar.kind == "integer":
        values.append("1.5")
    if scalar.multiple_of > 1:
        values.append(str(scalar.multiple_of + 1))
    if interval.minimum is not None:
        values.append(repr(interval.minimum - (0 if interval.excludes_minimum else step)))
    if interval.maximum is not None:
        values.append(repr(interval.maximum + (0 if interval.excludes_maximum else step)))
    return values


def accepted(known: Hyperparameter) -> list[str]:
    values = inside(known.scalar)
    if known.kind == "json_list":
        is_text = known.scalar.kind == "choice"
        return [json.dumps(values) if is_text else f"[{', '.join(values)}]"]
    if known.kind == "list":
        return [",".join(values), ", ".join(values), f"[{', '.join(values)}]", *known.also]
    return [*values, *known.also]


def refused(known: Hyperparameter) -> list[str]:
    values = [value for value in outside(known.scalar) if value not in known.also]
    if known.kind == "json_list":
        return ["none", *(json.dumps([value]) for value in values)]
    if known.kind == "list":
        good = inside(known.scalar)[0]
        return [f"{good},{value}" for value in values]
    return values


def request(
    name: str,
    static: Mapping[str, str],
    *,
    metric: Metric | None = None,
    channels: tuple[str, ...] | None = None,
    settings: Mapping[str, Json] | None = None,
) -> str:
    """A tuning job of an algorithm: valid, except for what a test sets."""
    algorithm = algorithm_named(name)
    metric = metric or algorithm.metrics[0]
    required = {
        hyperparameter.name: accepted(known)[0]
        for hyperparameter in algorithm.required_hyperparameters
        if hyperparameter.when is None
        and (known := algorithm.hyperparameter(hyperparameter.name)) is not None
    }
    if channels is None:
        channels = tuple(
            channel_.names[0] for channel_ in algorithm.channels if channel_.is_required
        )
        of_metric = metric.name.partition(":")[0]
        channels += (of_metric,) if of_metric not in channels else ()
    image = image_uri(name, "1", "us-east-1")
    objective = {"MetricName": metric.name, "Type": metric.direction}
    limits = {"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 2}
    instances = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}
    body = {
        "HyperParameterTuningJobName": "job",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": objective,
            "ResourceLimits": limits,
            "ParameterRanges": {},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::111122223333:role/example",
            "StaticHyperParameters": {**required, **static},
            "InputDataConfig": [
                channel(algorithm, name, (settings or {}).get(name, {})) for name in channels
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://example/output/"},
            "ResourceConfig": instances,
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }
    return json.dumps(body)


def channel(algorithm: Algorithm, name: str, settings: Json) -> Json:
    documented = algorithm.channel(name)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://example/{name}/"}
    if documented is not None and documented.distribution is not None:
        source["S3DataDistributionType"] = documented.distribution
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **settings}


def codes(text: str) -> set[str]:
    return {diagnostic.code for diagnostic in compile_text(text, "r.json", Workspace()).diagnostics}


def reported(text: str, wanted: tuple[str, ...]) -> list[str]:
    outcome = compile_text(text, "r.json", Workspace())
    return [diagnostic.message for diagnostic in outcome.diagnostics if diagnostic.code in wanted]


CASES = [
    pytest.param(name, known, id=f"{name}-{known.name}")
    for name in TUNABLE
    for known in algorithm_named(name).hyperparameters
]


@pytest.mark.parametrize(("name", "known"), CASES)
def test_values(name: str, known: Hyperparameter) -> None:
    for value in accepted(known):
        assert known.accepts(value), value
    for value in refused(known):
        assert not known.accepts(value), value


@pytest.mark.parametrize("name", TUNABLE)
def test_values_in_a_request(name: str) -> None:
    algorithm = algorithm_named(name)
    for take, is_good in ((accepted, True), (refused, False)):
        values = {
            hyperparameter.name: take(hyperparameter)
            for hyperparameter in algorithm.hyperparameters
        }
        for index in range(max(map(len, values.values()))):
            static = {
                key: samples[index] for key, samples in values.items() if index < len(samples)
            }
            messages = reported(request(name, static), VALUES)
            named = {key for key in static if any(f"`{key}`" in message for message in messages)}
            assert named == (set() if is_good else set(static)), messages


def with_range(text: str, known: Hyperparameter, low: float, high: float) -> str:
    """A request that tunes a hyperparameter instead of setting it."""
    body = json.loads(text)
    body["TrainingJobDefinition"]["StaticHyperParameters"].pop(known.name, None)
    is_integer = known.kind == "integer"
    low_text, high_text = (f"{int(end)}" if is_integer else repr(end) for end in (low, high))
    range_ = {"Name": known.name, "MinValue": low_text, "MaxValue": high_text}
    kind = "IntegerParameterRanges" if is_integer else "ContinuousParameterRanges"
    body["HyperParameterTuningJobConfig"]["ParameterRanges"] = {kind: [range_]}
    return json.dumps(body)


@pytest.mark.parametrize("name", TUNABLE)
def test_ranges_in_a_request(name: str) -> None:
    for known in algorithm_named(name).hyperparameters:
        if known.interval is None or known.interval.minimum is None:
            continue
        low, high = (float(bound) for bound in inside(known.scalar))
        good = with_range(request(name, {}), known, low, high)
        assert reported(good, VALUES) == [], known.name
        bad = with_range(request(name, {}), known, known.interval.minimum - 1, high)
        assert reported(bad, VALUES) != [], known.name


METRIC_CASES = [
    pytest.param(name, metric, id=f"{name}-{metric.name}")
    for name in TUNABLE
    for metric in algorithm_named(name).metrics
    if metric.when
]


@pytest.mark.parametrize(("name", "metric"), METRIC_CASES)
def test_metric_of_each_task(name: str, metric: Metric) -> None:
    algorithm = algorithm_named(name)
    (clause,) = metric.when
    known = algorithm.hyperparameter(clause.subject.name)
    assert known is not None
    tasks = known.scalar.values or ("0", "256")
    for task in tasks:
        value = json.dumps([task]) if known.kind == "json_list" else task
        suits = clause.truth({clause.subject: value})
        assert suits is not None
        found_codes = codes(request(name, {known.name: value}, metric=metric))
        assert bool(found_codes & set(METRICS)) is not suits, task


def test_each_metric_suits_some_task() -> None:
    assert {case.values[0] for case in METRIC_CASES} == {
        "blazingtext",
        "factorization-machines",
        "kmeans",
        "knn",
        "linear-learner",
        "object2vec",
        "randomcutforest",
        "seq2seq",
    }


@pytest.mark.parametrize(
    ("name", "static", "channels", "is_good"),
    [
        ("linear-learner", {"loss": "softmax_loss", "predictor_type": "regressor"}, None, False),
        (
            "linear-learner",
            {"loss": "softmax_loss", "predictor_type": "multiclass_classifier"},
            None,
            True,
        ),
        ("knn", {"dimension_reduction_target": "9", "feature_dim": "9"}, None, False),
        ("knn", {"dimension_reduction_target": "8", "feature_dim": "9"}, None, True),
        ("knn", {"index_type": "faiss.IVFPQ", "index_metric": "COSINE"}, None, False),
        ("knn", {"index_type": "faiss.IVFPQ", "index_metric": "L2"}, None, True),
        ("object2vec", {"enc0_vocab_file": "vocab.json"}, ("train",), False),
        ("object2vec", {"enc0_vocab_file": "vocab.json"}, ("train", "auxiliary"), True),
        ("object2vec", {"enc0_vocab_file": ""}, ("train",), True),
        ("blazingtext", {"mode": "supervised", "early_stopping": "true"}, ("train",), False),
        (
            "blazingtext",
            {"mode": "supervised", "early_stopping": "True"},
            ("train", "validation"),
            True,
        ),
        ("blazingtext", {"mode": "cbow"}, ("train", "validation"), False),
        ("seq2seq", {"momentum": "0.9"}, None, False),
        ("seq2seq", {"momentum": "0.9", "optimizer_type": "sgd"}, None, True),
        (
            "ipinsights",
            {"random_negative_sampling_rate": "0", "shuffled_negative_sampling_rate": "0"},
            None,
            False,
        ),
        ("ipinsights", {"random_negative_sampling_rate": "0"}, None, True),
        ("image-classification", {"use_pretrained_model": "1", "num_layers": "20"}, None, False),
        ("image-classification", {"use_pretrained_model": "1", "num_layers": "50"}, None, True),
        (
            "image-classification",
            {"use_pretrained_model": "1", "image_shape": "3,256,256"},
            None,
            False,
        ),
        ("image-classification", {"checkpoint_frequency": "5", "epochs": "4"}, None, False),
        ("image-classification", {"checkpoint_frequency": "4", "epochs": "4"}, None, True),
    ],
)
def test_dependency(
    name: str, static: Json, channels: tuple[str, ...] | None, *, is_good: bool
) -> None:
    found_codes = codes(request(name, static, channels=channels))
    assert bool(found_codes & set(DEPENDENCIES)) is not is_good


def test_every_dependency_is_documented() -> None:
    """What only the Developer Guide says is a warning."""

    def certainties(name: str) -> set[str]:
        return {dependency.certainty for dependency in algorithm_named(name).dependencies}

    assert {certainty for name in NAMES for certainty in certainties(name)} == {"documented"}


@pytest.mark.parametrize("name", TUNABLE)
def test_a_valid_request_has_no_findings_about_channels(name: str) -> None:
    algorithm = algorithm_named(name)
    names = tuple(channel_.names[0] for channel_ in algorithm.channels)
    channel_codes = {f"HPT{number}" for number in range(468, 480)}
    for mode in algorithm.input_modes:
        for documented in algorithm.channels:
            for content_type in documented.accepted_content_types(mode) or ("any/type",):
                chosen = {"ContentType": content_type, "InputMode": mode}
                if content_type == "text/csv" and documented.label_size is not None:
                    chosen["ContentType"] += f";label_size={documented.label_size}"
                text = request(name, {}, channels=names, settings={documented.names[0]: chosen})
                assert not codes(text) & channel_codes, (documented.names, chosen)


@pytest.mark.parametrize("name", TUNABLE)
def test_another_content_type_and_channel_are_found(name: str) -> None:
    algorithm = algorithm_named(name)
    names = tuple(channel_.names[0] for channel_ in algorithm.channels)
    for documented in algorithm.channels:
        if documented.content_types is not None:
            chosen = {"ContentType": "application/zip"}
            text = request(name, {}, channels=names, settings={documented.names[0]: chosen})
            assert "HPT476" in codes(text)
    assert "HPT474" in codes(request(name, {}, channels=(*names, "extra")))
    assert "HPT468" in codes(request(name, {}, channels=names[1:] or ("extra",)))

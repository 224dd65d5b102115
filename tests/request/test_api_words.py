"""A message in a spec's words, for a file in the API's own form."""

from __future__ import annotations

import pytest

from hptc.request.api_words import ApiWords

ONE = ("TrainingJobDefinition", "AlgorithmSpecification")
RANGE = ("HyperParameterTuningJobConfig", "ParameterRanges", "IntegerParameterRanges", 0)
RATE = '`"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]`'
CHANNEL = ("TrainingJobDefinition", "InputDataConfig", 0, "CompressionType")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (ONE, "add `vpc:`", "add `VpcConfig`"),
        (ONE, "`max_wait_time` is missing", "`MaxWaitTimeInSeconds` is missing"),
        (ONE, "set `output.kms_key_id`", "set `OutputDataConfig.KmsKeyId`"),
        (ONE, "no `limits.max_runtime`", "no `ResourceLimits.MaxRuntimeInSeconds`"),
        (ONE, "use `strategy: Random`", 'use `"Strategy": "Random"`'),
        (ONE, "add `autotune: Enabled`", 'add `"Autotune": {"Mode": "Enabled"}`'),
        (ONE, "set `max_runtime: 90m`", 'set `"MaxRuntimeInSeconds": 5400`'),
        (
            ONE,
            "add `hyperband: {max_resource: …}`",
            'add `"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": …}}`',
        ),
        (ONE, "remove `spot`", "remove `EnableManagedSpotTraining`"),
        (ONE, "use `input_mode: Pipe`", 'use `"TrainingInputMode": "Pipe"`'),
        (ONE, "use `input_mode: {{ mode }}`", 'use `"TrainingInputMode": "{{ mode }}"`'),
        (CHANNEL, "use `input_mode: Pipe`", 'use `"InputMode": "Pipe"`'),
        (ONE, "add `objective:`", "add `HyperParameterTuningJobObjective`"),
        (("TrainingJobDefinitions", 1), "add `objective:`", "add `TuningObjective`"),
        (RANGE, "use `type: Continuous`", "use `ContinuousParameterRanges`"),
        (RANGE, "swap `min` and `max`", "swap `MinValue` and `MaxValue`"),
        (("WarmStartConfig",), "the `type`", "the `WarmStartType`"),
        (
            RANGE,
            "`rate: {type: Continuous, min: 0, max: 1}`",
            RATE,
        ),
        (
            RANGE,
            "use `{type: Integer, min: 5, max: 40}`",
            'use `IntegerParameterRanges` with `{"MinValue": "5", "MaxValue": "40"}`',
        ),
        (RANGE, "make it static: `depth: 5`", 'make it static: `"depth": "5"`'),
    ],
)
def test_keys_become_members(path: tuple[str | int, ...], text: str, expected: str) -> None:
    assert ApiWords({}).rewrite(text, path) == expected


@pytest.mark.parametrize(
    "text",
    [
        "`strategy` is static",
        "did you mean `objective`?",
        "`hptc list` shows it",
        "`loss` and `AUC`",
    ],
)
def test_names_stay(text: str) -> None:
    request = {"TrainingJobDefinition": {"StaticHyperParameters": {"strategy": "fast"}}}
    assert ApiWords(request).rewrite(text, ONE) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "add `objective: {metric_name: …, type: Minimize}`",
            'add `"HyperParameterTuningJobObjective": {"MetricName": …, "Type": "Minimize"}`',
        ),
        ("use `objective: binary:logistic`", 'use `"objective": "binary:logistic"`'),
    ],
)
def test_a_static_hyperparameter_with_the_name_of_a_key(text: str, expected: str) -> None:
    request = {"TrainingJobDefinition": {"StaticHyperParameters": {"objective": "reg:linear"}}}
    assert ApiWords(request).rewrite(text, ONE) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`eta` requires `objective`", "`eta` requires `objective`"),
        ("set `objective: binary:logistic`", 'set `"objective": "binary:logistic"`'),
        ("remove `early_stopping`", "remove `TrainingJobEarlyStoppingType`"),
    ],
)
def test_a_hyperparameter_that_is_not_set(text: str, expected: str) -> None:
    assert ApiWords({}).rewrite(text, ONE, ("objective",)) == expected


@pytest.mark.parametrize("definitions", [5, "x", {"a": 1}, [5, {"StaticHyperParameters": 3}], None])
def test_a_request_of_another_shape(definitions: object) -> None:
    words = ApiWords({"TrainingJobDefinitions": definitions})
    assert words.rewrite("use `input_mode: Pipe`", ONE) == 'use `"TrainingInputMode": "Pipe"`'

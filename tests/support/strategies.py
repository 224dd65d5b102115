"""Random requests that are valid against AWS's shape, generated from the shape itself.

Hypothesis draws a seed and the richness of the request. The walk over the shape is plain Python:
a draw for each of a thousand values would be slower than the code under test.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

from hptc.request.shapes import Shape, input_shape

_TEXTS = [
    "", "a", "{{ x }}", "{% if %}", "{#", "no", "010", "1e-4", "~", "null", "true", "a: b", "- a",
    "#x", " x ", "'", '"', "\\", "é😀", "\x01", "0x1F", "<<", "*a", "&a", "!b", "|", "> ", "%", "@",
    "s3://bucket/a b", "[1]", "{a: 1}", "${x}", "a\tb", "12_000", ".5", "1.", "-0", "=", "?", ", ",
]  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _word(random: Random) -> str:
    return "".join(random.choices(_LETTERS, k=random.randint(1, 6)))


def _text(random: Random) -> str:
    if random.random() < 0.5:
        return random.choice(_TEXTS)
    points = [
        chr(random.choice((random.randint(32, 126), random.randint(160, 0x2FF)))) for _ in range(6)
    ]
    return "".join(points[: random.randint(0, 6)])


_BY_SHAPE: dict[str, Callable[[Random], str]] = {
    "HyperParameterTuningJobName": _word,
    "HyperParameterTrainingJobDefinitionName": _word,
    "RoleArn": lambda _: "arn:aws:iam::111122223333:role/example",
    "S3Uri": lambda random: f"s3://bucket/{_word(random)}",
    "ChannelName": _word,
    "FileSystemId": lambda _: "fs-0123456789abcdef0",
    "KmsKeyId": lambda random: random.choice(["", "alias/example", "1234abcd-12ab-34cd"]),
    "SecurityGroupId": lambda _: "sg-0123456789abcdef0",
    "SubnetId": lambda random: f"subnet-{_word(random)}",
    "TrainingPlanArn": lambda _: "arn:aws:sagemaker:us-east-1:111122223333:training-plan/example",
    "HubDataSetArn": lambda _: (
        "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/DataSet/d/1.0.0"
    ),
    "ArnOrName": _word,
    "TagKey": _word,
    "TagValue": lambda random: _word(random) + random.choice(["", " b", "=", "/x@y"]),
    "HyperParameterTrainingJobEnvironmentKey": _word,
    "AlgorithmImage": lambda random: random.choice(
        [
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
        ]
    ),
}
_UNIQUE_BY = {
    "InputDataConfig": "ChannelName",
    "MetricDefinitions": "Name",
    "InstanceGroups": "InstanceGroupName",
    "TrainingJobDefinitions": "DefinitionName",
    "Tags": "Key",
}
"""Lists of named entries: AWS rejects duplicate names, and a spec cannot express them."""

_NAMED = {
    "TrainingJobDefinitions": "DefinitionName",
    "ParentHyperParameterTuningJobs": "HyperParameterTuningJobName",
}
"""Members that are optional in the shape, but identify a definition or a parent."""


def _value(shape: Shape, name: str, random: Random, richness: float) -> Any:
    match shape.type:
        case "structure":
            return _structure(shape, name, random, richness)
        case "list":
            assert shape.item is not None
            low = max(shape.minimum or 0, 1 if name == "TrainingJobDefinitions" else 0)
            count = random.randint(low, max(low, min(3, shape.maximum or 3)))
            items = [_value(shape.item, name, random, richness) for _ in range(count)]
            key = _UNIQUE_BY.get(name)
            return list({item[key]: item for item in items}.values()) if key else items
        case "map":
            assert shape.key is not None
            assert shape.item is not None
            count = random.randint(0, 3)
            return {_leaf(shape.key, random): _leaf(shape.item, random) for _ in range(count)}
    return _leaf(shape, random)


def _leaf(shape: Shape, random: Random) -> Any:
    match shape.type:
        case "boolean":
            return random.random() < 0.5
        case "integer" | "long":
            low = shape.minimum or 0
            return random.randint(low, min(shape.maximum or low + 100_000, low + 100_000))
        case "float" | "double":
            return random.choice([0.5, -1.0, 1e-7, 3, 1e20])
    if shape.enum:
        return random.choice(shape.enum)
    if shape.name in _BY_SHAPE:
        return _BY_SHAPE[shape.name](random)
    text = _text(random)
    return text if len(text) >= (shape.minimum or 0) else "x" * (shape.minimum or 0)


def _structure(shape: Shape, name: str, random: Random, richness: float) -> dict[str, Any]:
    required = {*shape.required, _NAMED.get(name, "")}
    result = {
        member: _value(inner, member, random, richness)
        for member, inner in shape.members.items()
        if member in required or random.random() < richness
    }
    if "AlgorithmSpecification" in result:
        _keep_first(result.get("HyperParameterRanges", {}), result.get("StaticHyperParameters", {}))
    return result


def _keep_first(ranges: dict[str, Any], static: dict[str, str]) -> None:
    """Keep the first hyperparameter of each name, static or in one range."""
    seen = set(static)
    for entries in ranges.values():
        kept = []
        for entry in entries:
            if entry["Name"] not in seen:
                seen.add(entry["Name"])
                kept.append(entry)
        entries[:] = kept


def make_request(seed: int, richness: float) -> dict[str, Any]:
    """A valid request that a spec can express. Richness 1 sets every member."""
    random = Random(seed)
    request = _structure(input_shape(), "", random, richness)
    config = request["HyperParameterTuningJobConfig"]
    members = input_shape().members
    if random.random() < 0.5:
        request.pop("TrainingJobDefinitions", None)
        single = _structure(members["TrainingJobDefinition"], "", random, richness)
        # AWS reads both of a single definition from HyperParameterTuningJobConfig.
        single.pop("TuningObjective", None)
        single.pop("HyperParameterRanges", None)
        request["TrainingJobDefinition"] = single
        _keep_first(config.get("ParameterRanges", {}), single.get("StaticHyperParameters", {}))
    else:
        request.pop("TrainingJobDefinition", None)
        name = "TrainingJobDefinitions"
        request[name] = _value(members[name], name, random, richness)
        for member in ("HyperParameterTuningJobObjective", "ParameterRanges"):
            config.pop(member, None)
    return request


def requests() -> st.SearchStrategy[dict[str, Any]]:
    """Requests from the minimal one to one with every member."""
    return st.builds(make_request, st.integers(0, 2**32), st.sampled_from([0.0, 0.3, 0.7, 1.0]))

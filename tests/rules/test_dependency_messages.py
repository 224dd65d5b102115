"""How a violated dependency between settings reads, for each kind of condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from hptc.catalog import algorithms
from hptc.catalog.setting_dependencies import Clause, Dependency, Operator, Subject
from hptc.diagnostics import RequestPath
from hptc.request.possible_settings import Setting
from hptc.rules.dependency_messages import advice, problem

KINDS: tuple[Literal["metric", "instance", "channel"], ...] = ("metric", "instance", "channel")


def subject(text: str) -> Subject:
    """A subject such as `metric:objective`; a hyperparameter has no prefix."""
    for kind in KINDS:
        if text.startswith(f"{kind}:"):
            return Subject(kind, text.removeprefix(f"{kind}:"))
    return Subject("hyperparameter", text)


def clause(name: str, operator: Operator, *values: str, at_most: int | None = None) -> Clause:
    return Clause(subject=subject(name), operator=operator, values=values, at_most=at_most)


def texts(
    violated: Clause, values: Mapping[str, str], *conditions: Clause, help: str = ""
) -> tuple[str, str]:
    """The message and the advice of a violation, where `values` are those of its settings."""
    algorithm = algorithms.algorithm("blazingtext")
    assert algorithm is not None
    dependency = Dependency(
        id="id", conditions=conditions, requirements=(violated,), certainty="documented", help=help
    )
    settings = {
        subject(name): Setting(value=value, text=value, path=RequestPath((name,)))
        for name, value in values.items()
    }
    return problem(algorithm, dependency, violated, settings), advice(
        dependency, violated, settings
    )


ON = clause("mode", "in", "on")
WITH_MODE = {"mode": "on"}


@pytest.mark.parametrize(
    ("violated", "values", "message", "help"),
    [
        pytest.param(
            clause("size", "less_than_hyperparameter", "total"), {"size": "9", "total": "8"},
            "`size` to be below `total`, but they are 9 and 8", "change `size`",
            id="another hyperparameter",
        ),
        pytest.param(
            clause("size", "at_most_hyperparameter", "total"), {"size": "9"},
            "`size` to be at most `total`, but it is 9", "change `size`",
            id="another hyperparameter, which is not set",
        ),
        pytest.param(
            clause("size", "at_least", "2"), {"size": "1"},
            "`size` to be at least 2, but it is 1", "change `size`", id="a number",
        ),
        pytest.param(
            clause("loss", "in", "a", "b"), {"loss": "c"},
            "`loss` to be `a` or `b`, but it is `c`", "set `loss: a`", id="one of several",
        ),
        pytest.param(
            clause("loss", "in", "a"), {},
            "`loss` to be `a`, but it is not set", "set `loss: a`", id="one that is not set",
        ),
        pytest.param(
            clause("loss", "present"), {}, "`loss`, but it is not set", "set `loss`", id="any",
        ),
        pytest.param(
            clause("loss", "present_and_not_in", "none"), {"loss": "none"},
            "`loss` to be set to something other than `none`, but it is `none`", "change `loss`",
            id="set to something else",
        ),
        pytest.param(
            clause("loss", "present_and_not_in", "none"), {},
            "`loss` to be set to something other than `none`, but it is not set", "set `loss`",
            id="set at all",
        ),
        pytest.param(
            clause("loss", "starts_with_any", "a:", "b:"), {"loss": "c:d"},
            "`loss` to start with `a:` or `b:`, but it is `c:d`", "change `loss`", id="a beginning",
        ),
        pytest.param(
            clause("shape", "length_equals", "1"), {"shape": "3,4"},
            "`shape` to have 1 element, but it is `3,4`", "change `shape`", id="one element",
        ),
        pytest.param(
            clause("shape", "length_equals", "3"), {"shape": "3,4"},
            "`shape` to have 3 elements, but it is `3,4`", "change `shape`", id="elements",
        ),
        pytest.param(
            clause("shape", "count_of_elements_in_at_most", "a", "b", at_most=1),
            {"shape": "a,b"},
            "`shape` to contain at most 1 of `a` and `b`, but it is `a,b`", "change `shape`",
            id="at most one element",
        ),
        pytest.param(
            clause("shape", "elements_in", "a", "b"), {"shape": "a,c"},
            "`shape` to contain only `a` or `b`, but it is `a,c`", "change `shape`",
            id="only some elements",
        ),
        pytest.param(
            clause("shape", "first_element_not_in", "a"), {"shape": "a,c"},
            "`shape` to start with an element other than `a`, but it is `a,c`", "change `shape`",
            id="the first element",
        ),
        pytest.param(
            clause("shape", "has_element", "a"), {"shape": "c"},
            "`shape` to contain `a`, but it is `c`", "change `shape`", id="an element",
        ),
        pytest.param(
            clause("metric:objective", "in", "test:mse"), {"metric:objective": "test:f1"},
            "the objective metric to be `test:mse`, but it is `test:f1`",
            "choose another objective metric", id="a metric",
        ),
        pytest.param(
            clause("instance:processor", "in", "gpu"), {"instance:processor": "ml.m5.large"},
            "an instance with a GPU, but ml.m5.large has none",
            "use a GPU instance, such as ml.g5.xlarge", id="a GPU",
        ),
        pytest.param(
            clause("instance:count", "at_most", "1"), {"instance:count": "2"},
            "`instance_count` to be at most 1, but it is 2", "", id="the number of instances",
        ),
        pytest.param(
            clause("channel:test", "present"), {}, "the channel `test`, but there is none", "",
            id="a channel",
        ),
        pytest.param(
            clause("channel:train.content_type", "in", "text/csv"),
            {"channel:train.content_type": "csv"},
            "the content type of the channel `train` to be `text/csv`, but it is `csv`",
            "use `text/csv`", id="a field of a channel",
        ),
    ],
)  # fmt: skip
def test_a_requirement(violated: Clause, values: dict[str, str], message: str, help: str) -> None:
    assert texts(violated, values | WITH_MODE, ON) == (f"`mode: on` requires {message}", help)
    assert texts(violated, values)[0] == f"BlazingText requires {message}"


@pytest.mark.parametrize(
    ("violated", "values", "excluded", "help"),
    [
        (clause("loss", "absent"), {"loss": "a"}, "`loss: a`", "change or remove `loss`"),
        (
            clause("loss", "not_in_or_absent", "a"), {"loss": "a"},
            "`loss: a`", "change or remove `loss`",
        ),
        (
            clause("shape", "lacks_elements", "a", "b"), {"shape": "a,b,c"},
            "`a` and `b` in `shape`", "change or remove `shape`",
        ),
        (clause("channel:test", "absent"), {"channel:test": "test"}, "the channel `test`", ""),
    ],
)  # fmt: skip
def test_what_is_excluded(
    violated: Clause, values: dict[str, str], excluded: str, help: str
) -> None:
    assert texts(violated, values) == (f"BlazingText fails with {excluded}", help)
    message, _ = texts(violated, values | WITH_MODE, ON)
    assert message == f"BlazingText can't combine `mode: on` with {excluded}"


@pytest.mark.parametrize(
    ("conditions", "values", "causes"),
    [
        pytest.param(
            [ON, clause("channel:train", "present")], WITH_MODE | {"channel:train": "train"},
            "`mode: on` and the channel `train` require", id="two",
        ),
        pytest.param(
            [ON, clause("loss", "absent")], WITH_MODE, "`mode: on` requires",
            id="what is not set is not a cause",
        ),
        pytest.param(
            [ON, clause("loss", "in_or_absent", "a")], WITH_MODE | {"loss": "a"},
            "`mode: on` requires", id="nor is what may be left out",
        ),
        pytest.param(
            [clause("shape", "has_element", "a", "b")], {"shape": "c,b"}, "`b` in `shape` requires",
            id="an element",
        ),
        pytest.param(
            [clause("loss", "present")], {"loss": "x"}, "`loss` requires", id="any value",
        ),
        pytest.param(
            [clause("instance:processor", "in", "gpu")], {"instance:processor": "ml.g5.xlarge"},
            "ml.g5.xlarge requires", id="an instance type",
        ),
        pytest.param(
            [clause("instance:count", "at_least", "2")], {"instance:count": "2"},
            "`instance_count: 2` requires", id="the number of instances",
        ),
        pytest.param(
            [clause("size", "present"), ON], WITH_MODE | {"size": "1"}, "`mode: on` requires",
            id="not what is required itself",
        ),
    ],
)  # fmt: skip
def test_the_causes_of_a_requirement(
    conditions: list[Clause], values: dict[str, str], causes: str
) -> None:
    message, _ = texts(clause("size", "at_least", "2"), {"size": "1"} | values, *conditions)
    assert message == f"{causes} `size` to be at least 2, but it is 1"


def test_a_channel_is_not_a_cause_of_what_its_fields_must_be() -> None:
    channel = clause("channel:train", "present")
    message, _ = texts(
        clause("channel:train.input_mode", "in", "File"),
        {"channel:train": "train", "channel:train.input_mode": "Pipe"},
        channel,
    )
    assert message == (
        "BlazingText requires the input mode of the channel `train` to be `File`, but it is `Pipe`"
    )


def test_another_channel_is_a_cause() -> None:
    message, _ = texts(
        clause("channel:train.input_mode", "in", "File"),
        {"channel:test": "test", "channel:train.input_mode": "Pipe"},
        clause("channel:test", "present"),
    )
    assert message == (
        "the channel `test` requires the input mode of the channel `train` to be `File`, but it is "
        "`Pipe`"
    )


def test_the_only_processor_that_algorithms_require_is_a_gpu() -> None:
    required = {
        clause.values
        for name in algorithms.algorithm_names()
        if (known := algorithms.algorithm(name)) is not None
        for dependency in known.dependencies
        for clause in dependency.requirements
        if clause.subject == subject("instance:processor")
    }
    assert required == {("gpu",)}


def test_the_help_of_a_dependency_comes_first() -> None:
    violated = clause("size", "at_least", "2")
    assert texts(violated, {"size": "1"}, help="use 2")[1] == "use 2"


def test_a_long_value_is_shortened() -> None:
    message, _ = texts(clause("loss", "in", "a"), {"loss": "x" * 61})
    assert message == f"BlazingText requires `loss` to be `a`, but it is `{'x' * 57}...`"
    message, _ = texts(clause("loss", "in", "a"), {"loss": "x" * 60})
    assert message.endswith(f"but it is `{'x' * 60}`")

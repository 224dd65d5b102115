"""Plan files: written plans can be read, and invalid files are refused."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from hptc.errors import UsageError
from hptc.jobs.plan_file import is_plan, plan_digest, plan_text, read_plan
from tests.support.golden import Golden
from tests.support.plan_cases import CASES

MIXED = json.loads(plan_text(CASES["mixed"]))
COSTS = json.loads(plan_text(CASES["costs"]))


@pytest.mark.parametrize("case", CASES)
def test_a_written_plan_can_be_read(golden: Golden, case: str) -> None:
    text = plan_text(CASES[case])
    assert read_plan(text) == CASES[case]
    assert plan_text(read_plan(text)) == text
    golden(f"plan/{case}.json", text)


def test_a_plan_of_an_earlier_version_has_no_command() -> None:
    earlier = {key: value for key, value in MIXED.items() if key != "command"}
    assert read_plan(json.dumps(earlier)) == CASES["mixed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(plan_text(CASES["mixed"]), True, id="a plan"),
        pytest.param('{"kind": "hptc-plan"}', True, id="a broken one"),
        pytest.param('{"HyperParameterTuningJobName": "x"}', False, id="a request"),
        pytest.param("name: churn\n", False, id="a spec"),
        pytest.param("[]", False, id="a list"),
        pytest.param("[" * 100_000, False, id="deep"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_is_plan(text: str, expected: bool) -> None:
    assert is_plan(text) is expected


def altered(path: tuple[str | int, ...], value: Any, of: Any = MIXED) -> str:
    """A plan with another value, and with the digest of its new content."""
    data = json.loads(edited(path, value, of))
    return json.dumps(data | {"digest": plan_digest(data)})


def edited(path: tuple[str | int, ...], value: Any, of: Any = MIXED) -> str:
    data = deepcopy(of)
    target = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "not valid JSON", id="empty"),
        pytest.param("{", "not valid JSON", id="cut"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep"),
        pytest.param("[]", "not an hptc plan", id="a list"),
        pytest.param("{}", "not an hptc plan", id="anything"),
        pytest.param(altered(("kind",), "other"), "not an hptc plan", id="kind"),
        pytest.param(altered(("version",), 2), "the plan has version 2", id="version"),
        pytest.param(altered(("extra",), 1), "extra: Extra inputs", id="unknown key"),
        pytest.param(altered(("place", "account"), "12"), "place.account: String", id="account"),
        pytest.param(altered(("place", "region"), "x y"), "place.region: String", id="region"),
        pytest.param(altered(("place",), None), "place: ", id="no place"),
        pytest.param(altered(("decisions",), {}), "decisions: ", id="no list"),
        pytest.param(
            altered(("decisions", 0, "decision"), "delete"), "decisions.0: ", id="decision"
        ),
        pytest.param(
            altered(("decisions", 0, "digest"), "abc"), "decisions.0.submit.digest", id="digest"
        ),
        pytest.param(
            altered(("decisions", 0, "digest"), "A" * 64),
            "decisions.0.submit.digest",
            id="capitals",
        ),
        pytest.param(
            altered(("decisions", 0, "name"), "x" * 33), "decisions.0.submit.name", id="long name"
        ),
        pytest.param(
            altered(("decisions", 0, "name"), "a\n"), "decisions.0.submit.name", id="line break"
        ),
        pytest.param(
            altered(("decisions", 0, "spec"), "\x1b[2J"), "decisions.0.submit.spec", id="escape"
        ),
        pytest.param(
            altered(("decisions", 0, "commit"), 7), "decisions.0.submit.commit", id="a number"
        ),
        pytest.param(
            altered(("decisions", 0, "provided"), {"A b": "x"}),
            "decisions.0.submit.provided",
            id="reference",
        ),
        pytest.param(
            altered(("decisions", 0, "file"), "/etc/passwd"), "is not in this folder", id="root"
        ),
        pytest.param(
            altered(("decisions", 0, "file"), "specs/../../x.yaml"),
            "is not in this folder",
            id="climbing",
        ),
        pytest.param(
            altered(("decisions", 1), MIXED["decisions"][0]), "duplicate spec", id="twice"
        ),
        pytest.param(
            altered(("earlier", "not_looked_at"), -1), "earlier.not_looked_at", id="negative"
        ),
        pytest.param(altered(("earlier", "jobs", 0, "created"), "yesterday"), "created", id="date"),
        pytest.param(
            altered(("earlier", "jobs", 0, "created"), "2026-01-01T00:00:00"), "created", id="zone"
        ),
        pytest.param(
            altered(("stacks", "needed", 0, "state"), "great"), "stacks.needed.0.state", id="state"
        ),
    ],
)
def test_invalid_files(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_plan(text, "plan.json")
    assert raised.value.message.startswith("plan.json: ")
    assert message in raised.value.message
    assert raised.value.help
    assert "\x1b" not in raised.value.message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param(("decisions", 0, "cost", "bound", "usd"), "-1", "bound.usd", id="negative"),
        pytest.param(("decisions", 0, "cost", "bound", "usd"), "NaN", "bound.usd", id="no number"),
        pytest.param(("decisions", 0, "cost", "bound", "usd"), "1.005", "bound.usd", id="digits"),
        pytest.param(("decisions", 0, "cost", "bound", "more"), 1, "bound.more", id="unknown key"),
        pytest.param(("decisions", 0, "cost", "expected"), None, "cost.expected", id="half"),
        pytest.param(
            ("decisions", 0, "cost", "expected", "unknown"), "\x1b[2J", "unknown", id="escape"
        ),
        pytest.param(
            ("decisions", 0, "cost", "expected", "grounds", 0, "date"), "soon", "date", id="date"
        ),
        pytest.param(("total_cost", "usd"), "1.00", "not the sum", id="another sum"),
        pytest.param(("total_cost",), None, "not the sum", id="no sum"),
        pytest.param(("decisions", 0, "cost", "bound", "usd"), "9.99", "not the sum", id="moved"),
    ],
)
def test_invalid_costs(path: tuple[str | int, ...], value: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_plan(altered(path, value, COSTS), "plan.json")
    assert message in raised.value.message
    assert "\x1b" not in raised.value.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("decisions", 0, "cost", "bound", "usd_low"), "0.01", id="a cost"),
        pytest.param(("decisions", 0, "commit"), "f" * 40, id="a commit"),
        pytest.param(("digest",), "0" * 64, id="the digest"),
    ],
)
def test_an_edited_plan(path: tuple[str | int, ...], value: Any) -> None:
    with pytest.raises(UsageError, match=r"plan\.json: edited since `hptc plan`") as raised:
        read_plan(edited(path, value, COSTS), "plan.json")
    assert "hptc plan --out" in raised.value.help


def test_a_plan_without_its_digest() -> None:
    data = {key: value for key, value in MIXED.items() if key != "digest"}
    with pytest.raises(UsageError, match=r"plan\.json: digest: Field required"):
        read_plan(json.dumps(data), "plan.json")


BOUND = ("decisions", 0, "cost", "bound")
GROUND = ("decisions", 0, "cost", "expected", "grounds", 0)
LIMITS: dict[str, tuple[Any, tuple[str | int, ...], Any, Any]] = {
    # what is altered, the key, the last valid value, the first invalid one
    "a job's name": (MIXED, ("decisions", 0, "name"), "x" * 32, "x" * 33),
    "a stack's name": (MIXED, ("stacks", "needed", 0, "name"), "x" * 128, "x" * 129),
    "an output": (MIXED, ("stacks", "needed", 0, "missing_outputs"), ["x" * 255], ["x" * 256]),
    "a line": (MIXED, ("decisions", 0, "commit"), "x" * 4096, "x" * 4097),
    "a reference": (MIXED, ("decisions", 0, "provided"), {"x" * 64: ""}, {"x" * 65: ""}),
    "unchecked jobs": (MIXED, ("earlier", "not_looked_at"), 0, -1),
    "training jobs of a past run": (COSTS, (*GROUND, "training_jobs"), 1, 0),
    "an amount": (COSTS, (*BOUND, "usd_low"), "0.00", "-0.01"),
    "a large amount": (COSTS, (*BOUND, "usd_low"), f"{'9' * 18}.99", f"1{'0' * 18}.00"),
    "seconds of a past run": (COSTS, (*GROUND, "seconds"), 0, -1),
}


@pytest.mark.parametrize(("of", "path", "last", "first_invalid"), LIMITS.values(), ids=LIMITS)
def test_the_limit_of_a_value(
    of: Any, path: tuple[str | int, ...], last: Any, first_invalid: Any
) -> None:
    assert read_plan(altered(path, last, of))
    with pytest.raises(UsageError, match=str(path[-1])):
        read_plan(altered(path, first_invalid, of))


def test_the_number_of_errors_is_limited() -> None:
    data = deepcopy(MIXED)
    for key in ("place", "decisions", "earlier", "stacks", "is_whole_project"):
        del data[key]
    with pytest.raises(UsageError) as raised:
        read_plan(json.dumps(data))
    assert raised.value.message.count("\n  - ") == 5
    assert "more" not in raised.value.message
    for count in (1, 2):
        data[f"unknown{count}"] = 1
        with pytest.raises(UsageError) as raised:
            read_plan(json.dumps(data))
        assert raised.value.message.count("\n  - ") == 6
        assert raised.value.message.endswith(f"and {count} more")

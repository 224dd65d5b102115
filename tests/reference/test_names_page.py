"""docs/names.md is up to date, and a spec can set every leaf of the API."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from hptc.compiler.filling import fill
from hptc.reference.language import Key, every_key, places, ranges
from hptc.reference.names_page import UNREACHED, joined, names_page
from hptc.request.conformance import conformance, violations
from hptc.request.emission import Request, emit
from hptc.request.names import (
    RANGE_MEMBERS,
    Each,
    Group,
    Hyperparameters,
    Leaf,
    Named,
    Names,
    Pairs,
)
from hptc.request.shapes import Shape, leaves
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.spec.tuning_spec import SPEC_VERBATIM, parse_spec
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "names.md"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(names_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == names_page(), "docs/names.md: `make golden`"


def test_the_page_lists_every_key() -> None:
    page = names_page()
    missing = [
        key.path
        for key in every_key()
        if not key.path.startswith("training_jobs.")
        and f"`{key.path.removeprefix('training_job.')}" not in page
        and key.path != "training_job"
    ]
    assert missing == []


# Reachability.


def is_excepted(api: str) -> bool:
    return any(api == path or api.startswith(f"{path}.") for path in UNREACHED)


def test_a_spec_can_set_every_leaf_of_the_api() -> None:
    reached = {api for api, _ in places()}
    unreached = [api for parts, _ in leaves() if (api := joined(parts)) not in reached]
    assert [api for api in unreached if not is_excepted(api)] == []


def test_every_exception_is_needed() -> None:
    known = [joined(parts) for parts, _ in leaves()]
    reached = {api for api, _ in places()}
    for path in UNREACHED:
        below = [api for api in known if api == path or api.startswith(f"{path}.")]
        assert below != [], f"{path} is not in the API anymore"
        assert not reached.intersection(below), f"{path} can be set after all"


# A spec that sets one leaf, and the request that must carry it.

BASE: dict[str, Any] = {
    "name": "churn",
    "strategy": "Bayesian",
    "limits": {"max_number_of_training_jobs": 5, "max_parallel_training_jobs": 2},
}
TRAINING_JOB: dict[str, Any] = {
    "objective": {"metric_name": "auc", "type": "Maximize"},
    "hyperparameters": {"base": {"type": "Continuous", "min": 0, "max": 1}},
    "algorithm": {"training_image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/base:1"},
    "role_arn": "arn:aws:iam::111122223333:role/base",
    "output": {"s3_output_path": "s3://bucket/base/"},
    "stopping": {"max_runtime": 600},
}


def value_for(shape: Shape, key: Key | None = None) -> Any:
    """A value that AWS accepts and that differs from every default."""
    default = key.default if key else None
    if shape.enum:
        return next(
            choice for choice in reversed(shape.enum) if choice != default or len(shape.enum) == 1
        )
    if shape.type == "list" and shape.item is not None:
        return [value_for(shape.item, key)]
    if shape.type in ("integer", "long"):
        return (shape.minimum or 0) + 1
    if shape.type in ("float", "double"):
        return 0.75
    if shape.type == "boolean":
        return True
    return (
        key.examples[0] if key and isinstance(key.examples[:1] and key.examples[0], str) else "text"
    )


def leaf_value(key: Key) -> Any:
    assert key.shape is not None
    if key.examples and key.shape.type in ("list", "map"):
        return key.examples[0]
    return value_for(key.shape, key)


class Setting:
    """A spec with one value, and the expected value at its path in the request."""

    def __init__(self, *, several: bool) -> None:
        self.spec = copy.deepcopy(BASE)
        if several:
            self.spec["training_jobs"] = {"one": copy.deepcopy(TRAINING_JOB)}
        else:
            self.spec["training_job"] = copy.deepcopy(TRAINING_JOB)

    def mapping(self, parents: list[Key]) -> dict[str, Any]:
        """The mapping of the innermost of `parents` or of its entry, with siblings."""
        target = self.spec
        for parent in parents:
            target = self.inside(target, parent)
        return target

    def inside(self, target: dict[str, Any], parent: Key) -> dict[str, Any]:
        if isinstance(parent.node, Named):
            entries = target.setdefault(parent.name, {})
            name = "one" if parent.path == "training_jobs" else "entry"
            inner = entries.setdefault(name, {})
        elif isinstance(parent.node, Each):
            inner = target.setdefault(parent.name, [{}])[0]
        else:
            inner = target.setdefault(parent.name, {})
        self.fill(inner, parent)
        assert isinstance(inner, dict)
        return inner

    def fill(self, inner: dict[str, Any], parent: Key) -> None:
        """The members that AWS requires in an existing structure."""
        shape = parent.shape
        structure = shape.item if shape and isinstance(parent.node, (Named, Each)) else shape
        needed = structure.required if structure else ()
        for member in parent.members:
            if (
                isinstance(member.node, (Leaf, Names))
                and member.node.api in needed
                and member.default is None
                and member.name not in inner
            ):
                inner[member.name] = leaf_value(member)
        if parent.name == "inputs":
            inner.setdefault("s3", {"s3_uri": "s3://bucket/entry/"})


def chain(path: str) -> list[Key]:
    """The keys from the root to a path, itself included."""
    return [key for key in every_key() if path == key.path or path.startswith(f"{key.inner_path}.")]


def cases() -> Iterator[tuple[str, dict[str, Any], str, Any]]:
    """(id, spec, API path, value) for every leaf of the table."""
    for key in every_key():
        if key.node is None:
            continue
        *parents, _ = chain(key.path)
        several = key.path.startswith("training_jobs")

        def setting(
            name: str, value: Any, parents: list[Key] = parents, several: bool = several
        ) -> dict[str, Any]:
            result = Setting(several=several)
            target = result.mapping(parents)
            target[name] = value
            return result.spec

        match key.node:
            case Leaf():
                value = leaf_value(key)
                if key.is_duration:
                    yield f"{key.path} as text", setting(key.name, "2h"), key.api, 7200
                yield key.path, setting(key.name, value), key.api, value
            case Group(turns_on=str()):
                yield key.path, setting(key.name, {}), key.api, True
            case Pairs(_, name, value_name):
                spec = setting(key.name, {"entry": "text"})
                yield f"{key.path} name", spec, f"{key.api}[].{name}", "entry"
                yield f"{key.path} value", spec, f"{key.api}[].{value_name}", "text"
            case Names(_, name):
                spec = setting(key.name, ["other"])
                yield key.path, spec, f"{key.api}[].{name}", "other"
            case Named(_, name):
                result = Setting(several=several)
                result.mapping([*parents, key])
                entry = "one" if key.path == "training_jobs" else "entry"
                yield key.path, result.spec, f"{key.api}[].{name}", entry
            case Hyperparameters():
                yield f"{key.path} static", setting(key.name, {"eta": 3}), f"{key.api}{{eta}}", "3"
                for kind in ranges(key):
                    written: dict[str, Any] = {
                        name: "7" for name, shape in kind.keys.items() if not shape.enum
                    }
                    written |= {"values": ["7"]} if "values" in written else {}
                    written |= {"scaling": "Linear"} if "scaling" in kind.keys else {}
                    spec = setting(key.name, {"eta": {"type": kind.kind, **written}})
                    yield f"{key.path} {kind.kind}", spec, f"{kind.api}.Name", "eta"
                    for name, value in written.items():
                        api = f"{kind.api}.{RANGE_MEMBERS[name]}"
                        yield f"{key.path} {kind.kind} {name}", spec, api, value
            case _:
                pass


def found_at(request: Any, api: str) -> list[Any]:
    """The values at an API path; `[]` is every item."""
    values = [request]
    for part in api.replace("[]", ".[]").replace("{", ".{").split("."):
        if part == "[]":
            values = [element for value in values for element in value]
        else:
            member = part.strip("{}")
            values = [value[member] for value in values if member in value]
    return values


CASES = {name: rest for name, *rest in cases()}


def request_of(spec: dict[str, Any]) -> Request:
    """The request of a spec, without the rules that check related keys."""
    document, faults = parse_document(json.dumps(spec), "leaf.yaml")
    data, more = construct_data(document, verbatim=SPEC_VERBATIM)
    assert faults + more == []
    parsed, findings = parse_spec(data)
    assert parsed is not None, findings
    request = emit(parsed)
    assert fill(request, parsed, None) == []
    request.setdefault("HyperParameterTuningJobName", parsed.name)
    result = conformance(request).request
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize(("spec", "api", "value"), CASES.values(), ids=CASES)
def test_the_request_contains_the_value(spec: dict[str, Any], api: str, value: Any) -> None:
    request = request_of(spec)
    assert violations(request) == []
    assert value in found_at(request, api), f"{api} is lost"


def test_every_leaf_has_a_case() -> None:
    tried = {case[1].replace("{eta}", "{}") for case in CASES.values()}
    suffixed = tried | {f"{api}[]" for api in tried} | {f"{api}{{}}" for api in tried}
    assert [api for api, _ in places() if api not in suffixed] == []

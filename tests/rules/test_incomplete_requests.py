"""No rule fails on a request without one of its members, or with an unknown value in its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hptc.compiler.pipeline import compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.reference.rule_pages import BASES
from hptc.request.emission import Request
from hptc.request.job_facts import SCRIPT_SETTINGS
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT
from tests.support.rule_cases import compile_case

UNKNOWN = "${hptc:data_bucket}"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and item below a value."""
    if not isinstance(value, (dict, list)):
        return
    for step in value if isinstance(value, dict) else range(len(value)):
        yield (*path, step)
        yield from places(value[step], (*path, step))


def at(request: Request, path: tuple[Any, ...]) -> Any:
    """What is at a path."""
    for step in path:
        request = request[step]
    return request


def variants(request: Request) -> Iterator[tuple[str, Request]]:
    """The request without each member and item, and with an unknown text for each text."""
    text = json.dumps(request)
    for path in places(request):
        *owner, last = path
        changed = json.loads(text)
        del at(changed, tuple(owner))[last]
        yield f"without {path}", changed
        if isinstance(at(request, path), str):
            changed = json.loads(text)
            at(changed, tuple(owner))[last] = UNKNOWN
            yield f"unknown {path}", changed


def crashes(request: str) -> list[str]:
    diagnostics = compile_text(request, "request.json", Workspace()).diagnostics
    return [finding.message for finding in diagnostics if finding.code == "HPT000"]


@pytest.mark.parametrize("base", BASES)
def test_no_rule_crashes(base: str) -> None:
    request = succeeded(compile_case("{}", base)).request
    for change, changed in variants(request):
        assert crashes(json.dumps(changed)) == [], change


@pytest.mark.parametrize(
    "spec",
    [
        "caltech-images-refined",  # a warm start
        "churn-two-algorithms",
        "cifar10-spot",  # a framework, Spot, checkpoints, a VPC
        "direct-marketing-autotune",
        "direct-marketing-hyperband",
    ],
)
def test_no_rule_crashes_on_an_example(spec: str) -> None:
    (compiled,) = compile_paths([str(ROOT / "specs" / f"{spec}.yaml")], Workspace(rules=()))
    for change, changed in variants(succeeded(compiled).request):
        assert crashes(json.dumps(changed)) == [], change


@pytest.mark.parametrize("base", BASES)
def test_no_rule_crashes_on_json_that_is_nested_too_deeply(base: str) -> None:
    known = succeeded(compile_case("{}", base)).job.definitions[0].static
    for name in (*known, *SCRIPT_SETTINGS):
        case = {"training_job": {"hyperparameters": {name: "[" * 1100 + "]" * 1100}}}
        diagnostics = compile_case(json.dumps(case), base).diagnostics
        crashed = [diagnostic.message for diagnostic in diagnostics if diagnostic.code == "HPT000"]
        assert crashed == [], name

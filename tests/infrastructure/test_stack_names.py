"""Names of stacks and roles: what AWS accepts, and names that two owners need."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.infrastructure.stack_names import (
    NamedSpec,
    NameOwner,
    is_stack_name,
    name_collisions,
    role_name,
)
from hptc.project.project_file import load
from tests.support.jobs import (
    definition,
    environment,
    job,
)


@pytest.mark.parametrize(
    ("chosen", "spec", "path", "name"),
    [
        ({}, "churn", "/hptc/demo/dev/", None),
        ({"role_path": "/ml/"}, "churn", "/ml/", None),
        ({"role_name_prefix": "ml-"}, "churn", "/hptc/demo/dev/", "ml-demo-dev-churn"),
        (
            {"role_name_prefix": "ml-"},
            "x" * 80,
            "/hptc/demo/dev/",
            f"ml-demo-dev-{'x' * 43}-0dd9a02a",
        ),
    ],
    ids=["made up", "a path", "a prefix", "cut"],
)
def test_the_name_of_a_role(chosen: dict[str, str], spec: str, path: str, name: str | None) -> None:
    (stack,) = spec_stacks(environment(**chosen), [(spec, job(definition()))])
    assert (stack.role_path, stack.role_name) == (path, name)
    assert name is None or len(name) <= 64


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("hptc-a-dev", True),
        ("h" + "x" * 127, True),
        ("h" + "x" * 128, False),
        ("hptc-a_b", False),
        ("hptc-ä", False),
        ("1hptc", False),
        ("", False),
    ],
)
def test_a_stack_name(name: str, is_valid: bool) -> None:
    assert is_stack_name(name) == is_valid


@pytest.mark.parametrize(("length", "is_cut"), [(64, False), (65, True)])
def test_a_role_name_is_cut_above_64_characters(length: int, is_cut: bool) -> None:
    chosen = environment(role_name_prefix="ml-")
    spec = "x" * (length - len("ml-demo-dev-"))
    name = role_name(chosen, chosen.spec_stack(spec))
    assert name is not None
    assert (len(name), name.endswith("x")) == (64, not is_cut)


def spec(name: str, *, has_managed_role: bool = True, is_scheduled: bool = False) -> NamedSpec:
    return NamedSpec(name=name, has_managed_role=has_managed_role, is_scheduled=is_scheduled)


ONE = 'account: "111122223333", region: us-east-1'
THERE = ONE.replace("us-east-1", "eu-west-1")
PREFIXED = "infrastructure: {role_name_prefix: ml-}"
EXISTING_ROLE = "infrastructure: {execution_role: team}"
NOTHING = (
    "infrastructure: {artifact_bucket: absent, data_bucket: absent, kms_key: absent, "
    "launcher_policy: absent}"
)
COLLISIONS: dict[str, tuple[str, list[NamedSpec], list[str]]] = {
    "a spec and an environment": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}}}\n",
        [spec("eu"), spec("us")],
        ["stack hptc-a-dev-eu: dev eu, dev-eu"],
    ),
    "an environment whose role exists": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}, {EXISTING_ROLE}}}\n",
        [spec("eu")],
        ["stack hptc-a-dev-eu: dev eu, dev-eu"],
    ),
    "the other way round": (
        f"  dev-eu: {{{ONE}}}\n  dev: {{{ONE}}}\n",
        [spec("eu")],
        ["stack hptc-a-dev-eu: dev eu, dev-eu"],
    ),
    "in capitals": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}}}\n",
        [spec("EU")],
        ["stack hptc-a-dev-EU: dev EU, dev-eu"],
    ),
    "specs of two environments": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}}}\n",
        [spec("eu-x"), spec("x")],
        ["stack hptc-a-dev-eu-x: dev-eu x, dev eu-x"],
    ),
    "a schedule and a spec": (
        f"  dev: {{{ONE}}}\n  prod: {{{ONE}}}\n",
        [spec("a", is_scheduled=True), spec("a-schedule")],
        ["stack hptc-a-dev-a-schedule: dev a-schedule, dev a schedule"],
    ),
    "a schedule of one environment only": (
        f"  dev: {{{ONE}}}\n  prod: {{{ONE}, overrides: {{schedule: rate(1 day)}}}}\n",
        [spec("a"), spec("a-schedule", has_managed_role=True)],
        ["stack hptc-a-prod-a-schedule: prod a-schedule, prod a schedule"],
    ),
    "a schedule that no environment has": (
        f"  dev: {{{ONE}, overrides: {{schedule: null}}}}\n",
        [spec("a", is_scheduled=True), spec("a-schedule")],
        [],
    ),
    "an empty foundation": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}, {NOTHING}}}\n", [spec("eu")], []
    ),
    "another Region": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{THERE}}}\n",
        [spec("eu"), spec("eu-x"), spec("x")],
        [],
    ),
    "another account": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE.replace('1111', '9999')}}}\n",
        [spec("eu"), spec("eu-x"), spec("x")],
        [],
    ),
    "roles of two Regions": (
        f"  dev: {{{ONE}, {PREFIXED}}}\n  dev-eu: {{{THERE}, {PREFIXED}}}\n",
        [spec("eu-x"), spec("x")],
        ["role ml-a-dev-eu-x: dev-eu x, dev eu-x"],
    ),
    "the role of a schedule": (
        f"  dev: {{{ONE}, {PREFIXED}}}\n",
        [spec("a", is_scheduled=True), spec("a-schedule-machine")],
        ["role ml-a-dev-a-schedule-machine: dev a-schedule-machine, dev a schedule"],
    ),
    "an explicit role": (
        f"  dev: {{{ONE}}}\n  dev-eu: {{{ONE}}}\n", [spec("eu", has_managed_role=False)], []
    ),
    "one name twice": (f"  dev: {{{ONE}}}\n", [spec("a"), spec("A")], []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "specs", "expected"), COLLISIONS.values(), ids=COLLISIONS)
def test_collisions(text: str, specs: list[NamedSpec], expected: list[str], tmp_path: Path) -> None:
    file = tmp_path / "hptc.yaml"
    file.write_text(f"project: a\nenvironments:\n{text}", encoding="utf-8")
    project, faults = load(file)
    assert project is not None, faults

    def written(owner: NameOwner) -> str:
        parts = (owner.environment, owner.spec, "schedule" if owner.is_schedule else None)
        return " ".join(part for part in parts if part)

    collisions_text = [
        f"{collision.resource} {collision.name}: "
        f"{written(collision.owner)}, {written(collision.other)}"
        for collision in name_collisions(project, specs)
    ]
    assert collisions_text == expected

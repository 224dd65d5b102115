"""The digest of a stack: the same for the same content, however the reasons are worded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure import stack_digest as module
from hptc.infrastructure.environment_stacks import EnvironmentStacks, environment_stacks
from hptc.infrastructure.stack_digest import is_current, stack_digest
from tests.support.paths import ROOT


def stacks(environment: str = "dev") -> EnvironmentStacks:
    compiled = compile_paths([str(ROOT)], Workspace(environment=environment))
    chosen = next(outcome.environment for outcome in compiled if outcome.environment is not None)
    return environment_stacks(chosen, deployable_specs(compiled))


def test_every_stack_has_its_own_digest() -> None:
    environment = stacks()
    assert set(environment.digests) == set(environment.outputs)
    assert len(set(environment.digests.values())) == len(environment.digests)
    assert environment.digests == stacks().digests
    assert not set(environment.digests.values()) & set(stacks("prod").digests.values())


def test_reasons_do_not_change_a_digest_and_permissions_do() -> None:
    role = next(role for role in stacks().roles if role.permissions[0].conditions)
    first, *rest = role.permissions
    reworded = replace(first, reason="in other words", required_by=())
    assert stack_digest(replace(role, permissions=(reworded, *rest))) == stack_digest(role)
    for other in (
        replace(first, actions=(*first.actions, "s3:DeleteObject")),
        replace(first, resources=("*",)),
        replace(first, conditions=()),
    ):
        assert other != first
        assert stack_digest(replace(role, permissions=(other, *rest))) != stack_digest(role)


def test_a_digest_is_the_same_in_every_release() -> None:
    """Or stacks that are deployed would be out of date."""
    assert stack_digest({"b": 1, "a": ("é", None, True)}, "x") == "d54589e569f22102"


def test_a_schedule_changes_the_digest() -> None:
    (scheduled,) = stacks().schedules
    other = scheduled.schedule.model_copy(update={"state": "DISABLED"})
    assert stack_digest(replace(scheduled, schedule=other)) != stack_digest(scheduled)


def test_a_digest_of_another_version_is_not_out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade of hptc must not block submissions until every stack was deployed again."""
    role = stacks().roles[0]
    before = stack_digest(role)
    assert is_current({"Digest": before}, before)
    assert not is_current({"Digest": before}, "0" * 16)
    assert is_current({}, before)
    monkeypatch.setattr(module, "_VERSION", 2)
    after = stack_digest(role)
    assert after == f"2.{before}"
    assert is_current({"Digest": before}, after)
    assert is_current({"Digest": after}, before)
    assert not is_current({"Digest": "2." + "0" * 16}, after)

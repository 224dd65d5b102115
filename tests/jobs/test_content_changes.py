"""What has changed in a spec since one of its tuning jobs was created."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import Compiled
from hptc.jobs.content_changes import content_changes
from hptc.jobs.resolution import resolve_references
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.specs import PROJECT, SPEC, STACKS, compiled

OTHER = "0" * 64


@pytest.fixture
def churn(tmp_path: Path) -> Compiled:
    return compiled(tmp_path, SPEC, project=PROJECT)


def described(outcome: Compiled) -> dict[str, Any]:
    """The request of a spec as AWS describes it: with the values of deployed stacks."""
    return deepcopy(resolve_references(outcome, FakeTuning(), FakeStacks(STACKS)))


def test_the_same_digest_is_the_same_content(churn: Compiled) -> None:
    changes = content_changes(churn, {}, churn.digest)
    assert (changes.is_changed, changes.subjects) == (False, ())


def test_values_of_stacks_are_not_changes(churn: Compiled) -> None:
    changes = content_changes(churn, described(churn), "")
    assert (changes.is_changed, changes.subjects) == (False, ())


def test_what_the_service_adds_is_not_a_change(churn: Compiled) -> None:
    request = described(churn)
    definition = request["TrainingJobDefinition"]
    definition["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "a", "Regex": "b"}]
    definition["StaticHyperParameters"]["_tuning_objective_metric"] = "validation:auc"
    assert content_changes(churn, request, "").subjects == ()


def test_a_different_digest_is_a_change_whatever_it_is(churn: Compiled) -> None:
    changes = content_changes(churn, described(churn), OTHER)
    assert (changes.is_changed, changes.subjects) == (True, ())


@pytest.mark.parametrize(
    ("before", "after", "subjects"),
    [
        pytest.param("max: 10}", "max: 12}", {"max_depth"}, id="range"),
        pytest.param("num_round: 200", "num_round: 100", {"num_round"}, id="static value"),
        pytest.param("growth", "churn", {"tags.team"}, id="tag"),
        pytest.param("/churn/train/", "/churn/new/", {"train"}, id="path behind a reference"),
        pytest.param("ml.m5.xlarge", "ml.m5.2xlarge", {"instance_type"}, id="instances"),
    ],
)
def test_changes_are_named(
    tmp_path: Path, churn: Compiled, before: str, after: str, subjects: set[str]
) -> None:
    request = described(churn)
    changed = compiled(tmp_path / "now", SPEC.replace(before, after), project=PROJECT)
    changes = content_changes(changed, request, churn.digest)
    assert changes.is_changed is True
    assert len(changes.subjects) == len(subjects)
    assert all(any(word in subject for subject in changes.subjects) for word in subjects), (
        changes.subjects
    )

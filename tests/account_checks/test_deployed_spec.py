"""Values that deployed stacks provide, and stacks that are not deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_account import FakeAccount
from tests.support.online_checks import (
    DEPLOYED,
    Change,
    NewFindings,
    compiled,
    new_findings,
    online,
    role,
    whole,
)


def stack(name: str, **outputs: str | None) -> Change:
    def apply(fake: FakeAccount) -> None:
        values = fake.stacks.stacks[name] | outputs
        fake.stacks.stacks[name] = {k: v for k, v in values.items() if v is not None}

    return apply


DEPLOYMENTS: dict[str, tuple[Change, NewFindings, list[str]]] = {
    "deployed": (lambda _: None, [], []),
    "values-are-those-of-the-stacks": (
        stack("hptc-churn-dev", DataBucket="other"),
        [("HPT921", "error", "train"), ("HPT921", "error", "validation")],
        [],
    ),
    "role-of-the-stack": (
        role(service="ec2.amazonaws.com"), [("HPT942", "error", "name")], [],
    ),
    "spec-not-deployed": (
        lambda fake: fake.stacks.stacks.pop("hptc-churn-dev-churn"),
        [],
        ["`hptc-churn-dev-churn` is not deployed, so the values it provides are not checked"],
    ),
    "nothing-deployed": (
        lambda fake: fake.stacks.stacks.clear(),
        [],
        [
            "`hptc-churn-dev` is not deployed, so the values it provides are not checked",
        ],
    ),
    "output-missing": (
        lambda fake: fake.stacks.stacks["hptc-churn-dev"].pop("DataBucket"), [], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change_", "expected", "words"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_values_of_a_deployment(
    change_: Change, expected: NewFindings, words: list[str], tmp_path: Path
) -> None:
    fake = whole()
    change_(fake)
    before = compiled(tmp_path, DEPLOYED)
    after, notes = online(before, fake)
    assert [(code, severity) for code, severity, _ in new_findings(after[0], before[0])] == [
        (code, severity) for code, severity, _ in expected
    ]
    assert sorted(notes) == sorted(words)

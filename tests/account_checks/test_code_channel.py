"""The channel of training code, which a submission fills."""

from __future__ import annotations

from pathlib import Path

from tests.support.online_checks import new_findings, online, whole
from tests.support.outcomes import succeeded
from tests.support.training_code import compile_code


def test_code_that_is_not_uploaded_yet_is_not_an_empty_input(tmp_path: Path) -> None:
    before = succeeded(
        compile_code(
            tmp_path, stopping="  stopping: {max_runtime: 15m}\n  enable_network_isolation: true"
        )
    )
    fake = whole()
    fake.inventory.limits = {"ml.m5.large for training job usage": 8.0}
    after, _ = online([before], fake)
    assert new_findings(after[0], before) == []
    fake.inventory.objects = []
    after, _ = online([before], fake)
    assert [code for code, _, _ in new_findings(after[0], before)] == ["HPT922"], "of the data"

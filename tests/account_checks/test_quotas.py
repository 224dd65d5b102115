"""Instances of a tuning job against the quotas of the account."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.online_checks import (
    KEY,
    SPEC,
    NewFindings,
    compiled,
    new_findings,
    online,
    quota,
    whole,
)


def test_a_quota_finding_has_its_numbers(tmp_path: Path) -> None:
    fake = whole()
    quota("training job", 7)(fake)
    (outcome,), _ = online(compiled(tmp_path, SPEC), fake)
    (finding,) = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.code == "HPT911"]
    assert "4 parallel training jobs x 2 ml.m5.xlarge = 8 instances" in finding.message
    assert finding.help.startswith("set max_parallel_training_jobs to 3, or request")


ONE_FITS = """\
    instance_configs:
      - {instance_type: ml.m5.xlarge, instance_count: 3, volume_size_in_gb: 30}
      - {instance_type: ml.m5.2xlarge, instance_count: 1, volume_size_in_gb: 30}
"""
GROUPS = """\
    instance_groups:
      head: {instance_type: ml.m5.xlarge, instance_count: 1}
      tail: {instance_type: ml.m5.xlarge, instance_count: 2}
    volume_size_in_gb: 30
"""
STOPPING = "  stopping: {max_runtime: 1h}"
QUOTA_SPECS: dict[str, tuple[tuple[str, str], NewFindings]] = {
    "spot": (
        (STOPPING, f"{STOPPING}\n  spot: {{max_wait_time: 2h}}"),
        [("HPT911", "error", "instance_type")],
    ),
    "alternatives-of-which-one-fits": (("tuning_resources", ONE_FITS), []),
    "alternatives-of-which-none-fits": (
        ("tuning_resources", ONE_FITS.replace("instance_count: 1", "instance_count: 2")),
        [("HPT911", "warning", "- {instance_type")],
    ),
    "groups-of-one-type": (("resources", GROUPS), [("HPT911", "error", "head")]),
    "fewer-jobs-than-parallel": (
        ("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 4"),
        [],
    ),
}


@pytest.mark.parametrize(("edit", "expected"), QUOTA_SPECS.values(), ids=QUOTA_SPECS)
def test_instances_in_every_form(
    edit: tuple[str, str], expected: NewFindings, tmp_path: Path
) -> None:
    old, new = edit
    text = SPEC.replace("s3_data_distribution_type: ShardedByS3Key", "s3_data_type: S3Prefix")
    if old in ("tuning_resources", "resources"):
        start, end = text.index("  resources:"), text.index("  enable_inter")
        key = f'    volume_kms_key_id: "{KEY}"\n'
        text = f"{text[:start]}  {old}:\n{new}{key}{text[end:]}"
    else:
        text = text.replace(old, new)
    before = compiled(tmp_path, text)
    after, _ = online(before, whole())
    assert new_findings(after[0], before[0]) == expected

"""The training data compared with the storage of an instance."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diagnostics import Diagnostic
from tests.support.online_checks import SPEC, compiled, online, whole

GB = 1024**3
TRAIN = ("s3://data/churn/train/1.csv", "s3://data/churn/train/2.csv")
VALIDATION = "s3://data/churn/validation/1.csv"
SHARDED = '{s3_uri: "s3://data/churn/train/", s3_data_distribution_type: ShardedByS3Key}'
COPIED = '"s3://data/churn/train/"'
FLEXIBLE = """\
  tuning_resources:
    instance_configs:
      - {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 20}
      - {instance_type: ml.m5.2xlarge, instance_count: 2, volume_size_in_gb: 40}
"""
GROUPS = """\
  resources:
    instance_groups:
      a: {instance_type: ml.m5.xlarge, instance_count: 1}
      b: {instance_type: ml.m5.2xlarge, instance_count: 1}
    volume_size_in_gb: 30
"""
KEY = SPEC.partition("volume_kms_key_id: ")[2].splitlines()[0]
ONE = f"""\
  resources:
    instance_type: ml.m5.xlarge
    instance_count: 2
    volume_size_in_gb: 30
    volume_kms_key_id: {KEY}
"""


def too_large(
    folder: Path, sizes: dict[str, int], spec: str = SPEC, *, are_few: bool = True
) -> list[Diagnostic]:
    fake = whole()
    fake.inventory.sizes = sizes
    fake.inventory.are_few_objects = are_few
    fake.inventory.limits = {}
    (after,), notes = online(compiled(folder, spec), fake)
    assert notes == []
    return [diagnostic for diagnostic in after.diagnostics if diagnostic.code == "HPT925"]


@pytest.mark.parametrize(
    ("source", "sizes", "message"),
    [
        pytest.param(COPIED, {TRAIN[0]: 30 * GB - 2}, "", id="just-fits"),
        pytest.param(COPIED, {TRAIN[0]: 30 * GB - 1}, "30.0 GB", id="one-byte-more"),
        pytest.param(COPIED, {TRAIN[0]: 15 * GB, TRAIN[1]: 18 * GB}, "33.0 GB", id="two-objects"),
        pytest.param(COPIED, {TRAIN[0]: 20 * GB, VALIDATION: 20 * GB}, "40.0 GB", id="channels"),
        pytest.param(SHARDED, {TRAIN[0]: 59 * GB}, "", id="shared"),
        pytest.param(SHARDED, {TRAIN[0]: 70 * GB}, "35.0 GB", id="large-share"),
    ],
)
def test_data_and_a_volume(
    source: str, sizes: dict[str, int], message: str, tmp_path: Path
) -> None:
    findings = too_large(tmp_path, sizes, SPEC.replace(SHARDED, source))
    assert [(finding.message, finding.severity.value) for finding in findings] == (
        [
            (
                f"the training data has {message} for each instance, but the volume has 30 GB",
                "error",
            )
        ]
        if message
        else []
    )


def test_what_to_do(tmp_path: Path) -> None:
    (finding,) = too_large(tmp_path, {VALIDATION: 33 * GB + GB // 2}, are_few=False)
    assert "has at least 33.5 GB for" in finding.message
    assert finding.span.source.strip() == "volume_size_in_gb: 30"
    assert finding.help == (
        "raise `volume_size_in_gb` above 34, with room for the output, or stream the data with the "
        "input mode `FastFile`"
    )


def test_local_storage(tmp_path: Path) -> None:
    spec = SPEC.replace("ml.m5.xlarge", "ml.g5.xlarge")
    spec = spec.replace(f"    volume_kms_key_id: {KEY}\n", "")
    assert too_large(tmp_path, {VALIDATION: 249 * GB}, spec) == []
    (finding,) = too_large(tmp_path, {VALIDATION: 251 * GB}, spec)
    assert finding.message.endswith("but ml.g5.xlarge has 250 GB")
    assert finding.span.source.strip() == "instance_type: ml.g5.xlarge"
    assert finding.help.startswith("use a larger instance type, or stream")


@pytest.mark.parametrize(
    ("size", "is_too_large"), [pytest.param(39, False, id="fits"), pytest.param(41, True, id="not")]
)
def test_the_largest_alternative_counts(size: int, is_too_large: bool, tmp_path: Path) -> None:
    spec = SPEC.replace(ONE, FLEXIBLE)
    assert bool(too_large(tmp_path, {VALIDATION: size * GB}, spec)) is is_too_large


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("validation: {s3: ", "validation: {input_mode: FastFile, s3: "), id="stream"),
        pytest.param(
            (
                '"s3://data/churn/validation/"',
                '{s3_data_type: ManifestFile, s3_uri: "s3://data/churn/validation/1.csv"}',
            ),
            id="manifest",
        ),
        pytest.param((ONE, GROUPS), id="several-groups"),
    ],
)
def test_data_that_is_not_downloaded(change: tuple[str, str], tmp_path: Path) -> None:
    assert too_large(tmp_path, {VALIDATION: 99 * GB}) != []
    assert too_large(tmp_path, {VALIDATION: 99 * GB}, SPEC.replace(*change)) == []

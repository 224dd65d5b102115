"""What several rules use is computed once, counted in calls."""

from __future__ import annotations

from pathlib import Path

from hptc.catalog.s3_names import broken_rule
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.request.possible_settings import possible_settings
from tests.support.calls import calls_of
from tests.support.specs import PROJECT, SPEC


def test_the_settings_of_a_training_job_are_read_once_for_all_dependencies(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    path = tmp_path / "churn.yaml"
    path.write_text(SPEC, "utf-8")
    calls = calls_of(lambda: compile_file(str(path), Workspace()), possible_settings)
    assert calls["possible_settings"] == 1  # four rules are about dependencies


def test_the_names_of_buckets_are_checked_once_for_both_rules(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    path = tmp_path / "churn.yaml"
    path.write_text(SPEC.replace("s3://{{ data_bucket }}/churn/train/", "s3://My_Bucket/a/"))
    calls = calls_of(lambda: compile_file(str(path), Workspace()), broken_rule)
    assert calls["broken_rule"] == 1

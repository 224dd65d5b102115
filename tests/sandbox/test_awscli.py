"""Tuning jobs through the real AWS CLI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.sandbox import CONFIG, DEFINITION

pytestmark = pytest.mark.slow

NAME = ("--hyper-parameter-tuning-job-name", "tune-1")


def aws(sandbox: Sandbox, *arguments: str) -> tuple[int, Any, str]:
    """Run the AWS CLI. Returns the exit code, the parsed stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments],
        env=client_environment(sandbox),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


def test_create_describe_list_stop(tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps(
            {
                "HyperParameterTuningJobName": "tune-1",
                "HyperParameterTuningJobConfig": CONFIG,
                "TrainingJobDefinition": DEFINITION,
            }
        )
    )
    create = (
        *("sagemaker", "create-hyper-parameter-tuning-job"),
        *("--cli-input-json", f"file://{request}"),
    )
    with Sandbox(account="666666666666", tuning="held") as sandbox:
        code, created, _ = aws(sandbox, *create)
        assert code == 0
        assert created["HyperParameterTuningJobArn"].endswith(":hyper-parameter-tuning-job/tune-1")

        code, _, error = aws(sandbox, *create)
        assert code != 0
        assert "ResourceInUse" in error

        describe = ("sagemaker", "describe-hyper-parameter-tuning-job", *NAME)
        code, described, _ = aws(sandbox, *describe)
        assert code == 0
        limits = described["HyperParameterTuningJobConfig"]["ResourceLimits"]
        assert limits == CONFIG["ResourceLimits"]

        code, listed, _ = aws(sandbox, "sagemaker", "list-hyper-parameter-tuning-jobs")
        assert code == 0
        (summary,) = listed["HyperParameterTuningJobSummaries"]
        assert summary["HyperParameterTuningJobName"] == "tune-1"

        assert aws(sandbox, "sagemaker", "stop-hyper-parameter-tuning-job", *NAME)[0] == 0
        assert aws(sandbox, *describe)[1]["HyperParameterTuningJobStatus"] == "Stopped"

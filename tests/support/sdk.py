"""The SageMaker SDK in environments of its own, which `make sdk` installs, and its programs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROGRAMS = ROOT / "tests" / "sdk" / "programs"
_UNREACHABLE = "http://127.0.0.1:9"


def python_of(version: int) -> str:
    """The Python with a version of the SDK; skips the test if it is not installed."""
    python = ROOT / f".venv-sdk{version}" / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"version {version} of the SageMaker SDK is not installed: run make sdk")
    return str(python)


def run_hptc(
    arguments: Sequence[str], folder: Path, *, has_network: bool
) -> subprocess.CompletedProcess[str]:
    """Run hptc with a command that uses the SDK. Without a network, only loopback is reachable."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    proxies = dict.fromkeys(("https_proxy", "HTTPS_PROXY", "http_proxy"), _UNREACHABLE)
    return subprocess.run(
        [sys.executable, "-m", "hptc", *arguments],
        cwd=folder,
        env={
            **kept,
            **({} if has_network else {**proxies, "NO_PROXY": "127.0.0.1,localhost"}),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONWARNINGS": "ignore",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=570,
    )

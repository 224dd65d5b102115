"""Rendering needs the types of results only, never what produces them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "hptc" / "render").glob("*.py")
)
FORBIDDEN = (
    *("hptc.aws", "hptc.cdk", "hptc.cli", "hptc.sandbox"),
    *("boto3", "botocore", "aws_cdk", "jsii"),
    *("hptc.jobs.submission", "hptc.jobs.plan", "hptc.jobs.apply", "hptc.jobs.decide"),
    *("hptc.jobs.history", "hptc.jobs.past_runs", "hptc.jobs.snapshot", "hptc.jobs.provenance"),
    *("hptc.stacks.deploy", "hptc.stacks.destroy", "hptc.stacks.status", "hptc.stacks.cdk_cli"),
)
LOADED = """\
import importlib, sys
importlib.import_module(sys.argv[1])
print("\\n".join(sys.modules))
"""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_no_effects(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, module],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    loaded = done.stdout.split()
    assert module.removesuffix(".__init__") in loaded
    assert [
        name
        for name in loaded
        if any(name == each or name.startswith(f"{each}.") for each in FORBIDDEN)
    ] == []

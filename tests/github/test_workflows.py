"""The action, the example workflow and the one that `hptc init` writes, as zizmor sees them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

CONFIG = ROOT / ".github" / "zizmor.yml"
ACTION = ROOT / "action.yml"
WORKFLOWS = [
    ROOT / "examples" / "ci" / "github-deploy.yml",
    ROOT / "hptc" / "reference" / "scaffold_files" / "workflow.yml",
]
PLACEHOLDER = "OWNER/hptc"


def zizmor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run zizmor without network. Its exit code is 0 only without findings."""
    command = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--no-progress"]
    files = map(str, [ACTION, *WORKFLOWS])
    return subprocess.run(
        [*command, *arguments, *files], capture_output=True, text=True, timeout=60, check=False
    )


def test_zizmor_finds_nothing_unexplained() -> None:
    done = zizmor("--config", str(CONFIG))
    assert done.returncode == 0, done.stdout


def test_every_exception_is_needed() -> None:
    """Without its configuration, zizmor finds just what the configuration explains."""
    done = zizmor("--no-config", "--format", "plain")
    assert done.returncode != 0
    codes = re.findall(r"^(?:error|warning|info)\S*\[([\w-]+)\]", done.stdout, re.MULTILINE)
    assert set(codes) == set(yaml.safe_load(CONFIG.read_text("utf-8"))["rules"])
    assert len(codes) == done.stdout.count(f"uses: {PLACEHOLDER}@") == 1


def workflow(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=lambda file: file.name)
def test_actions_are_pinned_to_a_commit_of_a_named_version(file: Path) -> None:
    uses = re.findall(r"uses: (\S+)(.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert uses
    for action, comment in uses:
        if not action.startswith(PLACEHOLDER):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_each_action_has_one_version() -> None:
    texts = [file.read_text("utf-8") for file in (ACTION, *WORKFLOWS, ROOT / "docs" / "ci.md")]
    pins = {pin for text in texts for pin in re.findall(r"uses: (\S+@[0-9a-f]{40} # \S+)", text)}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins}) == 5


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_job_has_the_permissions_it_names_and_keeps_no_token(file: Path) -> None:
    loaded = workflow(file)
    assert loaded["permissions"] == {}
    for job in loaded["jobs"].values():
        assert job["permissions"]["contents"] == "read"
        assert ("id-token" in job["permissions"]) == ("environment" in job)
        checkouts = [step for step in job["steps"] if "checkout@" in step.get("uses", "")]
        assert checkouts
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)

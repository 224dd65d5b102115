"""The pre-commit hook names a command that hptc has, and files that are specs."""

from __future__ import annotations

import re

import yaml

from hptc.cli import cli
from tests.support.paths import ROOT


def test_the_hook_runs_a_command_on_specs() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, command = hook["entry"].split()
    assert program == "hptc"
    assert command in cli.commands
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == ("hptc-check", "python", True)
    pattern = re.compile(hook["files"])
    assert pattern.search("specs/churn.yaml")
    assert pattern.search("specs/team/request.json")
    assert not pattern.search("hptc.yaml")
    assert not pattern.search("docs/specs.md")

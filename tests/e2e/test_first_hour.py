"""The commands of the two READMEs, taken literally, from an empty folder to a submitted job.

Then a user's own training script: rehearsed and run on this machine, submitted, and followed by
another spec, with the commands that a user would try next.

What a test can't do is replaced, and nothing else:
- packages are not installed again (tests/test_packaging.py installs the wheel);
- nobody answers questions, so commands that ask get `--yes`;
- the data is two lines of CSV, in the folders that `hptc deploy` names;
- a command that is in both READMEs but needed only once, runs once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import (
    Done,
    bootstrap,
    execute,
    execute_here,
    tool_environment,
)
from tests.support.paths import ROOT
from tests.support.sandbox import Account

pytestmark = pytest.mark.slow

_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_COMMENT = re.compile(r"\s+# .*")
_SYNC = "aws s3 sync …"
_ASKS = ("hptc deploy", "hptc submit")
_ONCE = ("npx cdk bootstrap",)


def commands(readme: Path, heading: str) -> list[str]:
    """The commands of the first shell block after a heading, without comments."""
    _, _, after = readme.read_text("utf-8").partition(heading)
    block = _BLOCK.search(after)
    assert block is not None, f"{readme}: no commands after {heading}"
    return [_COMMENT.sub("", line) for line in block[1].splitlines()]


@dataclass(kw_only=True)
class Shell:
    """Runs commands one after the other, in the folder to which they change."""

    folder: Path
    environment: dict[str, str]
    printed: str = ""  # by the last `hptc deploy` that changed something
    done: set[str] = field(default_factory=set)

    def run(self, command: str) -> Done | None:
        if command == _SYNC:
            for sync in self.syncs():
                self.write_data(sync)
                self.execute(sync)
            return None
        parts = [part for part in command.split(" && ") if not self.is_replaced(part)]
        if not parts:
            return None
        command = " && ".join(f"{part} --yes" if part.startswith(_ASKS) else part for part in parts)
        result = self.execute(command)
        if command.startswith("hptc deploy") and self.syncs(result.err):
            self.printed = result.err
        return result

    def is_replaced(self, part: str) -> bool:
        installs = part.startswith(("pip install ", "python3 -m venv ", ". .venv/", "npm ci"))
        if part.startswith("npm ci"):
            link = self.folder / "node_modules"
            if not link.is_symlink():
                link.symlink_to(ROOT / "node_modules")
        is_again = part.startswith(_ONCE) and part in self.done
        self.done.add(part)
        return installs or is_again

    def execute(self, command: str) -> Done:
        script = f"set -e\n{command}\npwd >&3\n"
        place = self.folder / "pwd.tmp"
        result = execute(["sh", "-c", f"exec 3>'{place}'\n{script}"], self.folder, self.environment)
        self.folder = Path(place.read_text("utf-8").strip())
        place.unlink()
        return result

    def hptc(self, arguments: str) -> Done:
        """Run hptc in this process."""
        return execute_here(arguments.split(), self.folder, self.environment)

    def syncs(self, printed: str | None = None) -> list[str]:
        """The commands that a deployment printed."""
        lines = (self.printed if printed is None else printed).splitlines()
        return [line.strip() for line in lines if line.startswith("  aws s3 ")]

    def write_data(self, sync: str) -> None:
        folder = self.folder / sync.split()[3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data.csv").write_text("1,0.5\n0,0.1\n", "utf-8")


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in an empty folder, with the account of the example's hptc.yaml."""
    folder, cdk = tmp_path / "empty", tmp_path / "cdk"
    folder.mkdir()
    cdk.mkdir()
    with Sandbox(account="123456789012") as sandbox:
        environment = client_environment(sandbox, tool_environment())
        environment["CDK_HOME"] = str(cdk)
        yield Shell(folder=folder, environment=environment)


def test_both_readmes_work_as_they_are_written(shell: Shell) -> None:
    first = commands(ROOT / "README.md", "## From a spec to a running job")
    assert first[0].startswith("pip install 'hptc[cdk]'")
    assert _SYNC in first
    outputs = {command: shell.run(command) for command in first}
    submitted = outputs["hptc submit specs/direct-marketing-xgboost.yaml"]
    assert submitted is not None
    assert submitted.out.startswith("submitted direct-marketing-xgboos-")
    assert len(shell.syncs()) == 2

    second = commands(shell.folder / "README.md", "# tuning")
    assert _SYNC in second
    outputs = {command: shell.run(command) for command in second}
    deployed, again = outputs["hptc deploy"], outputs["hptc submit"]
    assert deployed is not None
    assert again is not None
    assert "2 of 2 stacks unchanged" in deployed.err
    assert again.out.startswith("already submitted: direct-marketing-xgboos-")


def test_the_readmes_agree() -> None:
    """What one of them says about the way from a spec to a job, the other one says too."""
    scaffold = ROOT / "hptc" / "reference" / "scaffold_files" / "README.md"
    installs = ("pip install", "python3 -m venv", "hptc init", "npm ci")
    ours = [
        command.removesuffix(" specs/direct-marketing-xgboost.yaml")
        for command in commands(ROOT / "README.md", "## From a spec to a running job")
        if not command.startswith(installs)
    ]
    theirs = [
        command.removesuffix(" specs/direct-marketing-xgboost.yaml")
        for command in commands(scaffold, "# __PROJECT__")
        if not command.startswith(installs)
    ]
    assert ours == theirs


_SPEC = """
name: digits
strategy: Random
limits: {max_number_of_training_jobs: 3, max_parallel_training_jobs: 1, max_runtime: 1h}
training_job:
  objective: {metric_name: "validation:accuracy", type: Maximize}
  source: {directory: src, entry_point: train.py}
  hyperparameters:
    gamma: {type: Continuous, min: 1e-4, max: 1e-2, scaling: Logarithmic}
  algorithm:
    framework: sagemaker-scikit-learn
    version: 1.2-1-cpu-py3
    metric_definitions: {"validation:accuracy": "validation:accuracy=([-+0-9.eE]+)"}
  resources: {instance_type: ml.m5.large, instance_count: 1, volume_size_in_gb: 5}
  stopping: {max_runtime: 15m}
"""
_SCRIPT = """
import argparse
from sklearn.datasets import load_digits
from sklearn.svm import SVC

parser = argparse.ArgumentParser()
parser.add_argument("--gamma", type=float)
x, y = load_digits(return_X_y=True)
model = SVC(gamma=parser.parse_args().gamma).fit(x[:600], y[:600])
print(f"validation:accuracy={model.score(x[600:900], y[600:900]):.4f}")
"""


def test_a_users_own_script(shell: Shell) -> None:
    shell.execute("git init --quiet")
    shell.execute("hptc init digits")
    shell.execute("cd digits && rm specs/*.yaml && mkdir src")
    (shell.folder / "node_modules").symlink_to(ROOT / "node_modules")
    (shell.folder / "src/train.py").write_text(_SCRIPT, "utf-8")
    spec = shell.folder / "specs/digits.yaml"
    spec.write_text(_SPEC, "utf-8")
    for command in ("check", "preview digits", "cost digits"):
        shell.hptc(command)

    rehearsed = shell.execute("hptc local run digits --trials 1")
    name = rehearsed.out.splitlines()[0]
    assert "matches 1 of 1 line" in rehearsed.err
    assert "3 of 3" in shell.hptc("local run digits --resume").out
    assert name in shell.hptc("local list").out
    assert "validation:accuracy=" in shell.hptc("local logs digits").out
    assert "3 training jobs on this machine" in shell.hptc("local results digits").out
    shell.hptc("local report digits -o local.html")
    assert "nothing to stop" in shell.hptc("local stop digits").out

    account = Account(id="123456789012", endpoint_url=shell.environment["AWS_ENDPOINT_URL"])
    bootstrap(account.client("cloudformation"))
    shell.hptc("deploy --yes")
    submitted = shell.hptc("submit digits --yes")
    assert submitted.out.startswith(f"submitted {name} in us-east-1")  # the name is the same
    assert "uploading src (1 file" in submitted.err
    assert shell.hptc("submit digits --yes").out.startswith(f"already submitted: {name}")
    spec.write_text(_SPEC.replace("1e-4", "1e-5"), "utf-8")
    for command in ("watch", "status", "results", "logs", "stop", "local status", "local results"):
        done = shell.hptc(f"{command} digits")
        assert name in done.out + done.err, command
    assert name in shell.hptc("list --spec digits").out
    shell.hptc("report digits -o report.html")

    shell.hptc("next digits -o specs/next.yaml")
    shell.hptc("local next digits --name digits-here -o specs/here.yaml")
    for file in ("next", "here"):
        text = (shell.folder / f"specs/{file}.yaml").read_text("utf-8")
        assert "source: {directory: src, entry_point: train.py}" in text
    shell.hptc("check")
    shell.hptc("local run digits-here --trials 1")

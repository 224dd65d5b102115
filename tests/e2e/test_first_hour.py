"""The commands of the two READMEs, taken literally, from an empty folder to a submitted job.

What a test can't do is replaced, and nothing else:
- packages are not installed, because they are (tests/test_packaging.py installs the wheel);
- nobody answers questions, so that what asks gets `--yes`;
- the data is two lines of CSV, in the folders that `hptc deploy` names;
- a command that both READMEs have, and that is for once, runs once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.e2e_project import Done, execute, tool_environment
from tests.support.paths import ROOT

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
        command = " && ".join(f"{p} --yes" if p.startswith(_ASKS) else p for p in parts)
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

    def syncs(self, printed: str | None = None) -> list[str]:
        """The commands that a deployment printed."""
        lines = (self.printed if printed is None else printed).splitlines()
        return [line.strip() for line in lines if line.startswith("  aws s3 ")]

    def write_data(self, sync: str) -> None:
        folder = self.folder / sync.split()[3]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data.csv").write_text("1,0.5\n0,0.1\n", "utf-8")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell in an empty folder, with the account of the example's hptc.yaml."""
    folder = tmp_path_factory.mktemp("empty")
    with Sandbox(account="123456789012") as sandbox:
        environment = client_environment(sandbox, tool_environment())
        environment["CDK_HOME"] = str(tmp_path_factory.mktemp("cdk"))
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

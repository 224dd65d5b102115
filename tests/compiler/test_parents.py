"""Warm-start parents that are specs of the project."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_file, compile_paths
from hptc.compiler.workspace import Workspace
from hptc.source.filesystem import Disk
from tests.support.paths import ROOT

PROJECT = (
    (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8").replace("[parents]", "[specs]")
)


class CountingDisk(Disk):
    """The disk, with how often each file was read."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()

    def read(self, path: str) -> str:
        self.reads[Path(path).name] += 1
        return super().read(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, parent: str | None = None) -> None:
    warm_start = f"warm_start: {{type: TransferLearning, parents: [{parent}]}}\n" if parent else ""
    Path("specs", f"{name}.yaml").write_text(f"name: {name}\n{warm_start}", "utf-8")


@pytest.mark.parametrize("count", [5, 20])
def test_each_file_is_read_for_its_name_once(folder: Path, count: int) -> None:
    """However many specs have a parent: once for all names, and once to compile."""
    write("root")
    for index in range(count):
        write(f"child-{index}", "root")
    disk = CountingDisk()
    outcomes = compile_paths(["specs"], Workspace(rules=(), files=disk))
    assert all(isinstance(outcome, Compiled) for outcome in outcomes)
    assert {disk.reads[f"child-{index}.yaml"] for index in range(count)} == {2}
    assert disk.reads["root.yaml"] == 2
    assert disk.reads["hptc.yaml"] == 1


@pytest.mark.parametrize(("length", "is_allowed"), [(100, True), (101, False)])
def test_a_chain_is_compiled_from_either_end(folder: Path, length: int, is_allowed: bool) -> None:
    """A parent is compiled inside its child, and Python's stack has an end."""
    for index in range(length + 1):
        write(f"s{index:03}", f"s{index + 1:03}" if index < length else None)
    outcome = compile_file("specs/s000.yaml", Workspace(rules=()))
    assert isinstance(outcome, Compiled) == is_allowed
    compile_file(f"specs/s{length:03}.yaml", workspace := Workspace(rules=()))
    for index in reversed(range(length)):
        assert isinstance(compile_file(f"specs/s{index:03}.yaml", workspace), Compiled)


def test_a_chain_beyond_the_limit_is_a_finding(folder: Path) -> None:
    for index in range(160):
        write(f"s{index:03}", f"s{index + 1:03}" if index < 159 else None)
    outcomes = compile_paths(["specs"], Workspace(rules=()))
    findings = [diagnostic for outcome in outcomes for diagnostic in outcome.diagnostics]
    assert {finding.code for finding in findings} == {"HPT701"}
    beyond = "the chain of warm starts that leads to `s101` has more than 100 specs"
    assert beyond in {finding.message for finding in findings}


def test_a_scheduled_spec_is_not_a_parent(folder: Path) -> None:
    """A run's name contains its time, so none has the name that the spec compiles to."""
    Path("specs", "weekly.yaml").write_text("name: weekly\nschedule: rate(7 days)\n", "utf-8")
    write("child", "weekly")
    outcome = compile_file("specs/child.yaml", Workspace(rules=()))
    assert [(diagnostic.code, diagnostic.span.line) for diagnostic in outcome.diagnostics] == [
        ("HPT712", 2)
    ]
    assert "the parent `weekly` (weekly.yaml) has a schedule" in outcome.diagnostics[0].message

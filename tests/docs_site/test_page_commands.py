"""The commands of the pages by task run, in a project with the specs that the page shows."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from hptc.cli.program import run
from tests.support.doc_blocks import blocks, is_whole_spec, whole_project
from tests.support.doc_commands import simple_commands
from tests.support.e2e_project import tool_environment
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
OFFLINE = ("check", "compile", "cost", "diff", "explain", "local", "permissions", "preview")
COMMANDS_OF = {
    "errors": 2, "hyperband": 3, "own-container": 2, "several-algorithms": 3, "spot": 2,
    "warm-start": 2,
}  # fmt: skip
"""How many commands of a page run here; the others need AWS."""
LOG = "ERROR: ExecuteUserScriptError: ExitCode 1\n"


def write_project(page: Path, folder: Path) -> None:
    """The files that a page shows, and data."""
    (folder / "hptc.yaml").write_text(whole_project("default_environment: dev"), "utf-8")
    (folder / "specs").mkdir()
    (folder / "data/train").mkdir(parents=True)
    (folder / "data/train/part.csv").write_text("1,2\n", "utf-8")
    (folder / "training.log").write_text(LOG, "utf-8")
    for block in blocks(page):
        if match := re.search(r'title="(.+?)"', block.info):
            (folder / match[1]).write_text(block.text, "utf-8")
        data = yaml.safe_load(block.text) if block.language == "yaml" else None
        if data and is_whole_spec(data):
            (folder / f"specs/{data['name']}.yaml").write_text(block.text, "utf-8")
            source = data.get("training_job", {}).get("source")
            if source:
                (folder / source["directory"]).mkdir(parents=True)
                (folder / source["directory"] / source["entry_point"]).touch()


@pytest.mark.parametrize("name", COMMANDS_OF)
def test_the_commands_of_a_page_run(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = DOCS / f"{name}.md"
    write_project(page, tmp_path)
    monkeypatch.chdir(tmp_path)
    shell = [block for block in blocks(page) if block.language == "sh"]
    commands = [words[1:] for block in shell for words in simple_commands(block)]
    offline = [words for words in commands if words[0] in OFFLINE]
    assert len(offline) == COMMANDS_OF[name]
    for words in offline:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
        assert run(words) == 0, (words, capsys.readouterr())


@pytest.mark.slow
def test_the_first_ten_minutes(tmp_path: Path) -> None:
    """All of ten-minutes.md, but for the installation and five of the six training jobs."""
    page = DOCS / "ten-minutes.md"
    text = page.read_text(encoding="utf-8")
    shell = [block for block in blocks(page) if block.language == "sh"]
    assert shell[0].text.startswith("pip install")
    folder, place = tmp_path, tmp_path / "folder"
    environment = tool_environment() | {
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
    }  # fmt: skip
    printed = {}
    for block in shell[1:]:
        _, _, after = text.partition(block.text)
        has_finding = after.startswith("```\n\n![The output of hptc check: error")
        script = f"set -e\n{block.text.replace('--trials 6', '--trials 1')}\npwd > {place}\n"
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        printed[block.text] = done.stdout + done.stderr
        assert done.returncode == has_finding, done.stderr
        if not has_finding:
            folder = Path(place.read_text("utf-8").strip())
    everything = "\n".join(printed.values())
    assert "error[HPT203]: `eta` has a logarithmic scale but starts at 0" in everything
    assert "1 new tuning job" in everything
    assert "1 training job on this machine" in everything
    assert (folder / "report.html").is_file()


def test_the_page_about_cdk_apps_shows_the_example() -> None:
    (code,) = (
        block.text for block in blocks(DOCS / "existing-cdk-app.md") if block.language == "python"
    )
    example = (ROOT / "examples/cdk-app/app.py").read_text(encoding="utf-8")
    assert example.endswith(code)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_python_on_a_page_is_python(page: Path) -> None:
    programs = [block for block in blocks(page) if block.language == "python"]
    for block in programs:
        compile(block.text, str(page), "exec")
    assert all(block.text for block in programs)

"""Every example of the documentation compiles, and every command exists with its options.

A block of YAML is a spec, a part of one or a part of hptc.yaml, by its keys; `yaml other-tool`
marks what is for another tool. tests/rules/ runs the examples of docs/rules.md.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from tests.support.doc_blocks import (
    OTHER_TOOL,
    PAGES,
    Block,
    blocks,
    is_fragment,
    is_project,
    is_whole_spec,
    whole_project,
    whole_spec,
)
from tests.support.doc_commands import command_problem, inline_commands, parts, simple_commands
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

RUN_ELSEWHERE = ("rules.md",)
ALL = [block for page in PAGES if page.name not in RUN_ELSEWHERE for block in blocks(page)]
YAML = [block for block in ALL if block.language == "yaml"]
EXAMPLES = [block for block in YAML if block.info != OTHER_TOOL and not block.is_abridged]
SHELL = [block for block in ALL if block.language in ("sh", "console")]
OTHER_PROGRAMS = {
    "aws", "cd", "cp", "examples/aws/bootstrap.sh", "git", "jq", "kubectl", "mkdir", "npm", "npx",
    "pip", "python", "sed", "terraform",
}  # fmt: skip


def project_of(page: Path) -> str:
    """The hptc.yaml that a page shows, or that of this repository."""
    for block in blocks(page):
        if block.info == "yaml project":
            return whole_project(block.text)
    return (ROOT / "hptc.yaml").read_text(encoding="utf-8")


def write_code(folder: Path, spec: Any) -> None:
    """The training code that a spec names, as files without content."""
    jobs = [spec.get("training_job") or {}, *(spec.get("training_jobs") or {}).values()]
    for source in (job.get("source") for job in jobs):
        if source:
            script = folder / source["directory"] / source["entry_point"]
            script.parent.mkdir(parents=True, exist_ok=True)
            script.touch()
    for log in (job.get("metric_sample_log") for job in jobs):
        if log:
            (folder / log).parent.mkdir(parents=True, exist_ok=True)
            (folder / log).write_text("nothing\n")


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.where)
def test_an_example_compiles(block: Block, tmp_path: Path) -> None:
    data = yaml.safe_load(block.text)
    if is_project(data):
        spec, project = whole_spec(""), whole_project(block.text)
    else:
        assert is_fragment(data) or is_whole_spec(data), "mark it as `yaml other-tool`"
        spec = block.text if is_whole_spec(data) else whole_spec(block.text)
        project = project_of(block.page)
        write_code(tmp_path, yaml.safe_load(spec))
    file = tmp_path / "specs" / "example.yaml"
    file.parent.mkdir()
    file.write_text(spec, encoding="utf-8")
    (tmp_path / "hptc.yaml").write_text(project, encoding="utf-8")
    # A part of a spec shows one thing, on a bare base: what rules say of the base is beside it.
    workspace = Workspace() if is_whole_spec(data) else Workspace(rules=())
    compiled = compile_file(str(file), workspace)
    assert compiled.diagnostics == ()
    if block.request is not None:
        assert_within(json.loads(block.request), succeeded(compiled).request)


def assert_within(expected: Any, actual: Any) -> None:
    """What a page shows of a request is there, whatever else is."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict)
        for key, value in expected.items():
            assert key in actual
            assert_within(value, actual[key])
    else:
        assert actual == expected


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.where)
def test_the_commands_of_a_block_exist(block: Block) -> None:
    commands = simple_commands(block)
    assert commands
    for words in commands:
        assert words[0] in OTHER_PROGRAMS | {"hptc", "make"}, words
        assert command_problem(words) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_in_the_text_of_a_page_exist(page: Path) -> None:
    problems = {
        command: problem
        for command in inline_commands(page)
        for words in parts(command)
        if (problem := command_problem(words, is_whole=False)) is not None
    }
    assert problems == {}


def test_what_is_not_checked_is_counted() -> None:
    """A new block that nothing checks is a decision: change the number."""
    other = Counter(block.page.name for block in YAML if block.info == OTHER_TOOL)
    assert other == {"ci.md": 2, "coming-from.md": 2}
    assert Counter(block.page.name for block in YAML if block.is_abridged) == {"results.md": 1}
    languages = Counter(block.language for block in ALL)
    assert languages.keys() == {
        "", "console", "json", "lua", "markdown", "python", "sh", "toml", "yaml"
    }  # fmt: skip
    assert len(EXAMPLES) > 30
    assert len(SHELL) > 50


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("hptc check --online", None),
        ("hptc chek", "no command"),
        ("hptc check --formt json", "--formt"),
        ("hptc check --format yaml", "yaml"),
        ("hptc local runn churn", "no command"),
        ("hptc submit", None),
        ("hptc local run --dry", "missing"),
        ("hptc sandbox --train -- hptc list --nme", "--nme"),
        ("make docs", None),
        ("make coffee", "no target"),
        ("pip install 'hptc[locals]'", "no extra"),
    ],
)
def test_a_wrong_command_is_a_problem(words: str, expected: str | None) -> None:
    (parsed,) = parts(words)
    problem = command_problem(parsed)
    assert (problem is None) if expected is None else (problem and expected in problem)

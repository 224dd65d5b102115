"""The GitHub action and the CI examples: their structure, hptc commands, and a run of each step.

Bash with the variables that GitHub sets stands in for the runner.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hptc.cli.program import cli
from hptc.reference.scaffold import write_project
from hptc.render.diff_markdown import MARKER
from tests.support.paths import ROOT
from tests.support.repositories import Repository

pytestmark = pytest.mark.slow

ACTION = ROOT / "action.yml"
EXAMPLES = tuple(sorted((ROOT / "examples/ci").glob("*.yml")))
FILES = (ACTION, *EXAMPLES)
NAMES = tuple(file.name for file in FILES)

Data = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML 1.2, which CI systems use: `on` is a string, not a boolean."""


_Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def data_of(file: Path) -> Data:
    data = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    assert isinstance(data, dict)
    return data


def scripts(data: Any) -> Iterator[str]:
    """Every shell script: GitHub's `run`, GitLab's `script` and `before_script`."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key == "run":
            yield value
        elif key in ("script", "before_script"):
            yield "\n".join(value)
    for value in data.values() if isinstance(data, dict) else data:
        if isinstance(value, dict | list):
            yield from scripts(value)


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each call of hptc in a shell script."""
    for line in text.splitlines():
        if line.strip().startswith("hptc "):
            call = re.split(r"[<>|&;]", line, maxsplit=1)[0]
            words = shlex.split(call.replace('"$HPTC_FAIL_ON"', "error"))
            yield words[1:]


def parse(arguments: list[str]) -> None:
    """Parse a command line as hptc does, without running it. Raises for an invalid one."""
    with cli.make_context("hptc", list(arguments)) as group:
        name, command, rest = cli.resolve_command(group, list(arguments))
        assert command is not None
        command.make_context(name, rest, parent=group)


@pytest.mark.parametrize(
    "arguments", [["absent"], ["check", "--absent"], ["check", "--format", "absent"]], ids=str
)
def test_an_invalid_command_does_not_parse(arguments: list[str]) -> None:
    with pytest.raises(click.UsageError):
        parse(arguments)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_hptc_command_exists(file: Path) -> None:
    calls = [call for text in scripts(data_of(file)) for call in commands(text)]
    assert calls
    for arguments in calls:
        parse(arguments)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_shell_scripts_have_no_expressions(file: Path) -> None:
    for text in scripts(data_of(file)):
        assert "${{" not in text


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_shell_scripts_parse(file: Path) -> None:
    for text in scripts(data_of(file)):
        done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
        assert done.stderr == ""


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_no_long_lived_key_is_stored(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for word in ("secrets.", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "pull_request_target"):
        assert word not in text


def test_all_examples_are_tested() -> None:
    assert [file.name for file in EXAMPLES] == ["github-deploy.yml", "gitlab-ci.yml"]


def test_steps_use_existing_inputs() -> None:
    text = ACTION.read_text(encoding="utf-8")
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    assert used == set(data_of(ACTION)["inputs"])
    ids = {step["id"] for step in steps().values() if "id" in step}
    assert set(re.findall(r"steps\.([a-z]+)\.", text)) <= ids


def steps() -> dict[str, Data]:
    return {step["name"]: step for step in data_of(ACTION)["runs"]["steps"]}


def test_each_step_sets_the_variables_that_its_script_reads() -> None:
    for name, step in steps().items():
        if "run" in step:
            assert step["shell"] == "bash", name
            assert set(re.findall(r"\$(HPTC_\w+)", step["run"])) == {
                key for key in step["env"] if key.startswith("HPTC_") and key != "HPTC_ENV"
            }, name


def test_only_the_comment_step_gets_the_token() -> None:
    holders = [name for name, step in steps().items() if "inputs.token" in str(step)]
    assert holders == ["Comment"]


def test_github_deploys_by_oidc_from_main_only() -> None:
    workflow = data_of(ROOT / "examples/ci/github-deploy.yml")
    assert workflow["permissions"] == {}
    assert set(workflow["on"]) == {"pull_request", "push"}
    assert workflow["on"]["push"] == {"branches": ["main"]}
    deploy, review = workflow["jobs"]["deploy"], workflow["jobs"]["review"]
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert (deploy["if"], deploy["environment"]) == ("github.event_name == 'push'", "prod")
    assert "id-token" not in review["permissions"]
    used = next(step for step in review["steps"] if "hptc@" in step.get("uses", ""))
    assert set(used["with"]) <= set(data_of(ACTION)["inputs"])


def test_gitlab_issues_the_oidc_token_on_main_only() -> None:
    jobs = data_of(ROOT / "examples/ci/gitlab-ci.yml")
    holders = [name for name, job in jobs.items() if isinstance(job, dict) and "id_tokens" in job]
    assert holders == [".aws"]
    assert jobs[".aws"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
    children = [
        job for job in jobs.values() if isinstance(job, dict) and job.get("extends") == ".aws"
    ]
    assert len(children) == 2
    assert not any("rules" in job for job in children)


class Runner:
    """A checkout of a pull request, with GitHub's variables."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "check out"
        self.temp = folder / "temp"
        self.outputs = folder / "outputs"
        self.summary = folder / "summary"
        programs = self.temp / "hptc/bin"
        programs.mkdir(parents=True)
        for program, module in (("hptc", "hptc"), ("python", "")):
            run = f'exec {shlex.quote(sys.executable)} {f"-m {module}" if module else ""} "$@"\n'
            (programs / program).write_text(f"#!/bin/sh\n{run}", encoding="utf-8")
            (programs / program).chmod(0o755)
        self.repository = Repository.create(self.checkout)
        write_project(self.checkout, name="tuning")
        (spec,) = (self.checkout / "specs").glob("*.yaml")
        self.spec = spec.rename(spec.with_name("one spec.yaml"))
        base = self.repository.commit("a project", {})
        self.repository.git("update-ref", "refs/remotes/origin/main", base)
        self.repository.git("branch", "-M", "topic")

    def change(self, old: str, new: str) -> None:
        """Replace text in the spec, and commit it."""
        text = self.spec.read_text(encoding="utf-8")
        assert old in text
        self.repository.commit("a change", {"specs/one spec.yaml": text.replace(old, new)})

    def run(self, step: str, **variables: str) -> subprocess.CompletedProcess[str]:
        names = steps()[step]["env"]
        environment = os.environ | dict.fromkeys(names, "") | variables
        environment |= {
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", steps()[step]["run"]],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
        )

    def output(self) -> dict[str, str]:
        lines = (
            self.outputs.read_text(encoding="utf-8").splitlines() if self.outputs.exists() else ()
        )
        return dict(line.split("=", 1) for line in lines)


PATHS = "specs/one spec.yaml\n"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    if shutil.which("git") is None or shutil.which("bash") is None:
        pytest.skip("needs git and bash")
    return Runner(tmp_path)


def test_check_passes(runner: Runner) -> None:
    done = runner.run("Check", HPTC_PATHS=PATHS, HPTC_FAIL_ON="error")
    assert (done.returncode, runner.output()) == (0, {"exit-code": "0"}), done.stderr
    assert "checked 1 file" in done.stderr


def test_check_reports_findings_and_the_last_step_fails(runner: Runner) -> None:
    runner.change("strategy: Bayesian", "strategy: Guess")
    done = runner.run("Check", HPTC_FAIL_ON="error", HPTC_SARIF="true")
    assert (done.returncode, runner.output()["exit-code"]) == (0, "1"), done.stderr
    assert "::error" in done.stdout
    findings = runner.temp / "hptc.sarif"
    assert '"version": "2.1.0"' in findings.read_text(encoding="utf-8")
    assert runner.output()["sarif"] == str(findings)
    assert runner.run("Result", HPTC_CHECK="1").returncode == 1


def test_ci_writes_nothing_into_the_checkout(runner: Runner) -> None:
    """A pull request may contain a link to anywhere, with the name of any output."""
    runner.change("strategy: Bayesian", "strategy: Guess")
    for step in ("Check", "Review"):
        runner.run(step, HPTC_FAIL_ON="error", HPTC_SARIF="true", GITHUB_BASE_REF="main")
    assert runner.repository.git("status", "--porcelain", "--ignored") == ""
    for text in scripts(data_of(ACTION)):
        for target in re.findall(r">>?\s*(\S+)", text):
            assert target.startswith(('"$RUNNER_TEMP', '"$GITHUB_', '"$file"', "&2")), target


@pytest.mark.parametrize(
    ("verdict", "expected"), [("security", 0), ("search", 1), ("cosmetic", 1), ("", 0)]
)
def test_a_verdict_fails_the_job_in_the_last_step(
    runner: Runner, verdict: str, expected: int
) -> None:
    runner.change("num_round: 100", "num_round: 200")
    done = runner.run("Review", GITHUB_BASE_REF="main", HPTC_VERDICT=verdict)
    assert done.returncode == 0, done.stderr
    review = runner.output()["exit-code"]
    result = runner.run("Result", HPTC_CHECK="0", HPTC_REVIEW=review, HPTC_VERDICT=verdict)
    assert result.returncode == expected
    assert (f"the review's verdict is {verdict} or worse" in result.stdout) is bool(expected)
    assert runner.run("Result", HPTC_CHECK="1", HPTC_REVIEW=review).returncode == 1


def test_an_online_review_without_credentials_says_what_it_lacks(runner: Runner) -> None:
    runner.change("num_round: 100", "num_round: 200")
    done = runner.run("Review", GITHUB_BASE_REF="main", HPTC_ONLINE="true")
    assert (done.returncode, runner.output()["exit-code"]) == (0, "0"), done.stderr
    review = Path(runner.output()["file"]).read_text(encoding="utf-8")
    assert "were not read: no AWS credentials" in review


def test_check_of_a_missing_file_is_a_usage_error(runner: Runner) -> None:
    done = runner.run("Check", HPTC_PATHS="absent.yaml", HPTC_FAIL_ON="error", HPTC_SARIF="true")
    assert (done.returncode, runner.output()) == (0, {"exit-code": "2"}), done.stderr


def test_the_review_covers_the_branchs_changes(runner: Runner) -> None:
    runner.change("num_round: 100", "num_round: 200")
    done = runner.run("Review", HPTC_PATHS=PATHS, GITHUB_BASE_REF="main")
    assert done.returncode == 0, done.stderr
    review = Path(runner.output()["file"]).read_text(encoding="utf-8")
    assert "changes the tuning job" in review.splitlines()[0]
    assert review.endswith(f"{MARKER}\n")
    assert runner.summary.read_text(encoding="utf-8") == review


def test_the_review_needs_the_base_branch(runner: Runner) -> None:
    done = runner.run("Review", HPTC_PATHS=PATHS, GITHUB_BASE_REF="absent")
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stdout


@pytest.mark.parametrize("name", ["$(touch pwned)", "`touch pwned`", "x; touch pwned", "--help"])
def test_names_are_never_run_by_the_shell(runner: Runner, name: str) -> None:
    runner.run("Review", HPTC_PATHS=name, GITHUB_BASE_REF=name)
    runner.run("Review", HPTC_PATHS=name, HPTC_AGAINST=name)
    runner.run("Check", HPTC_PATHS=name, HPTC_FAIL_ON=name, HPTC_SARIF="true")
    assert not (runner.checkout / "pwned").exists()


def test_a_failed_comment_is_a_warning(runner: Runner) -> None:
    done = runner.run("Comment", HPTC_REVIEW="absent.md", GITHUB_EVENT_PATH="absent.json")
    assert done.returncode == 0
    assert "::warning" in done.stdout


def test_the_docs_list_all_inputs_and_valid_commands() -> None:
    page = (ROOT / "docs/ci.md").read_text(encoding="utf-8")
    inputs = page.split("| input |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", inputs, re.MULTILINE) == list(
        data_of(ACTION)["inputs"]
    )
    shown = re.findall(r"\| `(hptc [^`]+)` \|", page) + re.findall(r"^\$ (hptc .+)$", page, re.M)
    assert len(shown) > 3
    for arguments in commands("\n".join(shown)):
        parse(arguments)

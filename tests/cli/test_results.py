"""`hptc results`, `hptc report` and `hptc next` in the sandbox, with the real client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.cli import run as hptc
from hptc.sandbox.server import Sandbox
from tests.support.json_documents import check_document
from tests.support.repositories import Repository
from tests.support.sandbox import open_sandbox
from tests.support.specs import PROJECT, WITHOUT_PARENT

sandbox = pytest.fixture(scope="module", name="sandbox")(open_sandbox)


@pytest.fixture
def job(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
) -> str:
    """The name of a tuning job in the sandbox, of a spec of the current project."""
    infrastructure = "{infrastructure: {kms_key: absent}, account"
    (tmp_path / "hptc.yaml").write_text(PROJECT.replace("{account", infrastructure), "utf-8")
    spec = tmp_path / "specs" / "explicit.yaml"
    spec.parent.mkdir()
    spec.write_text(WITHOUT_PARENT, "utf-8")
    monkeypatch.chdir(tmp_path)
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    assert hptc(["submit", "--json", "--no-preflight", "specs/explicit.yaml"]) == 0
    name: str = json.loads(capsys.readouterr().out)["name"]
    return name


def test_by_name_and_by_spec(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    for target in (job, "specs/explicit.yaml"):
        assert hptc(["results", target, "--format", "json", "--cost"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["name"] == job
        assert [training_job["number"] for training_job in document["training_jobs"]] == [1]
    for form, start in (("text", job), ("markdown", f"### `{job}`"), ("csv", "number,name")):
        assert hptc(["results", job, "--format", form]) == 0
        assert capsys.readouterr().out.startswith(start)


def test_a_tuning_job_that_does_not_exist(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(["results", f"not-{job}"]) == 3
    assert f"no tuning job `not-{job}` found" in capsys.readouterr().err


def test_a_report_replaces_an_old_one(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert hptc(["report", job, "-o", "report.html"]) == 0
        assert "wrote report.html" in capsys.readouterr().err
    assert f"<h1>{job}</h1>" in Path("report.html").read_text("utf-8")
    assert hptc(["report", job, "-o", "specs/explicit.yaml"]) == 2
    assert "use a name that ends in .html" in capsys.readouterr().err


def test_the_next_spec_is_written_once_and_checks(
    job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hptc(["next", job, "-o", "specs/next.yaml"]) == 0
    assert "wrote specs/next.yaml" in capsys.readouterr().err
    written = Path("specs/next.yaml").read_text("utf-8")
    assert written.startswith(f"# Follows {job}: ")
    assert hptc(["check", "specs/next.yaml"]) == 0
    assert hptc(["next", job, "-o", "specs/next.yaml"]) == 2
    assert "specs/next.yaml already exists" in capsys.readouterr().err
    assert hptc(["next", job]) == 0
    assert capsys.readouterr().out == written


def test_a_review_shows_what_the_last_tuning_job_has_found(
    job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository(Path.cwd())
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("add", ".")
    repository.commit("first", {})
    spec = Path("specs/explicit.yaml")
    spec.write_text(spec.read_text("utf-8").replace("max: 0.1", "max: 0.2"), "utf-8")
    assert hptc(["diff", "--online", "--format", "json", "--env", "dev"]) == 0
    (changed,) = json.loads(capsys.readouterr().out)["specs"]
    assert changed["last_run"]["job"] == job
    assert hptc(["diff", "--format", "json", "--env", "dev"]) == 0
    (changed,) = json.loads(capsys.readouterr().out)["specs"]
    assert changed["last_run"] is None


def test_every_command_prints_json(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The documents are compared with their schemas by the fixture of all tests."""
    commands = {
        "list": ["list"],
        "status": ["status", job],
        "logs": ["logs", job],
        "stop": ["stop", job],
        "next": ["next", job],
        "report": ["report", job, "-o", str(tmp_path / "page.html")],
        "submit": ["submit", "--dry-run", "specs/explicit.yaml"],
        "plan": ["plan"],
    }
    for name, arguments in commands.items():
        assert hptc([*arguments, "--json"]) == 0, name
        data = json.loads(capsys.readouterr().out)
        assert (data["version"], data["command"]) == (1, name)
        check_document(data)

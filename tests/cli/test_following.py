"""`status`, `list`, `stop` and `import --job` of a spec, before and after the spec has changed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from hptc.cli import run as hptc
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.sagemaker import configure
from hptc.sandbox.server import Sandbox
from hptc.sandbox.tuning_store import TuningMode, TuningSettings
from hptc.service.tuning_jobs import STATUSES
from tests.support.outcomes import succeeded
from tests.support.sandbox import open_sandbox
from tests.support.specs import PROJECT, WITHOUT_PARENT

Capture = pytest.CaptureFixture[str]
sandbox = pytest.fixture(scope="module", name="sandbox")(open_sandbox)
_accounts = itertools.count(300000000001)
SPEC = WITHOUT_PARENT.replace("name: explicit", "name: tuner", 1)


class Project:
    """A project with the spec `tuner`, in an account of its own."""

    def __init__(self, root: Path, account: str) -> None:
        self.root = root
        self.account = account
        self.file = root / "specs" / "tuner.yaml"

    def write(self, text: str = SPEC, *, file: str = "specs/tuner.yaml") -> None:
        own = text.replace("123456789012", self.account)
        (self.root / file).write_text(own, "utf-8")

    def submit(self, mode: TuningMode = "placeholder", **changes: int) -> str:
        """Submit the spec with another maximum of training jobs; return the job's name."""
        if changes:
            self.write(larger(changes["jobs"]))
        configure(self.account, TuningSettings(mode=mode))
        assert hptc(["submit", "tuner", "--no-preflight"]) == 0
        return self.current()

    def current(self) -> str:
        return succeeded(compile_file(str(self.file), Workspace())).job.name


def larger(jobs: int) -> str:
    return SPEC.replace("max_number_of_training_jobs: 4", f"max_number_of_training_jobs: {jobs}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Iterator[Project]:
    account = str(next(_accounts))
    text = PROJECT.replace("{account", "{infrastructure: {kms_key: absent}, account")
    (tmp_path / "hptc.yaml").write_text(text.replace("123456789012", account), "utf-8")
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path)
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key_for(account))
    project = Project(tmp_path, account)
    project.write()
    yield project
    configure(account, TuningSettings())


def answer(capsys: Capture, *arguments: str) -> Any:
    capsys.readouterr()
    assert hptc([*arguments, "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: Capture, *arguments: str, code: int) -> str:
    capsys.readouterr()
    assert hptc([*arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    return err


class TestStatus:
    """The newest tuning job of a spec is shown, and what has changed since."""

    def test_an_unchanged_spec(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        job = answer(capsys, "status", "specs/tuner.yaml")["job"]
        assert (job["name"], job["status"]) == (name, "Completed")
        assert job["spec_changes"] == {
            "file": "specs/tuner.yaml", "is_changed": False, "subjects": []
        }  # fmt: skip

    def test_a_changed_spec(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        project.write(larger(9).replace("max: 4}", "max: 6}"))
        job = answer(capsys, "status", "tuner")["job"]
        assert job["name"] == name
        assert job["spec_changes"]["is_changed"] is True
        assert sorted(job["spec_changes"]["subjects"]) == [
            "depth",
            "limits.max_number_of_training_jobs",
        ]
        assert hptc(["status", "tuner"]) == 0
        assert "has changed since: 2 differences (" in capsys.readouterr().out

        project.write(f"{SPEC}tags: {{team: growth}}\n")
        changes = answer(capsys, "status", "tuner")["job"]["spec_changes"]
        assert changes["is_changed"] is True
        assert changes["subjects"] == ["tags.team"]

    def test_a_spec_with_errors(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        for text in (
            SPEC.replace("strategy: Random", "strategy: Wrong"),
            f"{SPEC}more: {{{{ unknown }}}}\n",
            f"{SPEC}name: again\n",
        ):
            project.write(text)
            job = answer(capsys, "status", "specs/tuner.yaml")["job"]
            assert job["name"] == name
            assert job["spec_changes"]["is_changed"] is None

    def test_a_moved_spec(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        project.write(larger(9), file="specs/elsewhere.yaml")
        project.file.unlink()
        assert answer(capsys, "status", "tuner")["job"]["name"] == name

    def test_a_name_and_an_arn(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        job = answer(capsys, "status", name)["job"]
        assert (job["name"], job["spec_changes"]) == (name, None)
        assert answer(capsys, "status", job["arn"])["job"]["name"] == name
        elsewhere = job["arn"].replace("us-east-1", "eu-west-1")
        assert "use --region eu-west-1" in refused(capsys, "status", elsewhere, code=2)

    def test_other_environments_have_their_own(self, project: Project, capsys: Capture) -> None:
        project.submit(jobs=5)
        project.write(larger(6))
        err = refused(capsys, "status", "tuner", "--env", "prod", code=3)
        assert (
            "`tuner` (specs/tuner.yaml) has no tuning job in us-east-1, environment `prod`" in err
        )

    @pytest.mark.parametrize(
        ("target", "code", "message", "help"),
        [
            pytest.param("tunar", 3, "no tuning job `tunar` found", "`tuner`?", id="typing error"),
            pytest.param("xyz", 3, "no tuning job `xyz` found", "hptc list", id="no job"),
            pytest.param("specs/x.yaml", 2, "specs/x.yaml: no such file", "name of", id="no file"),
            pytest.param("specs", 2, "specs is a folder", "pass one spec", id="folder"),
            pytest.param("arn:aws:s3:::b", 2, "not the ARN of a tuning job", "", id="other ARN"),
        ],
    )
    def test_nothing_to_show(
        self, project: Project, capsys: Capture, target: str, code: int, message: str, help: str
    ) -> None:
        err = refused(capsys, "status", target, code=code)
        assert message in err
        assert help in err

    def test_an_ambiguous_name(self, project: Project, capsys: Capture) -> None:
        project.write(file="specs/copy.yaml")
        for command in ("status", "compile"):
            err = refused(capsys, command, "tuner", code=2)
            assert "2 specs: specs/copy.yaml and specs/tuner.yaml" in err

    def test_a_tuning_job_with_the_name_of_a_spec(self, project: Project, capsys: Capture) -> None:
        project.submit()
        name = project.submit(jobs=7)
        client = boto3.session.Session().client("sagemaker")
        request = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        client.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName="tuner",
            HyperParameterTuningJobConfig=request["HyperParameterTuningJobConfig"],
            TrainingJobDefinitions=request["TrainingJobDefinitions"],
        )
        err = refused(capsys, "status", "tuner", code=2)
        assert "name of a spec, specs/tuner.yaml, and of a tuning job" in err
        assert ":hyper-parameter-tuning-job/tuner" in err
        assert answer(capsys, "status", "specs/tuner.yaml")["job"]["name"] == name


class TestStop:
    """Only the tuning job that is meant is stopped."""

    def test_the_running_job_of_a_changed_spec(self, project: Project, capsys: Capture) -> None:
        running = project.submit("held")
        project.submit(jobs=8)
        project.write(larger(9))
        assert answer(capsys, "stop", "tuner") == {
            "version": 1, "command": "stop", "outcome": "stop_requested", "name": running
        }  # fmt: skip

    def test_several_are_listed_and_none_is_stopped(
        self, project: Project, capsys: Capture
    ) -> None:
        names = {project.submit("held", jobs=jobs) for jobs in (8, 9)}
        err = refused(capsys, "stop", "tuner", code=2)
        assert "2 tuning jobs of `tuner` are running: " in err
        assert "nothing was stopped" in err
        assert all(name in err for name in names)
        running = answer(capsys, "list", "--spec", "tuner", "--status", "inprogress")["jobs"]
        assert {job["name"] for job in running} == names

    def test_none_is_running(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        assert answer(capsys, "stop", "tuner")["outcome"] == "already_over"
        assert hptc(["stop", "tuner"]) == 0
        assert capsys.readouterr().out == f"nothing to stop: {name} is Completed\n"


class TestList:
    """Jobs of a spec or a project, with their best values."""

    def test_of_a_spec(self, project: Project, capsys: Capture) -> None:
        names = [project.submit(jobs=jobs) for jobs in (5, 6)]
        project.write(larger(7))
        jobs = answer(capsys, "list", "--spec", "tuner")["jobs"]
        assert sorted(job["name"] for job in jobs) == sorted(names)
        assert {job["best"]["metric_value"] for job in jobs} == {0}
        assert {job["spec"] for job in jobs} == {"tuner.yaml"}
        (newest,) = answer(capsys, "list", "--spec", "tuner", "--limit", "1")["jobs"]
        assert newest["name"] in names

    def test_of_a_project(self, project: Project, capsys: Capture) -> None:
        name = project.submit()
        text = (project.root / "hptc.yaml").read_text("utf-8")
        (project.root / "hptc.yaml").write_text(text.replace("churn", "other"), "utf-8")
        assert answer(capsys, "list", "--project")["jobs"] == []
        assert [job["name"] for job in answer(capsys, "list")["jobs"]] == [name]
        (project.root / "hptc.yaml").write_text(text, "utf-8")
        (job,) = answer(capsys, "list", "--project", "--no-best")["jobs"]
        assert (job["name"], job["project"], job["best"]) == (name, "churn", None)

    def test_an_unknown_status(self, project: Project, capsys: Capture) -> None:
        err = refused(capsys, "list", "--status", "Running", code=2)
        assert "`Running` is not one of InProgress, Completed, Failed" in err

    def test_what_cannot_be_combined(self, project: Project, capsys: Capture) -> None:
        assert "can't be combined" in refused(
            capsys, "list", "--spec", "tuner", "--project", code=2
        )
        assert "--contains tunes" in refused(capsys, "list", "--spec", "tunes", code=2)


def test_the_statuses_are_those_of_the_api() -> None:
    model = boto3.session.Session().client("sagemaker", "us-east-1").meta.service_model
    shape: Any = model.shape_for("HyperParameterTuningJobStatus")
    assert sorted(STATUSES) == sorted(shape.enum)


def test_errors_in_hptc_yaml(project: Project, capsys: Capture) -> None:
    """Without the project's name, nothing could tell which jobs are the spec's."""
    name = project.submit()
    (project.root / "hptc.yaml").write_text("project: [", "utf-8")
    for target in ("tuner", "specs/tuner.yaml"):
        assert "hptc.yaml: " in refused(capsys, "status", target, code=2)
    # A tuning job can still be found and stopped.
    assert answer(capsys, "status", name, "--region", "us-east-1")["job"]["name"] == name


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["check"], id="check"),
        pytest.param(["compile"], id="compile"),
        pytest.param(["cost"], id="cost"),
        pytest.param(["preview"], id="preview"),
        pytest.param(["plan"], id="plan"),
        pytest.param(["submit", "--dry-run"], id="submit"),
    ],
)
def test_a_command_takes_the_name_of_a_spec(
    project: Project, capsys: Capture, command: list[str]
) -> None:
    hptc([*command, "specs/tuner.yaml"])
    expected = capsys.readouterr()
    assert hptc([*command, "tuner"]) == 0
    assert capsys.readouterr() == expected


def test_a_path_comes_before_a_name(project: Project, capsys: Capture) -> None:
    assert "did you mean `tuner`?" in refused(capsys, "check", "tunar", code=2)
    (project.root / "tuner").mkdir()
    assert "tuner: no specs found" in refused(capsys, "check", "tuner", code=2)


def test_import_the_newest_job_of_a_spec(project: Project, capsys: Capture) -> None:
    project.submit(jobs=6)
    project.write(larger(7))
    capsys.readouterr()
    assert hptc(["import", "--job", "tuner"]) == 0
    assert "max_number_of_training_jobs: 6" in capsys.readouterr().out

"""A project in Python does what the commands do, from any folder, and prints nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hptc
from hptc.cli import run
from hptc.sandbox.server import Sandbox
from tests.support.repositories import Repository
from tests.support.sandbox import open_sandbox, provide
from tests.support.specs import PROJECT, SPEC, WITHOUT_PARENT

WITHOUT_KEY = PROJECT.replace("{account", "{infrastructure: {kms_key: absent}, account")
DATA = ("train/1.csv", "validation/1.csv")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    for account in open_sandbox():
        provide(account, role="tuning", objects={"artifacts": (), "bucket": DATA})
        yield account


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is not in the current folder."""
    root = tmp_path / "a project"
    (root / "specs").mkdir(parents=True)
    (root / "hptc.yaml").write_text(WITHOUT_KEY, "utf-8")
    (root / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return root


def write(root: Path, name: str, text: str) -> Path:
    path = root / "specs" / f"{name}.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def submittable(
    root: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """A project with a spec of the test's own that needs no deployment, in the sandbox."""
    (root / "specs" / "churn.yaml").unlink()
    name = request.node.name.removeprefix("test_").replace("_", "-")[:20].strip("-")
    write(root, "first", WITHOUT_PARENT.replace("name: explicit", f"name: {name}"))
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    return root


def test_import_hptc_imports_nothing_else() -> None:
    program = (
        "import sys, hptc; dir(hptc); "
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in "
        "('hptc', 'pydantic', 'boto3', 'botocore', 'yaml', 'click', 'jinja2', 'rich')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['hptc']"


def test_every_public_name_is_there() -> None:
    assert {name for name in hptc.__all__ if getattr(hptc, name).__name__ == name} == set(
        hptc.__all__
    )
    assert set(hptc.__all__) <= set(dir(hptc))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        getattr(hptc, "nonsense")  # noqa: B009 - a type checker knows that there is none


def test_a_project_is_read_from_another_folder(root: Path) -> None:
    project = hptc.load_project(root)
    assert project.name == "churn"
    assert project.folder == root
    assert project.environment == "dev"
    assert project.environments == ("dev", "prod")
    assert project.specs == ("churn",)
    assert hptc.load_project(root / "specs", env="prod").environment == "prod"


@pytest.mark.parametrize(
    "paths", [(), ("churn",), ("specs/churn.yaml",), ("specs",), (Path("specs/churn.yaml"),)]
)
def test_specs_are_named_as_on_the_command_line(root: Path, paths: tuple[str | Path, ...]) -> None:
    findings = hptc.load_project(root).check(*paths)
    assert findings.files == (str(root / "specs" / "churn.yaml"),)
    assert findings.environments == ("dev", "prod")
    assert findings.errors == ()


def test_check_and_the_command_have_the_same_findings(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "churn", SPEC.replace("min: 1e-3", "min: 0"))
    findings = hptc.load_project(root).check()
    assert [error.code for error in findings.errors] == ["HPT203"]
    assert hptc.load_project(root).check(ignore="HPT203").errors == ()
    assert hptc.load_project(root).check(select="HPT4").errors == ()
    assert capsys.readouterr() == ("", "")
    monkeypatch.chdir(root)
    findings = hptc.load_project().check()
    assert run(["check"]) == 1
    shown = capsys.readouterr()
    assert shown.out.strip() in str(findings)
    assert shown.err.strip() == findings.summary


def test_compile_refuses_a_spec_with_errors(root: Path) -> None:
    project = hptc.load_project(root)
    [compiled] = project.compile("churn")
    assert compiled.request["HyperParameterTuningJobName"] == compiled.job_name
    assert compiled.environment == "dev"
    write(root, "churn", SPEC.replace("min: 1e-3", "min: 0"))
    with pytest.raises(hptc.FindingsError, match=r"1 error, the first at .*churn.yaml:12: HPT203"):
        project.compile()


def test_a_request_is_a_copy(root: Path) -> None:
    project = hptc.load_project(root)
    config = project.compile()[0].request["HyperParameterTuningJobConfig"]
    config["Strategy"] = "Random"
    assert project.compile()[0].request["HyperParameterTuningJobConfig"]["Strategy"] == "Bayesian"


def test_a_cost_needs_no_account(root: Path) -> None:
    [cost] = hptc.load_project(root).cost("churn")
    assert cost.name == "churn"
    assert cost.usd is not None
    assert cost.usd > 0
    assert cost.expected_usd is None
    assert str(cost).startswith("churn: at most $")


def test_diff_compares_versions_of_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.create(tmp_path / "repository")
    repository.write("tuning/hptc.yaml", WITHOUT_KEY)
    spec = repository.write("tuning/specs/churn.yaml", SPEC)
    repository.git("add", ".")
    repository.git("commit", "--quiet", "-m", "first")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    project = hptc.load_project(repository.root / "tuning")
    assert project.diff(against="HEAD").is_empty
    spec.write_text(SPEC.replace("max: 0.5", "max: 0.9"), "utf-8")
    for paths in ((), ("churn",), ("specs/churn.yaml",)):
        comparison = project.diff(*paths, against="HEAD")
        assert comparison.changed == ("churn",)
        assert comparison.impact == "search"
        assert comparison.new_jobs == 2
        assert comparison.is_as_bad_as("search")
        assert not comparison.is_as_bad_as("breaks")
    assert project.diff(against="HEAD", head="HEAD").is_empty
    with pytest.raises(hptc.UsageError, match="sideways is not an impact"):
        comparison.is_as_bad_as("sideways")


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(WITHOUT_PARENT, "utf-8")
    project = hptc.load_project(tmp_path)
    assert (project.name, project.environment, project.environments, project.specs) == (
        None, None, (), (),
    )  # fmt: skip
    assert project.compile("one.yaml")[0].environment is None
    with pytest.raises(hptc.UsageError, match=r"no hptc\.yaml found"):
        project.check()


@pytest.mark.parametrize(
    ("text", "env", "message"),
    [
        (None, None, "is not a folder"),
        (WITHOUT_KEY, "test", "has no environment `test`"),
    ],
)
def test_load_project_refuses(
    tmp_path: Path, text: str | None, env: str | None, message: str
) -> None:
    folder = tmp_path / "project"
    if text is not None:
        folder.mkdir()
        (folder / "hptc.yaml").write_text(text, "utf-8")
    with pytest.raises(hptc.UsageError, match=message) as raised:
        hptc.load_project(folder, env=env)
    assert raised.value.help


def test_errors_in_hptc_yaml_are_findings_of_check(root: Path) -> None:
    (root / "hptc.yaml").write_text("project: churn\nenvironment: {}\n", "utf-8")
    project = hptc.load_project(root)
    assert project.check("specs/churn.yaml").errors
    with pytest.raises(hptc.UsageError, match=r"hptc\.yaml: ") as raised:
        assert project.name
    assert raised.value.help


def test_an_unknown_spec_has_a_hint(root: Path) -> None:
    with pytest.raises(hptc.UsageError) as raised:
        hptc.load_project(root).compile("chum")
    assert raised.value.help == "did you mean `churn`?"


def test_submit_can_be_repeated(submittable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    project = hptc.load_project(submittable, progress=lines.append)
    plan = project.plan()
    assert [job.spec for job in plan.to_submit] == list(project.specs)
    first = project.submit()
    assert [job.name for job in first.submitted] == [plan.to_submit[0].name]
    assert f"submitted {first.names[0]} in us-east-1" in lines
    again = project.submit()
    assert (again.submitted, again.refused) == ((), ())
    assert again.names == first.names
    rerun = project.submit(rerun=2)
    assert [job.name for job in rerun.submitted] == [f"{first.names[0]}-r2"]
    assert project.plan().unchanged[0].name == first.names[0]
    assert capsys.readouterr() == ("", "")


def test_what_is_missing_refuses_one_job_only(submittable: Path) -> None:
    path = submittable / "specs" / "first.yaml"
    name = hptc.load_project(submittable).specs[0]
    text = path.read_text("utf-8").replace(f"name: {name}", "name: other")
    write(submittable, "other", text.replace("role/tuning", "role/missing"))
    done = hptc.load_project(submittable).submit()
    assert len(done.submitted) == 1
    [refused] = done.refused
    assert refused.file.endswith("other.yaml")
    assert "`preflight=False` submits without this check" in refused.error.help
    assert [finding.is_error for finding in done.findings] == [True]
    with pytest.raises(hptc.FindingsError, match="role/missing` does not exist"):
        done.raise_if_refused()


def test_results_of_a_spec(
    submittable: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = hptc.load_project(submittable)
    project.submit(preflight=False)
    results = project.results(project.specs[0])
    assert results.name == project.compile()[0].job_name
    assert results.status == "Completed"
    assert list(results.dataframe()["name"]) == [
        training_job.name for training_job in results.training_jobs
    ]
    assert results.report(tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(hptc.UsageError, match="not a page"):
        results.report(tmp_path / "page.pdf")
    with pytest.raises(hptc.OperationError, match="no tuning job `nobody`"):
        project.results("nobody")
    assert capsys.readouterr() == ("", "")


def test_results_of_a_run_on_this_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Path.cwd()
    monkeypatch.chdir(root)
    write(root, "churn", SPEC.replace("strategy: Bayesian", "strategy: Random"))
    assert run(["--quiet", "local", "run", "churn", "--dry"]) == 0
    monkeypatch.chdir(elsewhere)
    project = hptc.load_project(root)
    results = project.results("churn", local=True)
    assert results.name == project.compile("churn")[0].job_name
    assert results.best is not None
    assert len(results.training_jobs) == 4
    assert "made up" in str(results)
    assert "made up" in results._repr_html_()
    with pytest.raises(hptc.OperationError, match="no tuning job `nobody`"):
        project.results("nobody", local=True)


def test_a_policy_can_be_required_of_every_file(
    submittable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HPTC_REQUIRE_PROJECT", "1")
    alone = tmp_path / "alone.yaml"
    alone.write_text(WITHOUT_PARENT, "utf-8")
    with pytest.raises(hptc.UsageError, match="is not in a project"):
        hptc.load_project(submittable).submit(alone)


@pytest.mark.parametrize("rerun", [0, 1000])
def test_a_rerun_has_a_number_that_fits(root: Path, rerun: int) -> None:
    with pytest.raises(hptc.UsageError, match="must be from 1 to 999"):
        hptc.load_project(root).submit(rerun=rerun)

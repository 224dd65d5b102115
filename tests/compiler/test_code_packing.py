"""What `source` adds to a request, and what can be wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler import code_packing
from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.permissions import permissions
from hptc.source import packing
from hptc.source.filesystem import DISK
from hptc.source.script_reading import ScriptFacts
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT
from tests.support.training_code import compile_code, write_code_project

SOURCE = "  source: {{directory: {0}, entry_point: {1}}}"


def compiled(folder: Path, **changed: str) -> CompiledSpec:
    outcome = succeeded(compile_code(folder, **changed))
    assert isinstance(outcome, CompiledSpec)
    assert outcome.diagnostics == ()
    return outcome


def definition(of: CompiledSpec) -> dict[str, Any]:
    raw: dict[str, Any] = of.request["TrainingJobDefinition"]
    return raw


def uri(of: CompiledSpec) -> str:
    (code,) = of.codes.values()
    return code.uri


def test_the_toolkit_gets_the_script_and_the_archive(tmp_path: Path) -> None:
    churn = compiled(tmp_path)
    (code,) = churn.codes.values()
    assert uri(churn) == (
        f"s3://${{hptc:artifact_bucket}}/churn/source/{code.packed.digest}/sourcedir.tar.gz"
    )
    assert definition(churn)["StaticHyperParameters"] == {
        "sagemaker_program": '"train.py"',
        "sagemaker_submit_directory": json.dumps(uri(churn)),
    }
    assert list(code.packed.files) == ["lib/features.py", "train.py"]


def test_new_code_is_a_new_tuning_job_and_the_same_code_is_the_same_one(tmp_path: Path) -> None:
    first = compiled(tmp_path / "one")
    assert compiled(tmp_path / "two").job.name == first.job.name
    path = write_code_project(tmp_path / "two")
    (tmp_path / "two" / "src" / "churn" / "new.py").write_text("x = 1\n")
    second = succeeded(compile_file(str(path), Workspace(environment="dev")))
    assert second.job.name != first.job.name


def test_an_isolated_container_gets_the_archive_as_a_channel(tmp_path: Path) -> None:
    churn = compiled(tmp_path, stopping="  stopping: {max_runtime: 15m}\n"
                                        "  enable_network_isolation: true")  # fmt: skip
    assert definition(churn)["StaticHyperParameters"]["sagemaker_submit_directory"] == (
        '"/opt/ml/input/data/code/sourcedir.tar.gz"'
    )
    assert definition(churn)["InputDataConfig"][-1] == {
        "ChannelName": "code",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri(churn)}},
    }


def test_the_archive_is_a_file_whatever_the_input_mode(tmp_path: Path) -> None:
    churn = compiled(
        tmp_path,
        framework="    framework: sagemaker-scikit-learn\n    input_mode: FastFile",
        stopping="  stopping: {max_runtime: 15m}\n  enable_network_isolation: true",
    )
    assert definition(churn)["InputDataConfig"][-1]["InputMode"] == "File"


def test_the_notation_of_paths_does_not_matter(tmp_path: Path) -> None:
    plain = compiled(tmp_path)
    other = compiled(tmp_path, source=SOURCE.format("./src/churn/", "./train.py"))
    assert other.job.name == plain.job.name


def test_plain_encoding_is_kept(tmp_path: Path) -> None:
    churn = compiled(
        tmp_path, stopping="  stopping: {max_runtime: 15m}\n  hyperparameter_encoding: plain"
    )
    assert definition(churn)["StaticHyperParameters"]["sagemaker_program"] == "train.py"


def test_the_role_may_read_every_version_of_the_code_and_needs_no_deployment(
    tmp_path: Path,
) -> None:
    churn = compiled(tmp_path)
    assert churn.environment is not None
    (statement,) = [
        statement
        for statement in permissions(churn.environment, churn.job)
        if statement.sid == "ReadCode"
    ]
    assert statement.resources == ("arn:aws:s3:::${hptc:artifact_bucket}/churn/source/*",)


def test_isolation_limits_the_listing_to_the_code(tmp_path: Path) -> None:
    churn = compiled(
        tmp_path, stopping="  stopping: {max_runtime: 15m}\n  enable_network_isolation: true"
    )
    assert churn.environment is not None
    statements = {
        permission.sid: permission for permission in permissions(churn.environment, churn.job)
    }
    (condition,) = statements["ListInputArtifactBucket"].conditions
    assert condition.values == ("churn/source/*",)


@pytest.mark.parametrize(
    ("directory", "script", "problem"),
    [
        pytest.param("src/chrun", "train.py", "does not exist in the project", id="no directory"),
        pytest.param("src/churn/train.py", "train.py", "is a file", id="a file"),
        pytest.param("../src", "train.py", "is not a path inside the project", id="out"),
        pytest.param("/etc", "passwd", "is not a path inside the project", id="absolute"),
        pytest.param(".git", "config", "is inside .git, which is never read", id="git"),
        pytest.param(
            *("elsewhere", "train.py", "is a link to a folder outside the project"), id="a link"
        ),
        pytest.param("src/churn", "tran.py", "has no file `tran.py` to run", id="no script"),
        pytest.param(
            *("src/churn", "../churn/train.py", "has no file `../churn/train.py` to run"),
            id="a script elsewhere",
        ),
    ],
)
def test_what_cannot_be_packed(tmp_path: Path, directory: str, script: str, problem: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside").mkdir()
    (project / "elsewhere").symlink_to(tmp_path / "outside")
    if directory == ".git":
        (project / ".git").mkdir()
    outcome = compile_code(project, source=SOURCE.format(directory, script))
    assert f"HPT008 `{directory}` {problem}" in [
        f"{diagnostic.code} {diagnostic.message}" for diagnostic in outcome.diagnostics
    ]


def test_a_directory_needs_its_script(tmp_path: Path) -> None:
    outcome = compile_code(tmp_path, source="  source: {directory: src/churn}")
    assert "HPT103 `source` requires `entry_point`" in [
        f"{diagnostic.code} {diagnostic.message}" for diagnostic in outcome.diagnostics
    ]


def test_a_misspelled_script_is_suggested(tmp_path: Path) -> None:
    diagnostics = compile_code(tmp_path, source=SOURCE.format("src/churn", "tran.py")).diagnostics
    assert [finding.label for finding in diagnostics] == ["did you mean `train.py`?"]


def test_no_comment_hides_that_code_cannot_be_packed(tmp_path: Path) -> None:
    source = SOURCE.format("src/none", "train.py") + "  # hptc: ignore[HPT008] not now"
    outcome = compile_code(tmp_path, source=source)
    assert outcome.has_errors


def test_without_an_artifact_bucket_there_is_no_place_for_code(tmp_path: Path) -> None:
    path = write_code_project(tmp_path)
    (tmp_path / "hptc.yaml").write_text(
        "project: churn\nenvironments:\n"
        "  dev: {account: '123456789012', region: us-east-1, "
        "infrastructure: {artifact_bucket: absent}}\n"
    )
    outcome = compile_file(str(path), Workspace())
    assert "`source` needs an artifact bucket, but `dev` has none" in [
        diagnostic.message for diagnostic in outcome.diagnostics
    ]


def test_a_spec_outside_of_a_project_has_no_place_for_code(tmp_path: Path) -> None:
    path = write_code_project(tmp_path)
    (tmp_path / "hptc.yaml").unlink()
    (tmp_path / "src").rename(tmp_path / "specs" / "src")
    outcome = compile_file(str(path), Workspace())
    assert "HPT103" in {diagnostic.code for diagnostic in outcome.diagnostics}


@pytest.fixture
def packings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were packed, in order."""
    calls: list[Path] = []
    real: Callable[..., Any] = packing.pack

    def counted(folder: Path, files: Any) -> Any:
        calls.append(folder)
        return real(folder, files)

    monkeypatch.setattr(code_packing, "pack", counted)
    return calls


def test_a_folder_is_packed_once_for_all_environments(tmp_path: Path, packings: list[Path]) -> None:
    path = write_code_project(tmp_path)
    base = Workspace(files=DISK)
    for name in ("dev", "prod"):
        succeeded(compile_file(str(path), base.in_environment(name)))
    assert packings == [tmp_path / "src" / "churn"]


def test_the_directories_of_a_run_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_packing, "MAX_BYTES_OF_A_RUN", 1)
    workspace = Workspace(environment="dev")
    path = write_code_project(tmp_path)
    succeeded(compile_file(str(path), workspace))
    second = tmp_path / "specs" / "second.yaml"
    second.write_text(
        path.read_text().replace("src/churn", "src").replace("train.py", "churn/train.py")
    )
    (diagnostic,) = compile_file(str(second), workspace).diagnostics
    assert "was not packed" in diagnostic.message


@pytest.mark.parametrize("is_over", [False, True])
def test_the_limit_of_a_run_itself_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_over: bool
) -> None:
    workspace = Workspace(environment="dev")
    path = write_code_project(tmp_path)
    first = succeeded(compile_file(str(path), workspace))
    assert isinstance(first, CompiledSpec)
    (code,) = first.codes.values()
    monkeypatch.setattr(code_packing, "MAX_BYTES_OF_A_RUN", code.packed.size - is_over)
    second = tmp_path / "specs" / "second.yaml"
    second.write_text(
        path.read_text().replace("src/churn", "src").replace("train.py", "churn/train.py")
    )
    assert compile_file(str(second), workspace).has_errors is is_over


@pytest.mark.parametrize(("seconds", "is_read"), [(29.9, True), (30.0, False)])
def test_scripts_are_parsed_until_a_run_has_taken_30_seconds(
    tmp_path: Path, seconds: float, *, is_read: bool
) -> None:
    path = write_code_project(tmp_path)
    (tmp_path / "src" / "churn" / "train.py").write_text("def\n")
    workspace = Workspace(environment="dev")
    workspace.scripts["another folder", "train.py"] = ScriptFacts(seconds=seconds)
    outcome = compile_file(str(path), workspace)
    assert ["HPT363"] * is_read == [diagnostic.code for diagnostic in outcome.diagnostics]


def test_specs_without_code_import_none_of_it() -> None:
    script = (
        "import sys\nfrom hptc.cli import run\n"
        "run(['check', 'specs/direct-marketing-xgboost.yaml'])\n"
        "print(sorted(m for m in sys.modules if m.startswith('hptc.') and m.split('.')[-1] in "
        "('packing', 'code_entries', 'code_packing', 'training_code', 'script_reading')))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr

"""A finding about what an environment provides is at the line of hptc.yaml that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.locations import with_findings
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath
from tests.support.outcomes import succeeded
from tests.support.specs import SPEC

ROLE = "arn:aws:iam::111122223333:role/ours"
PROJECT = f"""\
project: churn
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    infrastructure:
      execution_role: {ROLE}
      kms_key: 1234abcd-12ab-34cd-56ef-1234567890ab
      network:
        subnet_ids: [subnet-0a, subnet-0b]
        security_group_ids: [sg-0a]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "specs/churn.yaml").write_text(SPEC, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def place_of(*path: str | int) -> str:
    """The file and the text that a finding about a path of the definition points at."""
    compiled = succeeded(compile_file("specs/churn.yaml", Workspace(rules=())))
    finding = Finding(
        code="HPT999", message="no", path=RequestPath(("TrainingJobDefinition", *path))
    )
    (diagnostic,) = with_findings(compiled, [finding]).diagnostics
    span = diagnostic.span
    text = span.source[span.column - 1 : span.end_column - 1]
    return f"{span.file}: {text}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("RoleArn",), f"hptc.yaml: {ROLE}"),
        (("VpcConfig", "Subnets", 1), "hptc.yaml: subnet-0b"),
        (("VpcConfig", "SecurityGroupIds"), "hptc.yaml: [sg-0a]"),
        (
            ("ResourceConfig", "VolumeKmsKeyId"),
            "hptc.yaml: 1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
    ],
)
def test_what_the_environment_provides(
    folder: Path, path: tuple[str | int, ...], expected: str
) -> None:
    assert place_of(*path) == expected


def test_what_the_spec_names_itself(folder: Path) -> None:
    text = SPEC.replace("training_job:\n", f"training_job:\n  role_arn: {ROLE}\n")
    (folder / "specs/churn.yaml").write_text(text, encoding="utf-8")
    assert place_of("RoleArn") == f"specs/churn.yaml: {ROLE}"


def test_what_hptc_creates_has_no_line(folder: Path) -> None:
    text = PROJECT.replace(f"      execution_role: {ROLE}\n", "")
    (folder / "hptc.yaml").write_text(text, encoding="utf-8")
    assert place_of("RoleArn").startswith("specs/churn.yaml: ")


def test_an_error_of_hptc_yaml_is_not_repeated(folder: Path) -> None:
    text = PROJECT.replace(ROLE, "arn:aws:iam::999999999999:role/ours")
    (folder / "hptc.yaml").write_text(text, encoding="utf-8")
    diagnostics = compile_file("specs/churn.yaml", Workspace()).diagnostics
    assert [finding.code for finding in diagnostics if finding.is_error] == ["HPT108"]

"""hptc.yaml: environments, what they provide, and the layers under and over a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.project.project_file import Project, ProjectFile
from hptc.spec.aliases import _PROJECT_PATHS, paths_of
from hptc.spec.validation_findings import _mappings_with
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

DEFAULTS = (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8").partition("defaults:")[2]
DEV = '  dev: {account: "111122223333", region: us-east-1}\n'
PROD = '  prod: {account: "444455556666", region: cn-north-1, variables: {size: 8}}\n'
BOTH = f"environments:\n{DEV}{PROD}"
NOTHING = "artifact_bucket: absent, data_bucket: absent, kms_key: absent"


def loaded(folder: Path, text: str) -> Project:
    (folder / "hptc.yaml").write_text(text, "utf-8")
    project, diagnostics = project_file.load(folder / "hptc.yaml")
    assert diagnostics == []
    assert project is not None
    return project


CHOICES: dict[str, tuple[str, str | None, str | None]] = {
    "none at all": ("project: x\n", None, None),
    "the only one": (f"project: x\nenvironments:\n{DEV}", None, "dev"),
    "the default": (f"project: x\ndefault_environment: prod\n{BOTH}", None, "prod"),
    "the named": (f"project: x\ndefault_environment: prod\n{BOTH}", "dev", "dev"),
}  # fmt: skip


@pytest.mark.parametrize("default", ["", "prod"])
def test_an_environment_knows_the_default_of_its_project(tmp_path: Path, default: str) -> None:
    line = f"default_environment: {default}\n" if default else ""
    environment = loaded(tmp_path, f"project: x\n{line}{BOTH}").environment("dev")
    assert environment is not None
    assert environment.default == default


@pytest.mark.parametrize(("text", "requested", "name"), CHOICES.values(), ids=CHOICES)
def test_environment(tmp_path: Path, text: str, requested: str | None, name: str | None) -> None:
    environment = loaded(tmp_path, text).environment(requested)
    assert (environment.name if environment else None) == name


REFUSED: dict[str, tuple[str, str | None, str]] = {
    "several, none chosen": (f"project: x\n{BOTH}", None, "none was selected: dev, prod"),
    "unknown": (f"project: x\nenvironments:\n{DEV}", "prod", "has no environment `prod`"),
    "unknown, none at all": ("project: x\n", "dev", "has no environment `dev`"),
    "unknown default": (f"project: x\ndefault_environment: x\nenvironments:\n{DEV}", None, "`x`"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "requested", "message"), REFUSED.values(), ids=REFUSED)
def test_no_environment(tmp_path: Path, text: str, requested: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(tmp_path, text).environment(requested)


def test_what_templates_see(tmp_path: Path) -> None:
    project = loaded(tmp_path, f"project: x\nenvironments:\n{DEV}{PROD}")
    dev, prod = project.environment("dev"), project.environment("prod")
    assert dev is not None
    assert prod is not None
    assert dev.variables["account"] == "111122223333"
    assert dev.variables["artifact_bucket"] == "${hptc:artifact_bucket}"
    assert "size" not in dev.variables
    assert (prod.variables["partition"], prod.variables["url_suffix"]) == (
        "aws-cn",
        "amazonaws.com.cn",
    )
    assert (prod.foundation_stack, prod.spec_stack("churn")) == ("hptc-x-prod", "hptc-x-prod-churn")


INFRASTRUCTURE: dict[str, tuple[str, dict[str, Any]]] = {
    "absent": (f"{{{NOTHING}}}", {}),
    "yours": (f"{{{NOTHING}}}".replace("absent", "mine", 1), {"artifact_bucket": "mine"}),
    "a managed network": (
        f"{{{NOTHING}, network: managed}}",
        {"subnet_ids": ["${hptc:subnet_id_1}", "${hptc:subnet_id_2}"],
         "security_group_ids": ["${hptc:security_group_id}"]},
    ),
    "a network of yours": (
        f"{{{NOTHING}, network: {{subnet_ids: [subnet-1], security_group_ids: [sg-1]}}}}",
        {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "provided"), INFRASTRUCTURE.values(), ids=INFRASTRUCTURE)
def test_what_an_environment_provides(tmp_path: Path, text: str, provided: dict[str, Any]) -> None:
    line = f'  dev: {{account: "111122223333", region: us-east-1, infrastructure: {text}}}\n'
    environment = loaded(tmp_path, f"project: x\nenvironments:\n{line}").environment(None)
    assert environment is not None
    output = {
        key: value
        for key, value in environment.variables.items()
        if key.endswith(("bucket", "arn", "ids"))
    }
    assert output == provided


def test_the_nearest_project_inside_a_repository(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert project_file.find(inner) == tmp_path / "hptc.yaml"
    (tmp_path / "a" / "hptc.yaml").touch()
    assert project_file.find(inner) == tmp_path / "a" / "hptc.yaml"
    (inner / ".git").mkdir()
    assert project_file.find(inner) is None


def faults(folder: Path, text: str) -> list[str]:
    (folder / "hptc.yaml").write_text(text, "utf-8")
    return [diagnostic.message for diagnostic in project_file.load(folder / "hptc.yaml")[1]]


DEV_WITH = """\
project: x
environments:
  dev:
    account: "111122223333"
    region: us-east-1
"""


@pytest.mark.parametrize(
    ("text", "label", "help"),
    [
        (
            DEV_WITH + "    role: a\n",
            "",
            "use `execution_role` in `environments.dev.infrastructure`",
        ),
        (DEV_WITH + "    vpc: a\n", "", "use `network` in `environments.dev.infrastructure`"),
        (DEV_WITH + "    max_cost: 9\n", "", "use `budget_usd` in `environments.dev.policy`"),
        ("project: x\nmax_cost: 9\n", "", "use `budget_usd` in `policy`"),
        ("project: x\npolicy: {max_cost: 9}\n", "did you mean `budget_usd`?", ""),
        (DEV_WITH + "    infrastructure: {encryption: a}\n", "did you mean `kms_key`?", ""),
        (
            DEV_WITH + "    profile: dev\n",
            "",
            "remove it; the credentials are those of the environment variable AWS_PROFILE",
        ),
        (
            DEV_WITH + "    infrastructure: {network: private}\n",
            "must be a mapping",
            "write `managed` or `absent`, or a mapping",
        ),
    ],
)
def test_a_key_of_another_tool_or_place(tmp_path: Path, text: str, label: str, help: str) -> None:
    (tmp_path / "hptc.yaml").write_text(text, "utf-8")
    _, (fault,) = project_file.load(tmp_path / "hptc.yaml")
    assert (fault.label, fault.help) == (label, help)


@pytest.mark.parametrize("name", _PROJECT_PATHS)
def test_every_alias_is_a_key(name: str) -> None:
    for *owner, key in paths_of(name, in_project=True):
        assert tuple(owner) in _mappings_with(ProjectFile, key)


@pytest.mark.parametrize("length", [4096, 4097])
def test_a_variable_has_at_most_4096_characters(tmp_path: Path, length: int) -> None:
    dev = DEV.replace("us-east-1}", f"us-east-1, variables: {{names: [a, {'x' * length}]}}}}")
    too_long = ["`names` must have at most 4,096 characters, but has 4,097"]
    assert faults(tmp_path, f"project: x\nenvironments:\n{dev}") == too_long * (length > 4096)


@pytest.mark.parametrize("count", [50, 51])
def test_a_project_has_at_most_50_environments(tmp_path: Path, count: int) -> None:
    environments = "".join(DEV.replace("dev:", f"dev{number}:") for number in range(count))
    too_many = ["`environments` must have at most 50 entries, but has 51"]
    assert faults(tmp_path, f"project: x\nenvironments:\n{environments}") == too_many * (count > 50)


# Under and over a spec.


def compiled(folder: Path, head: str, spec: str, environment: str | None = None) -> Outcome:
    (folder / "hptc.yaml").write_text(f"project: x\n{head}\ndefaults:{DEFAULTS}", "utf-8")
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "specs" / "s.yaml").write_text(spec, "utf-8")
    return compile_file(
        str(folder / "specs" / "s.yaml"), Workspace(environment=environment, rules=())
    )


OVER = 'environments:\n  dev:\n    account: "111122223333"\n    region: us-east-1\n    overrides: '
LAYERED: dict[str, tuple[str, str, int | None]] = {
    "a default": ("{}", "name: s\n", 20),
    "the spec's own": ("{}", "name: s\nlimits: {max_number_of_training_jobs: 7}\n", 7),
    "overridden": (
        "{limits: {max_number_of_training_jobs: 3}}",
        "name: s\nlimits: {max_number_of_training_jobs: 7}\n", 3,
    ),
    "removed by the spec": ("{}", "name: s\nlimits: {max_number_of_training_jobs: null}\n", None),
    "removed by the environment": (
        "{limits: {max_number_of_training_jobs: null}}",
        "name: s\nlimits: {max_number_of_training_jobs: 7}\n", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("over", "spec", "jobs"), LAYERED.values(), ids=LAYERED)
def test_layers(tmp_path: Path, over: str, spec: str, jobs: int | None) -> None:
    result = succeeded(compiled(tmp_path, OVER + over, spec))
    limits = result.request["HyperParameterTuningJobConfig"]["ResourceLimits"]
    assert limits.get("MaxNumberOfTrainingJobs") == jobs
    assert limits["MaxParallelTrainingJobs"] == 2


def test_a_fault_in_an_override_is_on_its_line(tmp_path: Path) -> None:
    result = compiled(tmp_path, OVER + "{limits: {max_parallel_training_jobs: 0}}", "name: s\n")
    (fault,) = result.diagnostics
    assert Path(fault.span.file).name == "hptc.yaml"
    assert "overrides" in fault.span.source


def test_null_removes_definitions_but_not_the_defaults(tmp_path: Path) -> None:
    result = compiled(
        tmp_path,
        OVER + "{training_job: {stopping: {max_runtime: 60}}}",
        "name: s\ntraining_jobs:\n",
    )
    assert not any(diagnostic.code == "HPT000" for diagnostic in result.diagnostics)

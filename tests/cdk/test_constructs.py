"""The constructs in the CDK apps of others, and the example of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptc.cdk import TuningProject
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.errors import FindingsError, UsageError
from hptc.infrastructure.environment_stacks import environment_stacks
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT
from tests.support.plans import project as write_project
from tests.support.plans import spec as spec_text
from tests.support.stacks import imported, resources, templates

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cdk")]

EXAMPLE = ROOT / "examples" / "cdk-app"
SHARED, ROLE, SCHEDULE = "hptc-shop-dev", "hptc-shop-dev-churn", "hptc-shop-dev-churn-schedule"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The assembly of the example, as the CDK CLI has it synthesized."""
    outdir = tmp_path_factory.mktemp("example")
    context = json.loads((EXAMPLE / "cdk.json").read_text("utf-8"))["context"]
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=EXAMPLE,
        env=os.environ
        | {
            "CDK_OUTDIR": str(outdir),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_VALIDATION": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return outdir, templates(outdir)


def test_the_example_has_no_findings() -> None:
    assert [outcome.diagnostics for outcome in compile_paths([str(EXAMPLE)], Workspace())] == [()]


def test_the_example_has_the_stacks_that_hptc_looks_for(
    example: tuple[Path, dict[str, str]],
) -> None:
    outdir, templates_by_name = example
    assert sorted(templates_by_name) == [SHARED, ROLE, SCHEDULE]
    compiled = all_succeeded(compile_paths([str(EXAMPLE)], Workspace()))
    environment = compiled[0].environment
    assert environment is not None
    digests = environment_stacks(environment, deployable_specs(compiled)).digests
    manifest = json.loads((outdir / "manifest.json").read_text("utf-8"))["artifacts"]
    for name, text in templates_by_name.items():
        # What `hptc plan` compares, and what `hptc submit` refuses a stack without.
        assert json.loads(text)["Outputs"]["Digest"] == {"Value": digests[name]}
        tags = manifest[name]["properties"]["tags"]
        assert (tags["hptc:project"], tags["hptc:environment"]) == ("shop", "dev")
    assert json.loads(templates_by_name[SHARED])["Outputs"]["DataBucket"]["Export"] == {
        "Name": f"{SHARED}:DataBucket"
    }


def test_the_example_has_resources_of_both(example: tuple[Path, dict[str, str]]) -> None:
    _, templates_by_name = example
    (ingest,) = resources(templates_by_name[SHARED], "AWS::IAM::Policy")
    actions = str(ingest["Properties"]["PolicyDocument"])
    assert "s3:PutObject" in actions
    assert "TuningDataBucket" in actions  # a resource of the construct
    (role,) = resources(templates_by_name[ROLE], "AWS::IAM::Role")
    principal = role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"Service": "sagemaker.amazonaws.com"}
    # The foundation's construct is passed, so the CDK refers to its resources itself.
    names = imported(json.loads(templates_by_name[ROLE]))
    assert names
    assert all(name.startswith(f"{SHARED}:ExportsOutput") for name in names)
    (machine,) = resources(templates_by_name[SCHEDULE], "AWS::StepFunctions::StateMachine")
    assert "createHyperParameterTuningJob" in str(machine["Properties"]["DefinitionString"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_project(tmp_path, {"a": spec_text("a"), "b": spec_text("b")})
    return tmp_path


def synthesized(outdir: Path, add: Callable[[Any], None]) -> dict[str, dict[str, Any]]:
    import aws_cdk as cdk

    app = cdk.App(
        analytics_reporting=False, builtin_cloud_formation_validation=False, outdir=str(outdir)
    )
    add(app)
    app.synth()
    return {name: json.loads(text) for name, text in templates(outdir).items()}


def test_everything_in_one_stack_of_any_name(folder: Path, tmp_path: Path) -> None:
    """It has no outputs, because hptc looks for none there; several roles fit beside each other."""
    import aws_cdk as cdk

    from hptc.cdk import TuningFoundation, TuningRole

    project = TuningProject.load(folder, "dev")
    assert project.specs == ("a", "b")
    assert project.scheduled_specs == ()

    def add(app: cdk.App) -> None:
        stack = cdk.Stack(app, "everything", env=project.env)
        foundation = TuningFoundation(stack, "Shared", project)
        assert foundation.kms_key is not None
        assert foundation.data_bucket is not None
        assert foundation.artifact_bucket is not None
        assert foundation.launcher_policy is not None
        assert (foundation.vpc, foundation.security_group) == (None, None)
        assert foundation.values["data_bucket"] == foundation.data_bucket.bucket_name
        for name in project.specs:
            role = TuningRole(stack, name, project, name, foundation=foundation)
            cdk.CfnOutput(stack, f"{name}Arn", value=role.role.role_arn)

    template = synthesized(tmp_path / "out", add)["everything"]
    assert set(template["Outputs"]) == {"aArn", "bArn"}
    roles = resources(json.dumps(template), "AWS::IAM::Role")
    assert len(roles) == 2
    assert imported(template) == []  # all in this stack
    tags = {tag["Key"]: tag["Value"] for tag in roles[0]["Properties"]["Tags"]}
    assert tags == {"hptc:project": "churn", "hptc:environment": "dev"}


def test_some_specs_only(folder: Path) -> None:
    assert TuningProject.load(folder, "dev", specs=[folder / "specs" / "b.yaml"]).specs == ("b",)


def test_a_spec_without_a_role(folder: Path) -> None:
    project = TuningProject.load(folder)
    with pytest.raises(UsageError, match="no spec `nope` needs an execution role") as raised:
        project.role_of("nope")
    assert raised.value.help == "these do: `a` and `b`"
    with pytest.raises(UsageError, match="no spec `a` has a schedule") as raised:
        project.schedule_of("a")
    assert raised.value.help == "these do: none"


def test_a_spec_with_an_error_stops_the_app(folder: Path) -> None:
    bad = folder / "specs" / "b.yaml"
    bad.write_text(spec_text("b", ("strategy: Bayesian", "strategy: Magic")), "utf-8")
    with pytest.raises(FindingsError, match=r"specs/b\.yaml:\d+:\d+: error\[HPT104\]: "):
        TuningProject.load(folder)
    (folder / "hptc.yaml").unlink()
    with pytest.raises(UsageError, match=r"no hptc\.yaml found"):
        TuningProject.load(folder)


def test_the_names_are_imported_on_their_first_use() -> None:
    """`hptc deploy` and the scaffolded app import the package before they check for Node."""
    code = (
        "import sys, hptc.cdk; from hptc.cdk import TuningProject; "
        "assert 'aws_cdk' not in sys.modules; assert len(hptc.cdk.__all__) == 4; "
        "from hptc.cdk import TuningRole; assert 'aws_cdk' in sys.modules; "
        "hptc.cdk.nothing"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "has no attribute 'nothing'" in done.stderr, done.stderr

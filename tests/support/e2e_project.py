"""A copy of this repository's project, deployed to an account of the sandbox."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.run import client_environment
from hptc.sandbox.server import Sandbox
from tests.support.paths import ROOT
from tests.support.sandbox import Account

SPECS = tuple(sorted(path.stem for path in (ROOT / "specs").glob("*.yaml")))
REGION = "us-east-1"
ACCOUNT_OF_DEV = "123456789012"
FOUNDATION = "hptc-demo-dev"
BOOTSTRAP_TEMPLATE = ROOT / "node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml"
BOOTSTRAP_PARAMETERS = {
    "FileAssetsBucketKmsKeyId": "AWS_MANAGED_KEY",
    "PublicAccessBlockConfiguration": "true",
    "CloudFormationExecutionPolicies": "arn:aws:iam::aws:policy/AdministratorAccess",
}
"""What `cdk bootstrap` sets without options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def execute(
    command: list[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    expect: int | None = 0,
    stdin: str = "",
) -> Done:
    """Run a command to completion. `expect` is its exit code; None accepts any."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=dict(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert expect in (None, done.returncode), f"{command}\n{done.stdout}\n{done.stderr}"
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def execute_here(
    arguments: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    expect: int | None = 0,
) -> Done:
    """Run hptc as `execute` does, but in this process: without a start of Python, boto3 and jsii.

    A test of what only a process has, such as signals or the tools on PATH, uses `execute`.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    original, variables = dict(os.environ), dict(environment)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.stdin", io.StringIO())
        patch.chdir(directory)
        try:
            os.environ.clear()
            os.environ.update(variables)
            code = run(arguments)
        finally:
            os.environ.clear()
            os.environ.update(original)
    done = Done(code=code, out=_written(out), err=_written(err))
    assert expect in (None, code), f"hptc {arguments}\n{done.out}\n{done.err}"
    return done


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with hptc.yaml, specs/, cdk/ and cdk.json, and the account it is deployed to."""

    directory: Path
    account: str
    environment: dict[str, str]

    def cdk(self, *arguments: str, expect: int = 0) -> str:
        """Run the real CDK in the folder and return what it wrote to both streams."""
        executable = shutil.which("cdk", path=self.environment["PATH"])
        assert executable is not None, "run `make setup`"
        done = execute([executable, *arguments], self.directory, self.environment, expect=expect)
        return done.out + done.err

    def bootstrap(self) -> None:
        """Create what `cdk bootstrap` creates in the account."""
        bootstrap(self.client("cloudformation"))

    def deploy(self, *options: str) -> dict[str, dict[str, str]]:
        """Run `cdk deploy --all` and return the outputs of every stack."""
        file = self.directory / "outputs.json"
        approval = ("--require-approval", "never")
        self.cdk("deploy", "--all", *approval, "--outputs-file", file.name, *options)
        outputs: dict[str, dict[str, str]] = json.loads(file.read_text("utf-8"))
        return outputs

    def hptc(self, *arguments: str, expect: int | None = 0) -> Done:
        """Run hptc in a separate process."""
        command = [sys.executable, "-m", "hptc", *arguments]
        return execute(command, self.directory, self.environment, expect=expect)

    def hptc_here(self, *arguments: str, expect: int | None = 0) -> Done:
        """Run hptc in this process."""
        return execute_here(arguments, self.directory, self.environment, expect=expect)

    def client(self, service: str, *, account: str = "") -> Any:
        endpoint_url = self.environment["AWS_ENDPOINT_URL"]
        return Account(id=account or self.account, endpoint_url=endpoint_url).client(service)

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a deployed stack."""
        described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {
            output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])
        }

    @contextmanager
    def entered(self, *, account: str = "", directory: Path | None = None) -> Iterator[None]:
        """Change to the folder, with the account's credentials, until the block ends."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                if name.startswith("AWS_"):
                    patch.setenv(name, value)
            patch.setenv("AWS_ACCESS_KEY_ID", access_key_for(account or self.account))
            patch.chdir(directory or self.directory)
            yield


def bootstrap(cloudformation: Any) -> None:
    """Create the stack of `cdk bootstrap`, whose start takes seconds, unless the account has it.

    tests/e2e/test_bootstrap.py and tests/sandbox/test_cdk.py run the command itself.
    """
    stacks = cloudformation.describe_stacks()["Stacks"]
    if any(stack["StackName"] == "CDKToolkit" for stack in stacks):
        return
    cloudformation.create_stack(
        StackName="CDKToolkit",
        TemplateBody=BOOTSTRAP_TEMPLATE.read_text("utf-8"),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in BOOTSTRAP_PARAMETERS.items()
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="CDKToolkit")


def run_here(*arguments: str) -> Done:
    """Run hptc in this process, in its folder and with its environment variables."""
    return execute_here(arguments, Path(), os.environ, expect=None)


def tool_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment whose PATH starts with this interpreter and the pinned `cdk`."""
    variables = dict(os.environ if environment is None else environment)
    tools = (Path(sys.executable).parent, ROOT / "node_modules" / ".bin")
    return {**variables, "PATH": os.pathsep.join([*map(str, tools), variables["PATH"]])}


def copy_project(
    directory: Path, sandbox: Sandbox, account: str, *, only: Collection[str] = SPECS
) -> Project:
    """Copy this repository's project into a folder, with `dev` in the given account."""
    shutil.copytree(ROOT / "cdk", directory / "cdk", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cdk.json", directory)
    shutil.copytree(ROOT / "src", directory / "src")
    (directory / "specs").mkdir()
    for spec in only:
        shutil.copy(ROOT / "specs" / f"{spec}.yaml", directory / "specs")
    shared = (ROOT / "hptc.yaml").read_text("utf-8").replace(ACCOUNT_OF_DEV, account)
    (directory / "hptc.yaml").write_text(shared, encoding="utf-8")
    environment = client_environment(sandbox, tool_environment())
    return Project(
        directory=directory,
        account=account,
        environment=environment | {"AWS_ACCESS_KEY_ID": access_key_for(account)},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The whole project after `cdk deploy --all`."""

    project: Project
    outputs: dict[str, dict[str, str]]  # from `cdk deploy --outputs-file`, by stack

    @property
    def role_arns(self) -> dict[str, str]:
        """The execution roles, by the stack that creates them."""
        return {
            stack: outputs["ExecutionRoleArn"]
            for stack, outputs in self.outputs.items()
            if "ExecutionRoleArn" in outputs
        }

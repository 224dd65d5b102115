"""`hptc deploy` with a script in place of the CDK CLI, and without AWS."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hptc.aws.client import Aws
from hptc.cdk.synth import synth_project
from hptc.compiler.workspace import Workspace
from hptc.errors import EXIT_OPERATION, AwsError, OperationError, UsageError
from hptc.infrastructure.stack_owner import stack_tags
from hptc.project.project_file import Environment
from hptc.service.losses import Loss
from hptc.stacks.deploy import DeployCallbacks, DeployConsent, deploy
from hptc.stacks.results import Deployment, StackProgress
from hptc.stacks.stack_comparison import is_unchanged
from tests.support.fake_account import FakeAccount
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.plans import project, spec

FOUNDATION = "hptc-churn-dev"
STACK = f"{FOUNDATION}-churn"


@dataclass
class Reported:
    """What is reported to a person without a terminal."""

    lines: list[str] = field(default_factory=list)
    steps: list[StackProgress] = field(default_factory=list)

    def callbacks(self) -> DeployCallbacks:
        return DeployCallbacks(
            print_status=self.lines.append,
            progress=self.steps.append,
            findings=lambda _: None,
            ask=None,
            confirm=None,
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("churn")
    project(root, {"churn": spec("churn")})
    (root / "node_modules" / ".bin").mkdir(parents=True)
    return root


def environment_of(folder: Path) -> Environment:
    loaded, _ = Workspace().project_of(folder)
    assert loaded is not None
    environment = loaded.environment("dev")
    assert environment is not None
    return environment


def write_cdk(folder: Path, text: str, *, code: int = 1, outputs: str = "{}") -> None:
    """Write a CDK CLI into the project that prints a text and records its arguments."""
    script = folder / "node_modules" / "cdk.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "Path('arguments').write_text('\\n'.join(sys.argv[1:]))\n"
        "Path(sys.argv[sys.argv.index('--outputs-file') + 1]).write_text("
        f"{outputs!r})\n"
        f"sys.stderr.buffer.write({text!r}.encode())\nsys.exit({code})\n",
        encoding="utf-8",
    )
    # A line that begins with #! can't hold the path of a Python whose folder has a space.
    cdk = folder / "node_modules" / ".bin" / "cdk"
    command = shlex.join([sys.executable, str(script)])
    cdk.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    cdk.chmod(0o755)


def run(folder: Path, *specs: str, is_approved: bool = False) -> tuple[Deployment, Reported]:
    reported = Reported()
    callbacks = reported.callbacks()
    result = deploy(
        folder, "dev", specs, consent=DeployConsent(is_approved=is_approved), callbacks=callbacks
    )
    assert result is not None
    return result, reported


FAILURES = {
    "not bootstrapped": (
        (
            "a: no\n‣ SsmParameterNotFound: SSM parameter /x not found. Has the environment been "
            "bootstrapped? Please run 'cdk bootstrap'"
        ),
        (
            "SSM parameter /x not found. Has the environment been bootstrapped? Please run "
            "'cdk bootstrap'"
        ),
        "npx cdk bootstrap aws://123456789012/us-east-1",
    ),
    "no terminal": (
        (
            "Stack hptc-churn-dev\nIAM Statement Changes\n"
            "Stack includes security-sensitive updates, but terminal (TTY) is not attached so we "
            "are unable to get a confirmation from the user"
        ),
        "the changes above broaden permissions, and without a terminal they can't be confirmed",
        "hptc deploy --yes",
    ),
    "no credentials": (
        (
            "Need to perform AWS calls for account 123456789012, but no credentials have been "
            "configured"
        ),
        (
            "Need to perform AWS calls for account 123456789012, but no credentials have been "
            "configured"
        ),
        "AWS_PROFILE",
    ),
    "expired credentials": (
        "‣ AuthenticationError: Assuming role failed: ExpiredToken",
        "Assuming role failed: ExpiredToken",
        "aws sso login",
    ),
    "a refused confirmation": ("Deployment cancelled", "the deployment was canceled", ""),
    "a stack whose events are not readable": (
        (
            f"❌  {STACK} failed to deploy\n‣ DeploymentError: Resource updates failed:\n"
            f"{STACK}/Role  (AWS::IAM::Role Role)\n  It is there."
        ),
        f"`{STACK}`: Resource updates failed: {STACK}/Role (AWS::IAM::Role Role) It is there.",
        "",
    ),
    "without output": ("", "`cdk deploy` exited with code 1", ""),
}


@pytest.mark.parametrize(("text", "message", "help"), FAILURES.values(), ids=[*FAILURES])
def test_a_failure_without_cloudformation(folder: Path, text: str, message: str, help: str) -> None:
    write_cdk(folder, text)
    with pytest.raises(OperationError) as raised:
        run(folder)
    assert raised.value.exit_code == EXIT_OPERATION
    assert raised.value.message == message
    assert help in raised.value.help
    assert bool(help) == bool(raised.value.help)


def test_a_qualifier_is_bootstrapped_with_a_stack_of_its_own(folder: Path) -> None:
    write_cdk(folder, FAILURES["not bootstrapped"][0])
    file = folder / "hptc.yaml"
    region = "region: us-east-1"
    choice = f"{region}, infrastructure: {{bootstrap_qualifier: ml}}"
    file.write_text(file.read_text("utf-8").replace(region, choice), "utf-8")
    with pytest.raises(OperationError) as raised:
        run(folder)
    assert raised.value.help.endswith(
        "npx cdk bootstrap --qualifier ml --toolkit-stack-name CDKToolkit-ml "
        "aws://123456789012/us-east-1"
    )


def test_changes_to_confirm_are_printed(folder: Path) -> None:
    write_cdk(folder, FAILURES["no terminal"][0])
    reported = Reported()
    with pytest.raises(OperationError):
        deploy(folder, "dev", (), consent=DeployConsent(), callbacks=reported.callbacks())
    assert reported.lines[-2:] == ["Stack hptc-churn-dev", "IAM Statement Changes"]


SUCCESS = f"a warning\n✅  {FOUNDATION} (no changes)\n✅  {STACK}\nanother one"


def test_a_success(folder: Path) -> None:
    write_cdk(folder, SUCCESS, code=0, outputs=f'{{"{STACK}": {{"ExecutionRoleArn": "arn"}}}}')
    result, reported = run(folder, is_approved=True)
    assert [(stack.name, stack.is_changed, dict(stack.outputs)) for stack in result.stacks] == [
        (FOUNDATION, False, {}),
        (STACK, True, {"ExecutionRoleArn": "arn"}),
    ]
    assert reported.lines[-2:] == ["a warning", "another one"]
    # The deployment has succeeded, although the caller may not list stacks.
    assert result.orphaned is None
    assert "no AWS credentials" in result.listing_error
    arguments = (folder / "arguments").read_text("utf-8").split("\n")
    assert arguments[:2] == ["deploy", "--all"]
    assert arguments[arguments.index("--require-approval") + 1] == "never"
    assert arguments[arguments.index("--concurrency") + 1] == "8"
    assert "--exclusively" not in arguments


def test_outputs_of_a_stack_without_progress(folder: Path) -> None:
    write_cdk(
        folder, "in other words", code=0, outputs=f'{{"{STACK}": {{"ExecutionRoleArn": "arn"}}}}'
    )
    result, _ = run(folder)
    assert [(stack.name, dict(stack.outputs)) for stack in result.stacks] == [
        (STACK, {"ExecutionRoleArn": "arn"})
    ]


def test_some_specs_only(folder: Path) -> None:
    write_cdk(folder, "", code=0)
    result, _ = run(folder, "churn")
    assert (result.orphaned, result.listing_error) == (None, "")
    arguments = (folder / "arguments").read_text("utf-8").split("\n")
    assert arguments[:5] == ["deploy", FOUNDATION, STACK, "--exclusively", "--app"]
    assert arguments[arguments.index("--require-approval") + 1] == "broadening"
    with pytest.raises(UsageError, match=f"no stack `{FOUNDATION}-nope` found to deploy"):
        run(folder, "nope")


@pytest.mark.parametrize(
    ("is_approved", "is_interactive", "concurrency"),
    [(True, True, "3"), (True, False, "3"), (False, False, "3"), (False, True, "1")],
)
def test_one_stack_at_a_time_if_changes_are_confirmed(
    folder: Path, is_approved: bool, is_interactive: bool, concurrency: str
) -> None:
    """The CLI refuses to ask about a change while it deploys several stacks."""
    write_cdk(folder, SUCCESS, code=0)
    reported = Reported()
    callbacks = replace(reported.callbacks(), ask=reported.lines.append if is_interactive else None)
    deploy(
        folder,
        "dev",
        (),
        consent=DeployConsent(is_approved=is_approved),
        callbacks=callbacks,
        concurrency=3,
    )
    arguments = (folder / "arguments").read_text("utf-8").split("\n")
    assert arguments[arguments.index("--concurrency") + 1] == concurrency


def test_an_interruption_names_the_stacks_in_progress(folder: Path) -> None:
    activity = f"{STACK} | 1/3 | 4 PM | CREATE_COMPLETE | AWS::IAM::Role | Role\n"
    write_cdk(folder, activity, code=130)
    reported = Reported()
    with pytest.raises(KeyboardInterrupt):
        deploy(
            folder,
            "dev",
            (),
            consent=DeployConsent(is_approved=True),
            callbacks=reported.callbacks(),
        )
    assert f"CloudFormation is still updating `{STACK}`" in reported.lines[-1]
    write_cdk(folder, "", code=130)
    with pytest.raises(KeyboardInterrupt):
        deploy(
            folder,
            "dev",
            (),
            consent=DeployConsent(is_approved=True),
            callbacks=reported.callbacks(),
        )
    assert reported.lines[-1] == "no stack was being updated"


class TestDeployedStacks:
    """What is deployed already decides whether anything is deployed."""

    @pytest.fixture
    def stacks(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> FakeStacks:
        fake = FakeStacks({FOUNDATION: {"DataBucket": "data-of-ours"}})
        aws = Aws(tuning=FakeTuning(), stacks=fake, region="us-east-1")
        monkeypatch.setattr("hptc.stacks.deploy.connect", lambda _: aws)
        monkeypatch.setattr("hptc.aws.account.connect", lambda _: FakeAccount().account)
        write_cdk(folder, SUCCESS, code=0)
        (folder / "arguments").unlink(missing_ok=True)
        return fake

    def deployed(self, folder: Path) -> bool:
        return (folder / "arguments").exists()

    def test_a_stack_of_somebody_else(self, folder: Path, stacks: FakeStacks) -> None:
        theirs = {"hptc:project": "churn", "hptc:environment": "dev"}
        stacks.tags[FOUNDATION] = theirs | {"hptc:repository": "github.com/acme/other"}
        with pytest.raises(OperationError, match=r"in github\.com/acme/other; this is") as raised:
            run(folder)
        assert f"--adopt {FOUNDATION}" in raised.value.help
        assert not self.deployed(folder)
        reported = Reported()
        consent = DeployConsent(adopted=[FOUNDATION])
        assert deploy(folder, "dev", (), consent=consent, callbacks=reported.callbacks())
        assert self.deployed(folder)

    def test_an_adopted_stack_whose_template_is_not_read(
        self, folder: Path, stacks: FakeStacks
    ) -> None:
        """CloudFormation returns YAML as text, which hptc does not parse."""
        stacks.tags[FOUNDATION] = {}
        stacks.templates[FOUNDATION] = {}
        consent = DeployConsent(adopted=[FOUNDATION])
        with pytest.raises(OperationError, match="unknown what the stack would lose") as raised:
            deploy(folder, "dev", (), consent=consent, callbacks=Reported().callbacks())
        assert f"--allow-destroy {FOUNDATION}" in raised.value.help
        assert not self.deployed(folder)
        named = replace(consent, destroyed=[FOUNDATION])
        assert deploy(folder, "dev", (), consent=named, callbacks=Reported().callbacks())

    def test_a_failed_creation_has_nothing_to_lose(self, folder: Path, stacks: FakeStacks) -> None:
        stacks.templates[FOUNDATION] = {}
        with pytest.raises(OperationError, match="unknown what the stack would lose"):
            run(folder)
        stacks.statuses[FOUNDATION] = "ROLLBACK_COMPLETE"
        assert run(folder)
        assert self.deployed(folder)

    def test_an_adopted_stack_must_be_deployed(self, folder: Path, stacks: FakeStacks) -> None:
        with pytest.raises(UsageError, match="`nope` is not a stack of this deployment"):
            deploy(
                folder,
                "dev",
                (),
                consent=DeployConsent(adopted=["nope"]),
                callbacks=Reported().callbacks(),
            )
        assert not self.deployed(folder)

    @pytest.mark.parametrize(
        ("code", "is_deployed"), [("AccessDenied", True), ("Throttling", False), ("", False)]
    )
    def test_stacks_that_cannot_be_read(
        self,
        folder: Path,
        stacks: FakeStacks,
        monkeypatch: pytest.MonkeyPatch,
        code: str,
        is_deployed: bool,
    ) -> None:
        """Only a missing permission does not stop it: the CDK deploys with other roles."""

        def refuse(_: str) -> None:
            raise AwsError("the call failed", code=code)

        monkeypatch.setattr(stacks, "find", refuse)
        if is_deployed:
            _, reported = run(folder)
            assert "the deployed stacks were not checked: the call failed" in reported.lines
        else:
            with pytest.raises(AwsError, match="the call failed"):
                run(folder)
        assert self.deployed(folder) is is_deployed

    def test_another_deployment(self, folder: Path, stacks: FakeStacks) -> None:
        stacks.statuses[FOUNDATION] = "UPDATE_IN_PROGRESS"
        with pytest.raises(OperationError, match="another deployment is changing"):
            run(folder)
        assert not self.deployed(folder)

    @pytest.mark.parametrize(
        ("allowed", "answer", "is_deployed"),
        [
            pytest.param([], None, False, id="no terminal"),
            pytest.param([], False, False, id="refused"),
            pytest.param([], True, True, id="confirmed"),
            pytest.param(["legacy_bucket"], None, False, id="another name"),
            pytest.param(["Legacy"], None, True, id="named"),
        ],
    )
    def test_a_lost_bucket(
        self,
        folder: Path,
        stacks: FakeStacks,
        allowed: list[str],
        answer: bool | None,
        is_deployed: bool,
    ) -> None:
        stacks.templates[FOUNDATION] = {"Resources": {"Legacy": {"Type": "AWS::S3::Bucket"}}}
        asked: list[Loss] = []

        def confirm(loss: Loss) -> bool:
            asked.append(loss)
            return bool(answer)

        callbacks = replace(Reported().callbacks(), confirm=None if answer is None else confirm)
        consent = DeployConsent(destroyed=allowed)
        if is_deployed:
            assert deploy(folder, "dev", (), consent=consent, callbacks=callbacks)
        else:
            with pytest.raises(OperationError, match="removes the bucket `Legacy`") as raised:
                deploy(folder, "dev", (), consent=consent, callbacks=callbacks)
            assert "--allow-destroy Legacy" in raised.value.help
        assert self.deployed(folder) is is_deployed
        assert len(asked) == (answer is not None)

    @pytest.fixture
    def current(self, folder: Path, stacks: FakeStacks) -> FakeStacks:
        """Both stacks, as the last deployment left them."""
        assert synth_project(folder, "dev", folder / "current").assembly is not None
        for name in (FOUNDATION, STACK):
            text = (folder / "current" / f"{name}.template.json").read_text("utf-8")
            stacks.templates[name] = json.loads(text)
            outputs = stacks.templates[name]["Outputs"]
            stacks.stacks[name] = {
                key: output["Value"] if key == "Digest" else f"the {key}"
                for key, output in outputs.items()
            }
            stacks.statuses[name] = "CREATE_COMPLETE"
            stacks.tags[name] = stack_tags(environment_of(folder))
        shutil.rmtree(folder / "current")
        return stacks

    def chosen(self, folder: Path) -> list[str]:
        """The arguments that select stacks."""
        arguments = (folder / "arguments").read_text("utf-8").split("\n")
        return arguments[1 : arguments.index("--app")]

    def test_unchanged_stacks_are_left_alone(self, folder: Path, current: FakeStacks) -> None:
        result, reported = run(folder)
        assert not self.deployed(folder)
        assert [(stack.name, stack.is_changed) for stack in result.stacks] == [
            (FOUNDATION, False),
            (STACK, False),
        ]
        assert result.stacks[1].outputs == current.stacks[STACK]
        assert reported.lines[-1] == (
            "nothing to deploy in dev: account 123456789012, us-east-1: 2 of 2 stacks unchanged; "
            "`hptc deploy --all` deploys unchanged stacks too"
        )
        run(folder, "churn")
        assert not self.deployed(folder)
        callbacks, consent = Reported().callbacks(), DeployConsent()
        deploy(folder, "dev", (), consent=consent, callbacks=callbacks, is_complete=True)
        assert self.chosen(folder) == ["--all"]

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda s: s.stacks[STACK].update(Digest="0" * 16), id="digest"),
            pytest.param(lambda s: s.stacks[STACK].pop("Digest"), id="no-digest"),
            pytest.param(lambda s: s.stacks[STACK].update(More="1"), id="outputs"),
            pytest.param(lambda s: s.stacks.pop(STACK), id="not-deployed"),
            pytest.param(lambda s: s.tags[STACK].pop("hptc:repository"), id="tags"),
            pytest.param(
                lambda s: s.statuses.update({STACK: "UPDATE_ROLLBACK_COMPLETE"}), id="rolled-back"
            ),
        ],
    )
    def test_the_stack_that_changed_is_deployed(
        self, folder: Path, current: FakeStacks, change: Callable[[FakeStacks], object]
    ) -> None:
        change(current)
        write_cdk(folder, f"✅  {STACK}", code=0, outputs=f'{{"{STACK}": {{"A": "b"}}}}')
        result, reported = run(folder)
        assert self.chosen(folder) == [STACK, "--exclusively"]
        assert [(stack.name, stack.is_changed) for stack in result.stacks] == [
            (FOUNDATION, False),
            (STACK, True),
        ]
        assert (
            "deploying dev: account 123456789012, us-east-1; 1 of 2 stacks unchanged "
            "(`hptc deploy --all` deploys unchanged stacks too)"
        ) in reported.lines

    def test_the_foundation_of_another_release_is_deployed(
        self, folder: Path, current: FakeStacks
    ) -> None:
        """Its template is read anyway, so that it is compared whatever the digest says."""
        current.templates[FOUNDATION]["Description"] = "an older one"
        run(folder)
        assert self.chosen(folder) == [FOUNDATION, "--exclusively"]

    def test_parameters_are_read_again(self, folder: Path, current: FakeStacks) -> None:
        """Only a deployment reads the values of SSM parameters."""
        template = current.templates[STACK]
        stack = current.find(STACK)
        assert stack is not None
        assert is_unchanged(environment_of(folder), stack, template)
        with_parameter = {**template, "Parameters": {"DataBucketParameter": {}}}
        assert not is_unchanged(environment_of(folder), stack, with_parameter)

    def test_a_shrinking_project_removes_no_stack(self, folder: Path, stacks: FakeStacks) -> None:
        stacks.stacks |= {STACK: {}, f"{FOUNDATION}-gone": {"ExecutionRoleArn": "arn"}}
        result, _ = run(folder)
        assert result.orphaned == (f"{FOUNDATION}-gone",)
        arguments = (folder / "arguments").read_text("utf-8").split("\n")
        assert arguments[:2] == ["deploy", "--all"]
        assert stacks.deleted == []

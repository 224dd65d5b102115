"""Deploys the stacks of an environment: synthesizes them, then runs `cdk deploy` on the result.

They are the stacks of the project's CDK app, so `cdk deploy` from its root does the same. If it
fails, the reason comes from CloudFormation's events.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from hptc.aws import account
from hptc.aws.aws_errors import MissingCredentialsError, is_access_denied
from hptc.aws.client import connect
from hptc.cdk.synth import synth_project
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import AwsError, UsageError
from hptc.frozen import frozen
from hptc.project import project_file
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack
from hptc.service.losses import Loss, loss_error, unnamed_losses
from hptc.service.stacks import check_owners, check_unchanging, existing_stacks
from hptc.stacks.cdk_cli import find_cdk, run_cdk
from hptc.stacks.cdk_output import CdkOutput
from hptc.stacks.deploy_errors import deployment_error
from hptc.stacks.results import DeployedOutputs, Deployment, StackProgress
from hptc.stacks.status import orphaned_stacks
from hptc.stacks.unchanged import is_unchanged
from hptc.stacks.uploads import uploads, with_presence
from hptc.text import listed_code, plural

_TEMPLATE = ".template.json"


@frozen
class DeployCallbacks:
    """How a deployment reports to the user. `ask` is None if nobody can answer prompts."""

    print_status: Callable[[str], None]
    progress: Callable[[StackProgress], None]
    findings: Callable[[Sequence[Diagnostic]], None]
    ask: Callable[[str], None] | None
    confirm: Callable[[Loss], bool] | None  # asks for a lost resource's name; None as for `ask`


@frozen
class DeployConsent:
    """What the user has allowed in advance."""

    is_approved: bool = False  # changes that broaden permissions
    adopted: Collection[str] = ()  # names of stacks of another project
    destroyed: Collection[str] = ()  # the names of keys, buckets and VPCs that may be lost


CONCURRENCY = 8
"""How many stacks are deployed side by side. CloudFormation takes about half a minute for a role
and its policy. The CDK describes each stack that it waits for every few seconds, and CloudFormation
throttles an account that describes too often."""


def deploy(
    folder: Path,
    env: str | None,
    specs: Sequence[str],
    *,
    consent: DeployConsent,
    callbacks: DeployCallbacks,
    concurrency: int = CONCURRENCY,
    is_complete: bool = False,
) -> Deployment | None:
    """Deploy one environment of the project that `folder` is in; with `specs`, only their stacks.

    Stacks that were deployed from the same content are left alone, unless `is_complete`. Up to
    `concurrency` of the others are deployed side by side, each after the stacks that it needs; one
    at a time if the user is asked about changes.

    Without consent, changes that broaden permissions and the loss of a key, a bucket or a VPC need
    a confirmation, and a stack of another project is refused. Returns None if a finding is an
    error, and nothing is deployed. Raises UsageError if the project or a tool is missing, and
    OperationError with CloudFormation's reason if a stack fails.
    """
    root, environment = _place(folder, env)
    command = find_cdk(root)
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        callbacks.print_status(f"synthesizing the stacks of {environment.name}")
        synthesized = synth_project(
            root, environment.name, Path(scratch, "cdk.out"), is_owner_checked=False
        )
        for note in synthesized.notes:
            callbacks.print_status(note)
        if synthesized.diagnostics:
            callbacks.findings(synthesized.diagnostics)
        if synthesized.assembly is None:
            return None
        all_stacks = _stacks_in(synthesized.assembly)
        stacks = [stack for name in specs for stack in _stacks_of(environment, name, all_stacks)]
        if not all_stacks:
            callbacks.print_status(
                f"nothing to deploy: the specs of {environment.name} need no stacks"
            )
            return _with_orphans(environment, (), all_stacks)
        wanted = all_stacks
        if stacks:
            wanted = all_stacks.intersection([environment.foundation_stack, *stacks])
        unchanged = _check_deployed(environment, wanted, synthesized.assembly, consent, callbacks)
        kept = {} if is_complete else unchanged
        callbacks.print_status(_overview(environment, len(wanted), len(kept)))
        deployed = [
            DeployedOutputs(name=name, is_changed=False, outputs=stack.outputs)
            for name, stack in kept.items()
        ]
        if changed := sorted(wanted - kept.keys()):
            is_asked = not consent.is_approved and callbacks.ask is not None
            options = [
                # By name, the CLI would deploy the stacks that they need too.
                *([*changed, "--exclusively"] if stacks or kept else ["--all"]),
                "--app", str(synthesized.assembly),
                "--require-approval", "never" if consent.is_approved else "broadening",
                # The CLI can't ask about several stacks at a time.
                "--concurrency", "1" if is_asked else str(concurrency),
            ]  # fmt: skip
            deployed += _deploy_stacks(command, options, environment, root, consent, callbacks)
    result = tuple(sorted(deployed, key=lambda stack: stack.name))
    chosen = [spec for spec in synthesized.specs if not specs or spec.name in specs]
    shared = next((each for each in result if each.name == environment.foundation_stack), None)
    needed = uploads(environment, chosen, shared.outputs) if shared is not None else ()
    if needed:
        needed = with_presence(needed, account.connect(environment).inventory)
    if stacks:
        return Deployment(environment=environment, stacks=result, uploads=needed)
    return replace(_with_orphans(environment, result, all_stacks), uploads=needed)


def _overview(environment: Environment, count: int, unchanged: int) -> str:
    """What is about to be deployed, and what is left alone."""
    where = f"{environment.name}: account {environment.account}, {environment.region}"
    if not unchanged:
        return f"deploying {where}"
    of = f"{unchanged:,} of {plural(count, 'stack')}"
    again = "`hptc deploy --all` deploys unchanged stacks too"
    if unchanged == count:
        return f"nothing to deploy in {where}: {of} unchanged; {again}"
    return f"deploying {where}; {of} unchanged ({again})"


def _deploy_stacks(
    command: Sequence[str],
    options: Sequence[str],
    environment: Environment,
    root: Path,
    consent: DeployConsent,
    callbacks: DeployCallbacks,
) -> list[DeployedOutputs]:
    """Run `cdk deploy`. Raises OperationError if a stack fails."""
    output = CdkOutput(callbacks.progress, callbacks.print_status)
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        outputs_file = Path(scratch, "outputs.json")
        try:
            code = run_cdk(
                [
                    *command,
                    "deploy",
                    *options,
                    "--outputs-file", str(outputs_file),
                    "--progress", "events",
                    "--no-notices",
                    "--no-version-reporting",
                ],
                root,
                output,
                ask=None if consent.is_approved else callbacks.ask,
            )  # fmt: skip
        except KeyboardInterrupt:
            callbacks.print_status(_still_updating(output))
            raise
        if code != 0:
            raise deployment_error(environment, output, code)
        output.flush()
        outputs = json.loads(outputs_file.read_text("utf-8"))
    return [
        DeployedOutputs(
            name=name, is_changed=output.changed.get(name, True), outputs=outputs.get(name, {})
        )
        for name in dict.fromkeys([*output.changed, *outputs])
    ]


def _place(folder: Path, env: str | None) -> tuple[Path, Environment]:
    path = project_file.find(folder)
    if path is None:
        raise UsageError(
            "no hptc.yaml found here or in a parent folder",
            help="`hptc init DIR` creates a project",
        )
    found, faults = Workspace().project_of(path.parent)
    if found is None:
        raise UsageError(
            f"{path}: {faults[0].message}", help="`hptc check` shows where the error is"
        )
    environment = found.environment(env)
    if environment is None:
        raise UsageError(
            f"{path} has no environment to deploy", help="add one with an account and a region"
        )
    return path.parent, environment


def _check_deployed(
    environment: Environment,
    wanted: Collection[str],
    assembly: Path,
    consent: DeployConsent,
    callbacks: DeployCallbacks,
) -> dict[str, DeployedStack]:
    """Refuse to deploy over stacks of another project, and to lose what the user did not name.

    Returns the deployed stacks that would not change; none if the caller may not read stacks.
    Raises OperationError, and UsageError for an adopted stack that is not deployed here.
    """
    if unknown := sorted(set(consent.adopted) - set(wanted)):
        raise UsageError(
            f"`{unknown[0]}` is not a stack of this deployment",
            help=f"its stacks are {listed_code(sorted(wanted))}",
        )
    lost: list[Loss] = []
    unchanged: dict[str, DeployedStack] = {}
    try:
        operations = connect(environment).stacks
        found = existing_stacks(wanted, operations)
        check_owners(environment, found.values(), consent.adopted)
        check_unchanging(found.values())
        for name, stack in found.items():
            before = None
            after = json.loads((assembly / f"{name}{_TEMPLATE}").read_text("utf-8"))
            is_checked = name == environment.foundation_stack or name in consent.adopted
            if is_checked:
                before = operations.template(stack.arn)
                lost += unnamed_losses(stack, before, after, consent.destroyed, _allow)
            if is_unchanged(environment, stack, after, before):
                unchanged[name] = stack
    except AwsError as error:
        unchanged.clear()
        # The CDK deploys with its own roles, so the caller may not be allowed to read stacks; it
        # reports missing credentials itself.
        if not (is_access_denied(error) or isinstance(error, MissingCredentialsError)):
            raise
        callbacks.print_status(f"the deployed stacks were not checked: {error.message}")
    if lost and (callbacks.confirm is None or not all(map(callbacks.confirm, lost))):
        raise loss_error(lost, _allow)
    return unchanged


def _allow(names: Sequence[str]) -> str:
    return " ".join(f"--allow-destroy {name}" for name in names)


def _stacks_in(assembly: Path) -> set[str]:
    return {path.name.removesuffix(_TEMPLATE) for path in assembly.glob(f"*{_TEMPLATE}")}


def _stacks_of(environment: Environment, spec: str, all_stacks: set[str]) -> list[str]:
    """The stacks of a spec: of its role and its schedule, as far as it has them."""
    names = (environment.spec_stack(spec), environment.schedule_stack(spec))
    found = [name for name in names if name in all_stacks]
    if not found:
        raise UsageError(
            f"no stack `{names[0]}` found to deploy",
            help="pass the `name` of a spec; a spec with its own `role_arn` needs no stack",
        )
    return found


def _with_orphans(
    environment: Environment, deployed: tuple[DeployedOutputs, ...], needed: set[str]
) -> Deployment:
    """The result of deploying a whole environment.

    The CDK deploys with its own roles, so the caller may not be allowed to list stacks.
    """
    try:
        stacks = connect(environment).stacks.list_stacks()
        orphaned = orphaned_stacks(environment, stacks, needed)
    except AwsError as error:
        return Deployment(environment=environment, stacks=deployed, listing_error=error.message)
    return Deployment(environment=environment, stacks=deployed, orphaned=orphaned)


def _still_updating(output: CdkOutput) -> str:
    if not output.unfinished:
        return "no stack was being updated"
    return (
        f"CloudFormation is still updating {listed_code(output.unfinished)}; rerun `hptc deploy` "
        "when it has finished"
    )

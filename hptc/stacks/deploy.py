"""Deploys the stacks of an environment: synthesizes them, then runs `cdk deploy` on the result.

They are the stacks of the project's CDK app, so `cdk deploy` from its root does the same. If it
fails, the reason comes from CloudFormation's events.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hptc.aws import account
from hptc.aws.client import connect
from hptc.cdk.synth import Synthesized, synth_project
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import AwsError, UsageError
from hptc.frozen import frozen
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.project import project_file
from hptc.project.project_file import Environment
from hptc.service.interface import DeployedStack
from hptc.service.losses import Loss, loss_error
from hptc.stacks.cdk_cli import find_cdk, run_cdk
from hptc.stacks.cdk_output import CdkOutput
from hptc.stacks.deploy_errors import deployment_error
from hptc.stacks.results import DeployedOutputs, Deployment, StackProgress
from hptc.stacks.stack_comparison import CloudAssembly, allow_destroy, compare_stacks
from hptc.stacks.status import orphaned_stacks
from hptc.stacks.uploads import Upload, uploads, with_presence
from hptc.text import listed_code, plural


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
    project = _find_project(folder, env)
    environment = project.environment
    cdk = find_cdk(project.root)
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        synthesized = _synthesize(project, Path(scratch, "cdk.out"), callbacks)
        if synthesized.assembly is None:
            return None
        assembly = CloudAssembly(folder=synthesized.assembly)
        needed = assembly.stacks()
        selected = _selected_stacks(environment, specs, needed)
        if not needed:
            callbacks.print_status(
                f"nothing to deploy: the specs of {environment.name} need no stacks"
            )
            return _with_orphans(Deployment(environment=environment, stacks=()), needed)
        unchanged = _check_deployed(environment, selected, assembly, consent, callbacks)
        current = {} if is_complete else unchanged
        callbacks.print_status(_overview(environment, len(selected), len(current)))
        stacks = [
            DeployedOutputs(name=name, is_changed=False, outputs=stack.outputs)
            for name, stack in current.items()
        ]
        if changed := sorted(selected - current.keys()):
            # By name, the CLI would deploy the stacks that they need too.
            selection = [*changed, "--exclusively"] if specs or current else ["--all"]
            ask = None if consent.is_approved else callbacks.ask
            command = [
                *cdk, "deploy", *selection,
                "--app", str(assembly.folder),
                "--require-approval", "never" if consent.is_approved else "broadening",
                # The CLI can't ask about several stacks at a time.
                "--concurrency", str(concurrency if ask is None else 1),
            ]  # fmt: skip
            stacks += _run_deploy(command, project, callbacks, ask)
    stacks.sort(key=lambda stack: stack.name)
    read_by = [spec for spec in synthesized.specs if not specs or spec.name in specs]
    deployment = Deployment(
        environment=environment,
        stacks=tuple(stacks),
        uploads=_uploads(environment, read_by, stacks),
    )
    return deployment if specs else _with_orphans(deployment, needed)


@frozen
class _Project:
    """The folder of an hptc.yaml, and the environment to deploy."""

    root: Path
    environment: Environment


def _find_project(folder: Path, env: str | None) -> _Project:
    path = project_file.find(folder)
    if path is None:
        raise UsageError(
            "no hptc.yaml found here or in a parent folder",
            help="`hptc init DIR` creates a project",
        )
    project, findings = Workspace().project_of(path.parent)
    if project is None:
        raise UsageError(
            f"{path}: {findings[0].message}", help="`hptc check` shows where the error is"
        )
    environment = project.environment(env)
    if environment is None:
        raise UsageError(
            f"{path} has no environment to deploy", help="add one with an account and a region"
        )
    return _Project(root=path.parent, environment=environment)


def _synthesize(project: _Project, outdir: Path, callbacks: DeployCallbacks) -> Synthesized:
    """Synthesize the project's app, and report its notes and findings."""
    name = project.environment.name
    callbacks.print_status(f"synthesizing the stacks of {name}")
    synthesized = synth_project(project.root, name, outdir, is_owner_checked=False)
    for note in synthesized.notes:
        callbacks.print_status(note)
    if synthesized.diagnostics:
        callbacks.findings(synthesized.diagnostics)
    return synthesized


def _selected_stacks(
    environment: Environment, specs: Sequence[str], needed: frozenset[str]
) -> frozenset[str]:
    """The stacks to deploy: all, or those of some specs and the foundation."""
    if not specs:
        return needed
    selected = {environment.foundation_stack} & needed
    for spec in specs:
        own = {environment.spec_stack(spec), environment.schedule_stack(spec)} & needed
        if not own:
            raise UsageError(
                f"no stack `{environment.spec_stack(spec)}` found to deploy",
                help="pass the `name` of a spec; a spec with its own `role_arn` needs no stack",
            )
        selected |= own
    return frozenset(selected)


def _check_deployed(
    environment: Environment,
    selected: Collection[str],
    assembly: CloudAssembly,
    consent: DeployConsent,
    callbacks: DeployCallbacks,
) -> Mapping[str, DeployedStack]:
    """Refuse to deploy over stacks of another project, and to lose what the user did not name.

    Returns the deployed stacks that would not change; none if the caller may not read stacks.
    Raises OperationError, and UsageError for an adopted stack that is not deployed here.
    """
    if unknown := sorted(set(consent.adopted) - set(selected)):
        raise UsageError(
            f"`{unknown[0]}` is not a stack of this deployment",
            help=f"its stacks are {listed_code(sorted(selected))}",
        )
    comparison = compare_stacks(
        environment,
        selected,
        assembly,
        connect(environment).stacks,
        adopted=consent.adopted,
        destroyed=consent.destroyed,
    )
    if comparison.reading_error:
        callbacks.print_status(f"the deployed stacks were not checked: {comparison.reading_error}")
    losses = comparison.losses
    if losses and (callbacks.confirm is None or not all(map(callbacks.confirm, losses))):
        raise loss_error(losses, allow_destroy)
    return comparison.unchanged


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


def _run_deploy(
    command: Sequence[str],
    project: _Project,
    callbacks: DeployCallbacks,
    ask: Callable[[str], None] | None,
) -> list[DeployedOutputs]:
    """Run `cdk deploy` in the project. Raises OperationError if a stack fails."""
    output = CdkOutput(callbacks.progress, callbacks.print_status)
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        outputs_file = Path(scratch, "outputs.json")
        try:
            code = run_cdk(
                [
                    *command,
                    "--outputs-file", str(outputs_file),
                    "--progress", "events",
                    "--no-notices",
                    "--no-version-reporting",
                ],
                project.root,
                output,
                ask=ask,
            )  # fmt: skip
        except KeyboardInterrupt:
            callbacks.print_status(_still_updating(output))
            raise
        if code != 0:
            raise deployment_error(project.environment, output, code)
        output.flush()
        outputs = json.loads(outputs_file.read_text("utf-8"))
    return [
        DeployedOutputs(
            name=name, is_changed=output.changed.get(name, True), outputs=outputs.get(name, {})
        )
        for name in dict.fromkeys([*output.changed, *outputs])
    ]


def _still_updating(output: CdkOutput) -> str:
    if not output.unfinished:
        return "no stack was being updated"
    return (
        f"CloudFormation is still updating {listed_code(output.unfinished)}; rerun `hptc deploy` "
        "when it has finished"
    )


def _uploads(
    environment: Environment, specs: Sequence[DeployableSpec], stacks: Sequence[DeployedOutputs]
) -> tuple[Upload, ...]:
    """The uploads that the specs need, if the foundation with the data bucket was deployed."""
    foundation = next(
        (stack for stack in stacks if stack.name == environment.foundation_stack), None
    )
    needed = uploads(environment, specs, foundation.outputs) if foundation is not None else ()
    return with_presence(needed, account.connect(environment).inventory) if needed else ()


def _with_orphans(deployment: Deployment, needed: Collection[str]) -> Deployment:
    """The result of deploying a whole environment, with the stacks that no spec needs anymore.

    The CDK deploys with its own roles, so the caller may not be allowed to list stacks.
    """
    environment = deployment.environment
    try:
        stacks = connect(environment).stacks.list_stacks()
        orphaned = orphaned_stacks(environment, stacks, needed)
    except AwsError as error:
        return replace(deployment, listing_error=error.message)
    return replace(deployment, orphaned=orphaned)

"""Synthesizes a project to a cloud assembly, which `cdk deploy --app` and `hptc deploy` take.

Only `build` needs Node and aws-cdk-lib, and checks for both before it imports aws_cdk. Templates
depend on the specs alone: the same specs give the same bytes.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hptc.cdk.tuning_project import TuningProject, load_environment
from hptc.compiler.deployable import deployable_specs
from hptc.diagnostics import Diagnostic
from hptc.errors import AwsError, OperationError, UsageError
from hptc.frozen import frozen
from hptc.infrastructure.deployable_spec import DeployableSpec
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.infrastructure.foundation import Foundation, Network
from hptc.infrastructure.scheduled_start import ScheduleStack
from hptc.infrastructure.spec_stacks import SpecStack
from hptc.project.project_file import Environment

if TYPE_CHECKING:
    import aws_cdk as cdk

    from hptc.service.interface import DeployedStack

VALIDATE = "HPTC_CDK_VALIDATE"
"""If set to 1, CDK also validates the templates, which takes seconds and hundreds of MB."""

MIN_NODE = 22
"""The oldest maintained version of Node: https://nodejs.org/en/about/previous-releases"""
_NODE_MAJOR = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
_CLI_ACCOUNT = "CDK_DEFAULT_ACCOUNT"
"""The CDK CLI sets this variable to the account of its credentials:
https://docs.aws.amazon.com/cdk/v2/guide/environments.html"""
_CLI_CONTEXT = "CDK_CONTEXT_JSON"
"""The CDK CLI sets this variable to the context of the app, such as that of `cdk deploy -c`."""
_ALLOW_DESTROY = "allow-destroy"
_ONLY_CHILD = "Default"
"""The ID of the construct in each stack. It has no part in the logical IDs of its resources:
https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html"""
_FINDINGS_ARE_ERRORS = "@aws-cdk/core:validateAgainstDefaultRules"


@frozen
class Synthesized:
    """The findings of a project, and its assembly unless one of them is an error."""

    diagnostics: tuple[Diagnostic, ...]
    assembly: Path | None
    notes: tuple[str, ...] = ()  # about the tools
    specs: tuple[DeployableSpec, ...] = ()  # those that the stacks were built from


def synth_project(
    root: Path, environment: str | None, outdir: Path, *, is_owner_checked: bool = True
) -> Synthesized:
    """Compile a project's specs and write their stacks to `outdir`.

    If the CDK CLI has credentials for the environment's account, the deployed stacks are looked up:
    raises OperationError for one of another project, and if the foundation would lose a key, a
    bucket or a VPC that the context value `allow-destroy` does not name. Raises UsageError without
    a project or an environment, and when a tool is missing.
    """
    with _no_garbage_collection():
        return _synthesized(root, environment, outdir, is_owner_checked=is_owner_checked)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector: a synthesis needs all its objects until it ends.

    Collecting takes 5% of its time. With 200 specs, memory grows by 2%.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _synthesized(
    root: Path, environment: str | None, outdir: Path, *, is_owner_checked: bool
) -> Synthesized:
    loaded = load_environment(root, environment)
    diagnostics, chosen = loaded.diagnostics, loaded.environment
    if chosen is None:
        return Synthesized(diagnostics=diagnostics, assembly=None)
    specs = deployable_specs(loaded.compiled)
    stacks = environment_stacks(chosen, specs)
    is_checked = is_owner_checked and os.environ.get(_CLI_ACCOUNT) == chosen.account
    deployed, notes = _deployed_foundation(chosen, stacks.outputs) if is_checked else (None, ())
    assembly = build(chosen, stacks.foundation, stacks.roles, outdir, schedules=stacks.schedules)
    if deployed is not None:
        _check_losses(deployed, assembly)
    return Synthesized(
        diagnostics=diagnostics,
        assembly=assembly,
        notes=(*_tool_notes(), *notes),
        specs=tuple(specs),
    )


@frozen
class _Deployed:
    """A deployed stack, and its template."""

    stack: DeployedStack
    template: Mapping[str, Any]


def _deployed_foundation(
    environment: Environment, names: Collection[str]
) -> tuple[_Deployed | None, tuple[str, ...]]:
    """The deployed foundation, if there is one and the caller may read stacks; and notes.

    Refuses stacks of another project or repository.
    """
    from hptc.aws.aws_errors import MissingCredentialsError, is_access_denied
    from hptc.aws.client import connect
    from hptc.service.stacks import check_owners, existing_stacks

    try:
        operations = connect(environment).stacks
        deployed = existing_stacks(names, operations)
        check_owners(environment, deployed.values())
        stack = deployed.get(environment.foundation_stack)
        if stack is None:
            return None, ()
        return _Deployed(stack=stack, template=operations.template(stack.arn)), ()
    except AwsError as error:
        if isinstance(error, MissingCredentialsError):
            return None, ()
        if not is_access_denied(error):
            raise
        return None, (f"the deployed stacks were not checked: {error.message}",)


def _check_losses(deployed: _Deployed, assembly: Path) -> None:
    """Refuse to remove or replace what the user did not name."""
    from hptc.service.losses import loss_error, unnamed_losses

    def allow(names: Sequence[str]) -> str:
        return f"-c {_ALLOW_DESTROY}={','.join(names)}"

    context = json.loads(os.environ.get(_CLI_CONTEXT, "{}"))
    named = [name.strip() for name in str(context.get(_ALLOW_DESTROY, "")).split(",")]
    template = assembly / f"{deployed.stack.name}.template.json"
    after = json.loads(template.read_text("utf-8"))
    lost = unnamed_losses(deployed.stack, deployed.template, after, named, allow)
    if lost:
        raise loss_error(lost, allow)


def build(
    environment: Environment,
    foundation: Foundation,
    specs: Sequence[SpecStack],
    outdir: Path,
    *,
    schedules: Sequence[ScheduleStack] = (),
    review: Callable[[cdk.App], None] | None = None,
) -> Path:
    """Write the cloud assembly of an environment to a folder, and return the folder.

    `review` is called with the app before its synthesis, to add checks. Raises UsageError when Node
    or aws-cdk-lib is missing, OperationError when a check of the templates fails.
    """
    _need_tools()
    app = _app(environment, foundation, outdir)
    project = TuningProject(
        environment=environment,
        foundation=foundation,
        roles=tuple(specs),
        schedules=tuple(schedules),
    )
    _add_stacks(app, project)
    if review is not None:
        review(app)
    try:
        return Path(app.synth().directory)
    except RuntimeError as error:  # jsii's only exception for errors in the CDK
        kind, _, details = str(error).partition(": ")
        if kind != "ValidationFailed":
            raise
        raise OperationError(
            f"CDK validation of the templates failed: {details.partition(chr(10))[0]}",
            help=f"see {outdir / 'validation-report.json'}",
        ) from None


def _app(environment: Environment, foundation: Foundation, outdir: Path) -> cdk.App:
    import aws_cdk as cdk

    checks = os.environ.get(VALIDATE) == "1"
    return cdk.App(
        analytics_reporting=False,
        builtin_cloud_formation_validation=checks,
        context=_context(environment, foundation)
        | ({_FINDINGS_ARE_ERRORS: True} if checks else {}),
        # The CLI checks the version of the bootstrap stack itself; the rule would add a parameter
        # to every template.
        default_stack_synthesizer=cdk.DefaultStackSynthesizer(
            generate_bootstrap_version_rule=False,
            qualifier=environment.infrastructure.bootstrap_qualifier,
        ),
        outdir=str(outdir),
    )


def _add_stacks(app: cdk.App, project: TuningProject) -> None:
    """Add the foundation, the roles of specs, and the schedules, each after what it needs."""
    from hptc.cdk.tuning_foundation import TuningFoundation
    from hptc.cdk.tuning_role import TuningRole

    base = None
    if not project.foundation.is_empty:
        base = _stack(app, project, project.foundation.stack, "hptc: what the tuning specs share")
        TuningFoundation(base, _ONLY_CHILD, project)
    roles = {}
    for spec in project.roles:
        stack = _stack(app, project, spec.stack, f"hptc: the tuning spec {spec.spec}")
        TuningRole(stack, _ONLY_CHILD, project, spec.spec)
        roles[spec.spec] = stack
        if base is not None:
            stack.add_stack_dependency(base)
    if not project.schedules:
        return
    # Its parts of aws_cdk take a tenth of a second to import.
    from hptc.cdk.tuning_schedule import TuningSchedule

    for schedule in project.schedules:
        text = f"hptc: the schedule of the spec {schedule.spec}"
        stack = _stack(app, project, schedule.stack, text)
        TuningSchedule(stack, _ONLY_CHILD, project, schedule.spec)
        for needed in (base, roles.get(schedule.spec)):
            if needed is not None:
                stack.add_stack_dependency(needed)


def _stack(app: cdk.App, project: TuningProject, name: str, description: str) -> cdk.Stack:
    import aws_cdk as cdk

    return cdk.Stack(app, name, env=project.env, description=description)


def _context(environment: Environment, foundation: Foundation) -> dict[str, object]:
    """What CDK would otherwise look up in AWS, so that synthesis works without credentials.

    CDK compares the zones that a network names with these; CloudFormation lists them otherwise.
    """
    if not isinstance(foundation.network, Network):
        return {}
    zones = f"availability-zones:account={environment.account}:region={environment.region}"
    return {zones: list(foundation.network.availability_zones) or [f"{environment.region}a"]}


def _tool_notes() -> tuple[str, ...]:
    """A line about a Node that is too old, instead of the CDK's banner."""
    major = os.environ.get(_NODE_MAJOR, "")
    if not major.isdecimal() or int(major) >= MIN_NODE:
        return ()
    return (f"Node {major} is past its end of life: install Node {MIN_NODE} or newer",)


def _need_tools() -> None:
    node = os.environ.get("JSII_NODE") or shutil.which("node")
    if node is None:
        raise UsageError(
            "AWS CDK needs Node.js, but `node` is not on PATH",
            help=f"install Node.js {MIN_NODE} or newer: https://nodejs.org",
        )
    if find_spec("aws_cdk") is None:
        raise UsageError("AWS CDK is not installed", help="run `pip install 'hptc[cdk]'`")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.strip().removeprefix("v").partition(".")[0]
    if major:
        # jsii prints a banner of 20 lines for a Node version close to its end of life.
        os.environ.setdefault(_NODE_MAJOR, major)
        os.environ.setdefault("JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION", major)

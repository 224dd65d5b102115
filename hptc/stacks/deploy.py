"""`hptc deploy`: synth in this process, then the real `cdk deploy` on what came out.

The stacks are the CDK app's own, so `cdk deploy` from the project's root does the same. What went
wrong is asked of CloudFormation.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hptc.aws.client import connect
from hptc.cdk.synth import synth_project
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import AwsError, OperationError, UsageError
from hptc.project import project_file
from hptc.project.project_file import Environment
from hptc.service.interface import Stacks, StacksInWork
from hptc.stacks.cdk_cli import Listener, Progress, find_cdk, run_cdk
from hptc.stacks.events import failure_of
from hptc.stacks.status import orphaned_stacks


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedNow:
    """A stack after its deployment."""

    name: str
    is_changed: bool
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a deployment came to."""

    environment: Environment
    stacks: tuple[DeployedNow, ...]
    orphaned: tuple[str, ...] | None = None  # stacks of specs that are gone, where looked for
    not_listed_because: str = ""  # why orphaned ones could not be looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who follows a deployment. `ask` is as `run_cdk` has it: None where nobody can answer."""

    say: Callable[[str], None]
    progress: Callable[[Progress], None]
    findings: Callable[[Sequence[Diagnostic]], None]
    ask: Callable[[str], None] | None


def deploy(
    folder: Path,
    env: str | None,
    specs: Sequence[str],
    *,
    is_approved: bool,
    audience: Audience,
) -> Deployment | None:
    """Deploy one environment of the project that `folder` is in.

    None when a finding is an error: nothing was deployed then. What broadens permissions and is not
    approved is asked for. Raises UsageError when a tool or the project is missing, OperationError
    with CloudFormation's reason when a stack fails.
    """
    root, environment = _place(folder, env)
    command = find_cdk(root)
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        made = synth_project(root, environment.name, Path(scratch, "cdk.out"))
        if made.diagnostics:
            audience.findings(made.diagnostics)
        if made.assembly is None:
            return None
        all_stacks = _stacks_in(made.assembly)
        stacks = [stack for name in specs for stack in _stacks_of(environment, name, all_stacks)]
        if not all_stacks:
            audience.say(f"nothing to deploy: the specs of {environment.name} need no stacks")
            return _with_orphans(environment, (), all_stacks)
        wanted = all_stacks.intersection([environment.foundation_stack, *stacks])
        audience.say(
            f"deploying {environment.name}: account {environment.account}, {environment.region}"
        )
        listener = Listener(audience.progress, audience.say)
        outputs_file = Path(scratch, "outputs.json")
        try:
            code = run_cdk(
                [
                    *command,
                    "deploy",
                    *(sorted(wanted) if stacks else ["--all"]),
                    "--app", str(made.assembly),
                    "--outputs-file", str(outputs_file),
                    "--require-approval", "never" if is_approved else "broadening",
                    "--progress", "events",
                    "--no-notices",
                    "--no-version-reporting",
                ],
                root,
                listener,
                ask=None if is_approved else audience.ask,
            )  # fmt: skip
        except KeyboardInterrupt:
            audience.say(_left_to_itself(listener))
            raise
        if code != 0:
            raise _error(environment, listener, code)
        listener.go_on()
        outputs = json.loads(outputs_file.read_text("utf-8"))
    deployed = tuple(
        DeployedNow(
            name=name, is_changed=listener.changed.get(name, True), outputs=outputs.get(name, {})
        )
        for name in dict.fromkeys([*listener.changed, *outputs])
    )
    if stacks:
        return Deployment(environment=environment, stacks=deployed)
    return _with_orphans(environment, deployed, all_stacks)


def _place(folder: Path, env: str | None) -> tuple[Path, Environment]:
    path = project_file.find(folder)
    if path is None:
        raise UsageError("there is no hptc.yaml here or above", help="`hptc init DIR` writes one")
    found, faults = Workspace().project_of(path.parent)
    if found is None:
        raise UsageError(f"{path}: {faults[0].message}", help="`hptc check` shows the place")
    environment = found.environment(env)
    if environment is None:
        raise UsageError(f"{path} has no environment to deploy", help="add one: account and region")
    return path.parent, environment


def _stacks_in(assembly: Path) -> set[str]:
    suffix = ".template.json"
    return {path.name.removesuffix(suffix) for path in assembly.glob(f"*{suffix}")}


def _stacks_of(environment: Environment, spec: str, all_stacks: set[str]) -> list[str]:
    """A spec's own stacks: its role and its schedule, whichever it has."""
    names = (environment.spec_stack(spec), environment.schedule_stack(spec))
    found = [name for name in names if name in all_stacks]
    if not found:
        raise UsageError(
            f"the assembly has no stack `{names[0]}`",
            help="a spec is named by its `name`; one that brings its role needs no stack",
        )
    return found


def _with_orphans(
    environment: Environment, deployed: tuple[DeployedNow, ...], needed: set[str]
) -> Deployment:
    """Best effort: one who deploys by the CDK's roles may see no stacks with the own ones."""
    try:
        stacks: Stacks = connect(environment).stacks
        orphaned = orphaned_stacks(environment, stacks.list_stacks(), needed)
    except AwsError as error:
        return Deployment(
            environment=environment, stacks=deployed, not_listed_because=error.message
        )
    return Deployment(environment=environment, stacks=deployed, orphaned=orphaned)


def _left_to_itself(listener: Listener) -> str:
    working = listener.active - listener.changed.keys()
    if not working:
        return "no stack was being changed"
    names = ", ".join(f"`{name}`" for name in sorted(working))
    return f"CloudFormation goes on by itself with {names}: `hptc deploy` again shows what became"


def _error(environment: Environment, listener: Listener, code: int) -> OperationError:
    """Why the CLI failed: CloudFormation's reason, else the CLI's own last words."""
    stack = listener.failed
    if stack:
        try:
            stacks: StacksInWork = connect(environment).stacks
            failure = failure_of(stacks.events(stack))
        except AwsError:
            failure = None  # the CLI may see what its caller may not
        if failure is not None and (stack in listener.active or failure.is_stuck):
            is_old = stack not in listener.active
            since = f" is {failure.status} since an earlier deployment" if is_old else ""
            return OperationError(
                failure.told(since), help=_help_after(failure.status, stack, environment)
            )
    words = listener.conclude() or f"cdk deploy ended with exit code {code}"
    message, help = _in_own_words(words, environment)
    return OperationError(f"`{stack}`: {message}" if stack else message, help=help)


def _help_after(status: str, stack: str, environment: Environment) -> str:
    again = "correct that, and `hptc deploy` again"
    match status:
        case "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED":
            return f"{again}: the CDK removes what is left of the stack before it makes it anew"
        case "UPDATE_ROLLBACK_COMPLETE":
            return f"{again}: the stack is as it was before"
        case "UPDATE_ROLLBACK_FAILED":
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
            return (
                "correct that, then `aws cloudformation continue-update-rollback "
                f"--region {environment.region} --stack-name {stack}`, and `hptc deploy` again"
            )
        case _:
            return again


def _in_own_words(words: str, environment: Environment) -> tuple[str, str]:
    """A message and a help for what the CLI says of itself."""
    for pattern, message, help in _KNOWN:
        if re.search(pattern, words, re.IGNORECASE):
            place = {"account": environment.account, "region": environment.region}
            return message or words, help.format(**place)
    return words, ""


# What the CLI says by itself, before CloudFormation has begun: better words, and what to do.
_KNOWN = (
    (
        "bootstrapped",
        "",
        "once for an account and a Region: cdk bootstrap aws://{account}/{region}",
    ),
    (
        "security-sensitive updates, but terminal",
        "the change above broadens permissions, and there is no terminal to ask in",
        "`hptc deploy --yes` deploys it without asking",
    ),
    ("deployment cancelled", "not deployed, as you said", ""),
    (
        "paused fail state",
        "",
        "roll it back with `cdk rollback`, or run `hptc deploy` in a terminal, without --yes",
    ),
    (
        "no credentials|expired|security token|sso session",
        "",
        "`aws sso login`, or set AWS_PROFILE to a profile of account {account}",
    ),
)

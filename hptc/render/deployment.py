"""Deployments and removals of stacks as text for people or as JSON for programs. Pure.

Progress is one line a step; the result is the outputs, by stack.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import assert_never

from hptc.infrastructure.stack_digest import DIGEST
from hptc.infrastructure.stack_outputs import output_key
from hptc.render.diagnostics import printable
from hptc.stacks.cdk_cli import Activity, Finished, Progress
from hptc.stacks.deploy import DeployedNow, Deployment
from hptc.stacks.destroy import Removal, Removed

VERSION = 1
_STATUS_WIDTH = len("CREATE_IN_PROGRESS")
_COLORS = {"FAILED": "31", "ROLLBACK": "33", "SKIPPED": "33", "COMPLETE": "32"}


def render_progress(progress: Progress, *, color: bool = False) -> str:
    """One line of what goes on."""
    match progress:
        case Activity(event=event):
            of = "" if progress.total is None else f"/{progress.total}"
            count = f"{progress.done:>{max(2, len(of) - 1)}}{of}"
            status = event.status.ljust(_STATUS_WIDTH)
            what = "" if event.is_of_stack else f"  {event.type} {event.logical_id}"
            # Why a person or the CDK began is no news.
            reason = "" if event.status.endswith("_IN_PROGRESS") else event.reason
            line = f"{event.stack}  {count}  {status}{what}{f': {reason}' if reason else ''}"
            return _paint(color, event.status, printable(line.rstrip()))
        case Finished():
            done = "deployed" if progress.is_changed else "no changes"
            return printable(f"{progress.stack}: {done} ({progress.number} of {progress.of})")
        case _:
            assert_never(progress)


def render_deployment(deployment: Deployment) -> str:
    """The outputs of every stack, for people."""
    return "\n".join(line for stack in deployment.stacks for line in _outputs(stack))


def _outputs(stack: DeployedNow) -> Sequence[str]:
    # The digest is for `hptc plan`, not for people.
    outputs = {k: v for k, v in sorted(stack.outputs.items()) if k != output_key(DIGEST)}
    width = max(map(len, outputs), default=0)
    told = [f"  {key.ljust(width)}  {value}" for key, value in outputs.items()]
    return [printable(line) for line in (stack.name, *told)]


def render_orphans(deployment: Deployment) -> str:
    """The stacks that no spec needs any more, and how they go; empty where there are none."""
    if deployment.not_listed_because:
        return f"orphaned stacks were not looked for: {printable(deployment.not_listed_because)}"
    if not deployment.orphaned:
        return ""
    command = f"hptc destroy STACK --env {deployment.environment.name}"
    lines = [
        "no spec needs these stacks any more; nothing was done with them:",
        *(f"  {name}" for name in deployment.orphaned),
        f"help: `{command}` removes what it names, once no job runs with its role",
    ]
    return "\n".join(map(printable, lines))


def render_removals(removals: Sequence[Removal]) -> str:
    """What would go and what would stay, before a person says yes."""
    lines = []
    for removal in removals:
        going = len(removal.resources) - len(removal.retained)
        lines.append(f"{removal.name}: {going} resource{'s' if going != 1 else ''} to delete")
        lines += [f"  stays: {each.type} {each.logical_id}" for each in removal.retained]
    return "\n".join(map(printable, lines))


def render_removed(removed: Removed) -> str:
    """A stack that is gone, and what it left behind, for people."""
    left = [f"  stays: {each.type} {each.physical_id}" for each in removed.retained]
    return "\n".join(map(printable, [f"removed {removed.name}", *left]))


def removed_json(removed: Sequence[Removed]) -> str:
    """The stacks that are gone, for programs."""
    stacks = [
        {
            "name": each.name,
            "retained": [
                {
                    "logical_id": event.logical_id,
                    "type": event.type,
                    "physical_id": event.physical_id,
                }
                for event in each.retained
            ],
        }
        for each in removed
    ]
    return json.dumps({"version": VERSION, "stacks": stacks}, indent=2, ensure_ascii=False)


def deployment_json(deployment: Deployment) -> str:
    """What a deployment came to, for programs."""
    environment = deployment.environment
    return json.dumps(
        {
            "version": VERSION,
            "project": environment.project,
            "environment": environment.name,
            "account": environment.account,
            "region": environment.region,
            "stacks": [
                {
                    "name": stack.name,
                    "changed": stack.is_changed,
                    "outputs": dict(sorted(stack.outputs.items())),
                }
                for stack in deployment.stacks
            ],
            "orphaned_stacks": (None if deployment.orphaned is None else list(deployment.orphaned)),
        },
        indent=2,
        ensure_ascii=False,
    )


def _paint(color: bool, status: str, line: str) -> str:
    style = next((style for part, style in _COLORS.items() if part in status), None)
    if not color or style is None:
        return line
    return line.replace(status, f"\033[{style}m{status}\033[0m", 1)

"""Renders deployments and removals of stacks as text or JSON, and their progress line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, assert_never

from hptc.infrastructure.stack_digest import DIGEST
from hptc.infrastructure.stack_outputs import output_key
from hptc.render.documents.envelope import document
from hptc.render.orphans import orphan_advice
from hptc.service.losses import consequence
from hptc.stacks.leftovers import leftover
from hptc.stacks.results import (
    DeployedOutputs,
    Deployment,
    Removal,
    Removed,
    StackActivity,
    StackFinished,
    StackProgress,
)
from hptc.stacks.uploads import LOCAL_FOLDER
from hptc.text import plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.stacks import (
        DeploymentData,
        RemovedStackData,
        RemovedStacksData,
    )

_STATUS_WIDTH = len("CREATE_IN_PROGRESS")
_COLORS = {"FAILED": "31", "ROLLBACK": "33", "SKIPPED": "33", "COMPLETE": "32"}


def render_progress(progress: StackProgress, *, color: bool = False) -> str:
    """A step of a deployment or removal, in one line."""
    match progress:
        case StackActivity(event=event):
            # A resource that is replaced has more steps than the CLI expects.
            of = "" if progress.total is None else f"/{max(progress.done, progress.total)}"
            count = f"{progress.done:>{max(2, len(of) - 1)}}{of}"
            status = event.status.ljust(_STATUS_WIDTH)
            resource = "" if event.is_of_stack else f"  {event.type} {event.logical_id}"
            # The reason of a start only says who started it.
            reason = "" if event.status.endswith("_IN_PROGRESS") else event.reason
            line = f"{event.stack}  {count}  {status}{resource}{f': {reason}' if reason else ''}"
            return _paint(color, event.status, printable(line.rstrip()))
        case StackFinished():
            done = "deployed" if progress.is_changed else "no changes"
            return printable(f"{progress.stack}: {done} ({progress.number} of {progress.count})")
        case _:
            assert_never(progress)


def render_deployment(deployment: Deployment) -> str:
    """The outputs of every stack as text."""
    return "\n".join(line for stack in deployment.stacks for line in _outputs(stack))


def _outputs(stack: DeployedOutputs) -> Sequence[str]:
    # Only `hptc plan` reads the digest.
    outputs = {k: v for k, v in sorted(stack.outputs.items()) if k != output_key(DIGEST)}
    width = max(map(len, outputs), default=0)
    lines = [f"  {key.ljust(width)}  {value}" for key, value in outputs.items()]
    return [printable(line) for line in (stack.name, *lines)]


def render_uploads(deployment: Deployment) -> str:
    """The commands that upload what specs read and S3 lacks; empty if there are none.

    Where S3 was not checked, it is what the specs of changed stacks read.
    """
    environment = deployment.environment
    changed = {stack.name for stack in deployment.stacks if stack.is_changed}
    is_new = environment.foundation_stack in changed
    commands = [
        upload.command
        for upload in deployment.uploads
        if upload.is_there is False
        or (
            upload.is_there is None
            and (is_new or any(environment.spec_stack(spec) in changed for spec in upload.specs))
        )
    ]
    if not commands:
        return ""
    lines = [
        f"upload what the specs read, from your own folders instead of {LOCAL_FOLDER}/:",
        *(f"  {command}" for command in commands),
    ]
    return "\n".join(map(printable, lines))


def render_orphans(deployment: Deployment) -> str:
    """The stacks that no spec needs, and how to delete them; empty if there are none."""
    if deployment.listing_error:
        return f"orphaned stacks not checked: {printable(deployment.listing_error)}"
    if not deployment.orphaned:
        return ""
    command = f"hptc destroy STACK --env {deployment.environment.name}"
    lines = [
        "orphaned stacks, which no spec needs; they were not changed:",
        *(f"  {name}" for name in deployment.orphaned),
        f"help: {orphan_advice(command, deployment.orphaned)}",
    ]
    return "\n".join(map(printable, lines))


def render_removals(removals: Sequence[Removal]) -> str:
    """What would be deleted and what would be retained, for a confirmation."""
    lines = []
    for removal in removals:
        deleted = len(removal.resources) - len(removal.retained)
        lines.append(f"{removal.name}: {plural(deleted, 'resource')} to delete")
        lines += [
            f"  retained: {resource.type} {resource.logical_id}" for resource in removal.retained
        ]
        lines += [
            f"  deleted: {resource.type} {resource.logical_id}: {text}"
            for resource in removal.resources
            if not resource.is_retained and (text := consequence(resource))
        ]
    return "\n".join(map(printable, lines))


def render_removed(removed: Removed, region: str) -> str:
    """A deleted stack and its retained resources as text."""
    retained = [f"  retained: {leftover(resource, region)}" for resource in removed.retained]
    return "\n".join(map(printable, [f"deleted {removed.name}", *retained]))


def removed_json(removed: Sequence[Removed]) -> str:
    """The document of `hptc destroy`."""
    stacks: list[RemovedStackData] = [
        {
            "name": stack.name,
            "retained": [
                {
                    "logical_id": event.logical_id,
                    "type": event.type,
                    "physical_id": event.physical_id,
                }
                for event in stack.retained
            ],
        }
        for stack in removed
    ]
    data: RemovedStacksData = {"stacks": stacks}
    return document("destroy", data)


def deployment_json(deployment: Deployment) -> str:
    """The document of `hptc deploy`."""
    environment = deployment.environment
    data: DeploymentData = {
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
        "uploads": [
            {
                "uri": upload.uri,
                "specs": list(upload.specs),
                "command": upload.command,
                "is_there": upload.is_there,
            }
            for upload in deployment.uploads
        ],
        "orphaned_stacks": None if deployment.orphaned is None else list(deployment.orphaned),
    }
    return document("deploy", data)


def _paint(color: bool, status: str, line: str) -> str:
    style = next((style for part, style in _COLORS.items() if part in status), None)
    if not color or style is None:
        return line
    return line.replace(status, f"\033[{style}m{status}\033[0m", 1)

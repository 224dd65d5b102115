"""`hptc deploy`: synth in this process, then the real `cdk deploy` on what came out.

The stacks are the CDK app's own, so `cdk deploy` from the project's root does the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hptc import project
from hptc.cdk.synth import synth_project
from hptc.diagnostics import Diagnostic
from hptc.errors import OperationError, UsageError
from hptc.project import Environment
from hptc.workspace import Workspace


def deploy(
    folder: Path,
    env: str | None,
    specs: Sequence[str],
    *,
    ask: bool,
    say: Callable[[str], None],
) -> tuple[Diagnostic, ...]:
    """Deploy one environment of the project that `folder` is in, and return its diagnostics.

    An error among them means that nothing was deployed. Raises UsageError when a tool or the
    project is missing, OperationError when `cdk deploy` fails; the CDK has said why by then.
    """
    root, environment = _place(folder, env)
    command = find_cdk(root)
    say(f"deploying {environment.name}: account {environment.account}, {environment.region}")
    with tempfile.TemporaryDirectory(prefix="hptc-") as scratch:
        made = synth_project(root, environment.name, Path(scratch, "cdk.out"))
        if made.assembly is None:
            return made.diagnostics
        stacks = [environment.spec_stack(name) for name in specs]
        if unknown := [s for s in stacks if not (made.assembly / f"{s}.template.json").is_file()]:
            raise UsageError(
                f"the assembly has no stack `{unknown[0]}`",
                help="a spec is named by its `name`; one that brings its role needs no stack",
            )
        _run(
            [
                *command,
                "deploy",
                *([environment.foundation_stack, *stacks] if stacks else ["--all"]),
                "--app", str(made.assembly),
                "--require-approval", "broadening" if ask else "never",
                "--progress", "events",
                "--no-notices",
                "--no-version-reporting",
            ],
            root,
            environment,
        )  # fmt: skip
    return made.diagnostics


def _place(folder: Path, env: str | None) -> tuple[Path, Environment]:
    path = project.find(folder)
    if path is None:
        raise UsageError("there is no hptc.yaml here or above", help="`hptc init DIR` writes one")
    found, faults = Workspace().project_of(path.parent)
    if found is None:
        raise UsageError(f"{path}: {faults[0].message}", help="`hptc check` shows the place")
    environment = found.environment(env)
    if environment is None:
        raise UsageError(f"{path} has no environment to deploy", help="add one: account and region")
    return path.parent, environment


def find_cdk(root: Path) -> list[str]:
    """The CDK CLI: the project's own, else the one on PATH. Raises UsageError without either."""
    if shutil.which("node") is None:
        raise UsageError("the CDK needs Node 20 or newer, and there is no `node` on PATH")
    own = root / "node_modules" / ".bin" / "cdk"
    found = str(own) if own.exists() else shutil.which("cdk")
    if found is None:
        raise UsageError(
            "the AWS CDK CLI is not installed", help="npm install aws-cdk@2.1148.1 (2.x, not 3.0.0)"
        )
    return [found]


def _run(command: list[str], root: Path, environment: Environment) -> None:
    # The CDK's events go to stderr and its outputs to stdout already; both are for the person.
    done = subprocess.run(command, cwd=root, env=os.environ, check=False)
    if done.returncode != 0:
        raise OperationError(
            f"cdk deploy ended with exit code {done.returncode}",
            help="the CDK says why above; for an account that was never used with the CDK: "
            f"cdk bootstrap aws://{environment.account}/{environment.region}",
        )

"""Which specs are meant, and their compilation: paths and names to outcomes."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.outcome import Compiled, Failed, Outcome
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.progress import Progress
from hptc.compiler.spec_names import spec_path
from hptc.compiler.workspace import Workspace
from hptc.errors import FindingsError, UsageError
from hptc.project import project_file
from hptc.project.project_file import Environment, Project
from hptc.render.diagnostics import tally
from hptc.rules import RULES
from hptc.rules.engine import policy_rules, selected
from hptc.rules.rule import Rule

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse
    from hptc.metrics.rehearsal import Rehearsal
    from hptc.request.tuning_job import Definition

REQUIRE_PROJECT = "HPTC_REQUIRE_PROJECT"
"""An environment variable: if it is not empty, each file needs a project, whose policy applies."""
NO_PROJECT = "no hptc.yaml found here or in a parent folder"


def chosen_rules(
    select: str | None, ignore: str | None, *, enforces_policy: bool = False
) -> tuple[Rule, ...]:
    """The rules to run. With `enforces_policy`, those of the project's policy can't be excluded."""
    rules = selected(select, ignore)
    if enforces_policy and len(rules) < len(RULES):
        return tuple(rule for rule in RULES if rule in rules or rule in policy_rules())
    return rules


def compile_specs(
    paths: Sequence[str],
    workspace: Workspace,
    *,
    in_all_environments: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Compile the files, folders and names of specs; by default, all of the workspace's project.

    Specs are compiled in the workspace's environment. If it has none, that is the default one, or
    all of them. Raises UsageError for a path that does not exist, and without a project.
    """
    if not paths:
        root = project_file.find(workspace.folder, workspace.files)
        if root is None:
            raise UsageError(NO_PROJECT, help="pass files or folders")
        paths = (str(root.parent),)
    files = [spec_path(path, workspace) for path in paths]
    compile_files = compile_in_all_environments if in_all_environments else compile_paths
    return compile_files(files, workspace, progress)


def without_errors(outcomes: Sequence[Outcome]) -> list[Compiled] | None:
    """The compiled files; None if any of them has errors."""
    compiled = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
    has_errors = len(compiled) < len(outcomes) or any(outcome.has_errors for outcome in compiled)
    return None if has_errors else compiled


def require_valid(outcomes: Sequence[Outcome]) -> list[Compiled]:
    """The compiled files. Raises FindingsError if any of them has errors."""
    compiled = without_errors(outcomes)
    if compiled is not None:
        return compiled
    diagnostics = merged_diagnostics(outcomes)
    first = next(diagnostic for diagnostic in diagnostics if diagnostic.is_error)
    raise FindingsError(
        f"{tally(diagnostics)}, the first at {first.span.file}:{first.span.line}: "
        f"{first.code} {first.full_message}",
        help="`check` returns all findings",
    )


def require_projects(outcomes: Sequence[Outcome]) -> list[str]:
    """The files that no policy applies to, because they are in no project.

    Raises UsageError if there are any and HPTC_REQUIRE_PROJECT is set.
    """
    outside = [
        outcome.file for outcome in outcomes if outcome.project is None and not outcome.has_errors
    ]
    if outside and os.environ.get(REQUIRE_PROJECT):
        raise UsageError(
            f"{outside[0]} is not in a project, and {REQUIRE_PROJECT} is set",
            help="move it into a project, whose policy applies to it",
        )
    return outside


def chosen_environment(
    compiled: Sequence[Compiled], env: str | None, folder: Path | None = None
) -> Environment | None:
    """The environment that specs are submitted to, which names the expected account.

    Without one, it is that of `folder`'s project if `env` names it. Raises UsageError if a spec of
    a project has no environment.
    """
    for outcome in compiled:
        if outcome.project is not None and outcome.environment is None:
            outcome.project.environment(env)  # raises: a job needs an environment
    environment = next((outcome.environment for outcome in compiled if outcome.environment), None)
    if environment is None and env is not None:
        return current_environment(env, folder)
    return environment


def current_project(folder: Path | None = None) -> Project | None:
    """The project of a folder, by default of the current one; None if there is none.

    Raises UsageError when its hptc.yaml has errors.
    """
    project, faults = Workspace(folder=folder or Path.cwd()).current_project()
    if project is None and faults:
        raise UsageError(
            f"hptc.yaml: {faults[0].message}", help="`hptc check` shows where the error is"
        )
    return project


def current_environment(env: str | None, folder: Path | None = None) -> Environment | None:
    """The environment of a folder's project, by default the current one's; None if there is none.

    Raises UsageError as `current_project` does, and for an unknown or ambiguous environment.
    """
    project = current_project(folder)
    return project.environment(env) if project else None


def sample_log_tests() -> Rehearse:
    """Tests metric definitions on sample logs; imported once a spec names a log."""

    @functools.cache
    def tests() -> Rehearse:
        from hptc.metrics.rehearsal import SECONDS_OF_A_RUN, TimedRehearsals

        return TimedRehearsals(SECONDS_OF_A_RUN).rehearse_sample

    def rehearse(definition: Definition, sample: str, root: Path) -> Rehearsal:
        return tests()(definition, sample, root)

    return rehearse

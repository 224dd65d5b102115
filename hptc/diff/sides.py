"""Reads both versions of a comparison: the working tree or a commit, and an older commit.

Each version is compiled with its own hptc.yaml. Commits are read from git's objects, so nothing is
checked out or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from hptc.catalog.prices import RegionPrices
from hptc.compiler.discovery import project_files, spec_files, spec_files_by_name
from hptc.compiler.environments import environment_names
from hptc.compiler.outcome import Compiled, CompiledSpec, Failed, Outcome
from hptc.compiler.pipeline import compile_readable
from hptc.compiler.progress import Progress, tracked
from hptc.compiler.spec_names import may_be_name, named_spec, what_was_meant, which_file_was_meant
from hptc.compiler.unique_names import with_unique_names
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.diff.merging import merged
from hptc.diff.project_folders import (
    compared_environments,
    environments_of,
    files_of_moved_project,
    only_in,
    policies_of,
    project_at,
    project_near,
    project_roots,
    root_of,
    shown,
    where_they_are_now,
)
from hptc.diff.review import Review, Side, review
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.project import project_file
from hptc.project.project_file import Environment
from hptc.rules import RULES
from hptc.rules.rule import Rule
from hptc.source import git
from hptc.source.filesystem import DISK, Files
from hptc.source.git_tree import Tree


def review_refs(
    paths: Iterable[str],
    *,
    against: str | None = None,
    head: str | None = None,
    environment: str | None = None,
    rules: tuple[Rule, ...] = RULES,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Review:
    """Review the specs that `paths` name; by default, those of the project of `folder`.

    A path can also be the name of a spec that either version has. `folder` is the current folder by
    default; relative paths are relative to it.

    `against` is the old version: any git ref; by default, where the branch left main. `head` is the
    new version; by default, the working tree. Raises UsageError for a missing ref or path, outside
    a repository, and if a shallow clone lacks the commits.
    """
    start = folder or Path.cwd()
    here = Workspace(folder=start)
    named = [(text, Path(here.at(text))) for text in paths]
    root = git.top_folder(_existing_folder(named[0][1]) if named else start)
    tip = git.commit(root, "HEAD" if head is None else head)
    base = git.commit(root, against) if against is not None else git.base_of(root, tip)
    with ExitStack() as stack:
        old_files = stack.enter_context(Tree(root, base))
        new_files: Files = DISK if head is None else stack.enter_context(Tree(root, tip))
        new = Workspace(environment=environment, rules=rules, files=new_files, folder=start)
        old = Workspace(environment=environment, rules=rules, files=old_files, folder=start)
        selected = [_selected(text, path, new, old, root) for text, path in named]
        targets = selected or [_project_folder(root, old, new)]
        new_version = _Version(
            label="the working tree" if head is None else tip.label,
            files=_files(targets, new, old, root),
        )
        old_version = _Version(label=base.label, files=_files(targets, old, new, root))
        if not new_version.files and not old_version.files:
            raise UsageError(
                f"no specs found in {', '.join(map(str, targets))} in either version",
                help="run `hptc init DIR` to create a project with example specs",
            )
        compared = (*new_version.files, *old_version.files, targets[0])
        comparison = _Comparison(
            old=old_version,
            new=new_version,
            project_roots=project_roots(compared, old, new),
            environments=compared_environments(compared, old, new),
            is_selection=bool(selected),
        )
        return comparison.in_every_environment(old, new, progress)


def _selected(text: str, path: Path, new: Workspace, old: Workspace, root: Path) -> Path:
    """The file or folder at a path in either version, or the file of the spec of this name.

    Raises UsageError if neither version has it.
    """
    if any(_is_there(path, side) for side in (new, old)):
        return path
    named = (named_spec(text, side) for side in (new, old)) if may_be_name(text) else ()
    file = next(filter(None, named), None)
    if file is None:
        is_name = may_be_name(text)
        meant = what_was_meant if is_name else which_file_was_meant
        raise UsageError(
            f"{text}: no such file or folder in either version"
            + (", and no spec has this name" if is_name else ""),
            help=meant(text, new) or meant(text, old) or _options_of_refs(text, root),
        )
    return Path(file)


def _options_of_refs(text: str, root: Path) -> str:
    """The options for a git ref, or for a range of two, that was given as a path; else empty."""
    old, dots, new = text.partition("..")
    refs = {"--against": old, "--head": new.removeprefix(".")} if dots else {"--against": old}
    refs = {option: ref for option, ref in refs.items() if ref}
    if not refs or not all(git.has_commit(root, ref) for ref in refs.values()):
        return ""
    options = " ".join(f"{option} {ref}" for option, ref in refs.items())
    return f"paths select specs; to compare with a commit, use `{options}`"


def _existing_folder(path: Path) -> Path:
    """The nearest existing parent folder of a path that may exist in one version only."""
    return next(parent for parent in (path, *path.absolute().parents) if DISK.is_folder(parent))


@frozen
class _Version:
    """One version of the project: its name, and its spec files."""

    label: str
    files: list[Path]


@frozen
class _Comparison:
    """Both versions, which are compared in one environment after another."""

    old: _Version
    new: _Version
    project_roots: tuple[Path, ...]
    environments: tuple[str, ...]  # their names
    is_selection: bool  # whether the user named the files, rather than a whole project

    def in_every_environment(
        self, old: Workspace, new: Workspace, progress: Progress | None
    ) -> Review:
        """The review of all environments together."""
        if len(self.environments) < 2:
            return self._review(old, new, progress)
        reviews = {
            name: self._review(old.in_environment(name), new.in_environment(name), progress)
            for name in self.environments
        }
        return merged(reviews)

    def _review(self, old: Workspace, new: Workspace, progress: Progress | None) -> Review:
        """The review of the workspaces' environment."""
        shared = [
            root for root in self.project_roots if root_of(root, old) == root_of(root, new) == root
        ]
        before, after = environments_of(shared, old), environments_of(shared, new)
        # The specs of an environment that was removed are not listed: their stacks stay in AWS.
        removed = before.keys() - after.keys()
        added = environments_of(only_in(new, self.project_roots, old), new)
        gone = environments_of(only_in(old, self.project_roots, new), old)
        before |= where_they_are_now(gone, added)
        after |= added
        new_files = _files_in_environment(self.new.files, new, self.environments)
        outcomes = [compile_readable(str(path), new) for path in tracked(new_files, progress)]
        _share_unchanged(outcomes, old, new)
        old_files = _files_in_environment(self.old.files, old, self.environments)
        if self.is_selection:
            old_files += _moved(outcomes, old_files, old)
        old_outcomes = [
            compile_readable(str(path), old)
            for path in tracked(old_files, progress)
            if root_of(path, old) not in removed
        ]
        return review(
            replace(
                _side(self.old.label, old_outcomes, old, before), policies=policies_of(after, old)
            ),
            _side(self.new.label, outcomes, new, after),
            new.environment,
        )


def _files_in_environment(
    files: Iterable[Path], side: Workspace, names: tuple[str, ...]
) -> list[Path]:
    """The files that a version has in the workspace's environment.

    Those without environments are compared once, in the first one of `names`.
    """
    in_environment = []
    for path in files:
        in_project, faults = project_near(path, side)
        is_everywhere = side.environment is None or (in_project is None and faults)
        if is_everywhere or side.environment in (environment_names(in_project) or names[:1]):
            in_environment.append(path)
    return in_environment


def _side(
    label: str,
    outcomes: Sequence[Outcome],
    workspace: Workspace,
    environments: Mapping[Path, Environment],
) -> Side:
    return Side(
        label=label,
        compiled=_comparable(outcomes, workspace),
        environments={
            shown(root / project_file.FILE_NAME): environment
            for root, environment in environments.items()
        },
        project_findings=_faults(workspace),
        prices={
            shown(root / project_file.FILE_NAME): prices
            for root, environment in environments.items()
            if (prices := _budget_prices(environment.root or root, environment, workspace))
            is not None
        },
    )


def _budget_prices(
    root: Path, environment: Environment, workspace: Workspace
) -> RegionPrices | None:
    """The prices in the Region of an environment, if its policy has a budget."""
    policy = environment.policy
    if policy.budget_usd is None and policy.budget_usd_per_month is None:
        return None
    return workspace.prices_at(root).regions.get(environment.region)


def _project_folder(root: Path, old: Workspace, new: Workspace) -> Path:
    """The folder of the current project in either version."""
    for side in (new, old):
        path = project_file.find(side.folder, side.files)
        if path is not None:
            return path.parent
    raise UsageError(
        "no hptc.yaml found here or in a parent folder",
        help=f"pass files or folders, or run `hptc diff {root}` for the whole repository",
    )


def _is_there(path: Path, side: Workspace) -> bool:
    return side.files.is_file(path) or side.files.is_folder(path)


def _files(start: list[Path], side: Workspace, other: Workspace, repository: Path) -> list[Path]:
    """The spec files of one version.

    A folder with an hptc.yaml means its project. If this version has no hptc.yaml, the folders are
    those of the other version's, and of the same project elsewhere in the repository.
    """
    files: list[Path] = []
    for path in start:
        own, others = project_at(path, side), project_at(path, other)
        if own is None and others is not None:
            files += files_of_moved_project(repository, others, side)
        if not _is_there(path, side):
            continue
        in_project = own or others
        if in_project is not None:
            listed = project_files(in_project, side.files)
            files += [file for file in listed if side.files.is_file(file)]
        else:
            files += spec_files(path, side.files)
    return [Path(shown(path)) for path in dict.fromkeys(files)]


def _comparable(outcomes: Sequence[Outcome], side: Workspace) -> tuple[Outcome, ...]:
    """The specs of one version. Those that only violate rules have requests to compare."""
    without_rules = Workspace(environment=side.environment, rules=(), files=side.files)
    comparable = []
    for outcome in with_unique_names(list(outcomes)):
        if isinstance(outcome, Failed):
            bare = compile_readable(outcome.file, without_rules)
            if isinstance(bare, Compiled):
                outcome = replace(
                    bare, diagnostics=outcome.diagnostics, suppressed=outcome.suppressed
                )
        comparable.append(outcome)
    return tuple(comparable)


def _faults(side: Workspace) -> tuple[Diagnostic, ...]:
    """The errors in a version's hptc.yaml."""
    return tuple(fault for faults in side.project_diagnostics.values() for fault in faults)


def _share_unchanged(after: list[Outcome], old: Workspace, new: Workspace) -> None:
    """Reuse outcomes of the new version for the old one where they are the same.

    They are for a file with the same text under the same hptc.yaml, without warm-start parents and
    training code, which are in other files.
    """
    for outcome in after:
        has_parents = isinstance(outcome, Failed) or outcome.job.warm_start is not None
        has_code = isinstance(outcome, CompiledSpec) and bool(outcome.codes)
        if has_parents or has_code or not old.files.is_file(Path(outcome.file)):
            continue
        path = new.files.real(Path(outcome.file))
        if old.files.real(Path(outcome.file)) != path or not _have_same_project(path, old, new):
            continue
        try:
            if old.files.read(outcome.file) == outcome.document.text:
                old.compiled[path] = outcome
        except UsageError:
            continue  # compiling the old version reports the error


def _have_same_project(path: Path, old: Workspace, new: Workspace) -> bool:
    """Whether a file is in a project with the same folder and hptc.yaml in both versions."""
    before, after = (side.project_of(path.parent)[0] for side in (old, new))
    if before is None or after is None:
        return before is after
    return before.root == after.root and before.document.text == after.document.text


def _moved(after: list[Outcome], known: list[Path], old: Workspace) -> list[Path]:
    """The old paths of the specs that were named, if their files have been renamed since."""
    known_files = {old.files.real(path) for path in known}
    moved = []
    for outcome in after:
        path = Path(outcome.file)
        if old.files.is_file(path):
            continue
        in_project, _ = old.project_of(old.files.real(path).parent)
        by_name = spec_files_by_name(in_project, old) if in_project is not None else {}
        before = by_name.get(outcome.name)
        if before is not None and old.files.real(before) not in known_files:
            moved.append(Path(shown(before)))
    return moved

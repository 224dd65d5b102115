"""Reads both versions of a comparison: the working tree or a commit, and an older commit.

Each version is compiled with its own hptc.yaml. Commits are read from git's objects, so nothing is
checked out or written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from hptc.compiler.discovery import project_files, spec_files, spec_files_by_name
from hptc.compiler.environments import environment_names
from hptc.compiler.outcome import Compiled, CompiledSpec, Failed, Outcome
from hptc.compiler.pipeline import compile_readable
from hptc.compiler.progress import Progress, tracked
from hptc.compiler.spec_names import close_names, may_be_name, named_spec
from hptc.compiler.unique_names import with_unique_names
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.diff.merging import merged
from hptc.diff.review import Review, Side, review
from hptc.errors import UsageError
from hptc.frozen import frozen
from hptc.project import project_file
from hptc.project.project_file import Environment, Project
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
    given = [(text, Path(here.at(text))) for text in paths]
    root = git.top_folder(_existing_folder(given[0][1]) if given else start)
    tip = git.commit(root, "HEAD" if head is None else head)
    base = git.commit(root, against) if against is not None else git.base_of(root, tip)
    with ExitStack() as stack:
        old_files = stack.enter_context(Tree(root, base))
        new_files: Files = DISK if head is None else stack.enter_context(Tree(root, tip))
        new = Workspace(environment=environment, rules=rules, files=new_files, folder=start)
        old = Workspace(environment=environment, rules=rules, files=old_files, folder=start)
        label = "the working tree" if head is None else tip.label
        selected = [_selected(text, path, new, old) for text, path in given]
        return _review(selected, root, old, new, base.label, label, progress)


def _selected(given: str, path: Path, new: Workspace, old: Workspace) -> Path:
    """The file or folder at a path in either version, or the file of the spec of this name.

    Raises UsageError if neither version has it.
    """
    if any(_is_there(path, side) for side in (new, old)):
        return path
    named = (named_spec(given, side) for side in (new, old)) if may_be_name(given) else ()
    file = next(filter(None, named), None)
    if file is None:
        raise UsageError(
            f"{given}: no such file or folder in either version"
            + (", and no spec has this name" if may_be_name(given) else ""),
            help=close_names(given, new) or close_names(given, old),
        )
    return Path(file)


def _existing_folder(path: Path) -> Path:
    """The nearest existing parent folder of a path that may exist in one version only."""
    return next(each for each in (path, *path.absolute().parents) if DISK.is_folder(each))


def _review(
    selected: list[Path],
    root: Path,
    old: Workspace,
    new: Workspace,
    base: str,
    head: str,
    progress: Progress | None,
) -> Review:
    start = selected or [_project_folder(root, old, new)]
    new_files = _files(start, new, old)
    old_files = _files(start, old, new)
    if not new_files and not old_files:
        raise UsageError(
            f"no specs found in {', '.join(map(str, start))} in either version",
            help="run `hptc init DIR` to create a project with example specs",
        )
    names = _environment_names((*new_files, *old_files, start[0]), old, new)
    compare = _Comparison(
        selected=selected,
        old_files=old_files,
        new_files=new_files,
        roots=_project_roots((*new_files, *old_files, start[0]), old, new),
        labels=(base, head),
        names=names,
    )
    if len(names) < 2:
        return compare.review(old, new, progress)
    return merged(
        {
            name: compare.review(old.in_environment(name), new.in_environment(name), progress)
            for name in names
        }
    )


@frozen
class _Comparison:
    """The files of both versions, which are compared in one environment after another."""

    selected: list[Path]
    old_files: list[Path]
    new_files: list[Path]
    roots: tuple[Path, ...]  # of the projects
    labels: tuple[str, str]
    names: tuple[str, ...]

    def review(self, old: Workspace, new: Workspace, progress: Progress | None) -> Review:
        """The review of the workspaces' environment."""
        before, after = self._environments(old, new)
        # The specs of an environment that was removed are not listed: their stacks stay in AWS.
        removed = {root for root in before if root not in after}
        outcomes = [
            compile_readable(str(path), new)
            for path in tracked(self._files(self.new_files, new), progress)
        ]
        _share_unchanged(outcomes, old, new)
        old_files = self._files(self.old_files, old)
        if self.selected:
            old_files += _moved(outcomes, old_files, old)
        was = [
            compile_readable(str(path), old)
            for path in tracked(old_files, progress)
            if _root_of(path, old) not in removed
        ]
        return review(
            self._side(0, was, old, before),
            self._side(1, outcomes, new, after),
            new.environment,
        )

    def _environments(
        self, old: Workspace, new: Workspace
    ) -> tuple[dict[Path, Environment], dict[Path, Environment]]:
        """The environments of both versions by project, of the projects that both have.

        Without one of its versions, it is unknown which environments a project had.
        """
        of_sides: tuple[dict[Path, Environment], dict[Path, Environment]] = ({}, {})
        for root in self.roots:
            if all(_root_of(root, side) == root for side in (old, new)):
                for environments, side in zip(of_sides, (old, new), strict=True):
                    if (environment := _environment(root, side)) is not None:
                        environments[root] = environment
        return of_sides

    def _files(self, files: list[Path], side: Workspace) -> list[Path]:
        """The files that a version has in the workspace's environment.

        Those without environments are compared once, in the first one.
        """
        found = []
        for path in files:
            in_project, faults = _project_near(path, side)
            is_everywhere = side.environment is None or (in_project is None and faults)
            if is_everywhere or side.environment in (
                environment_names(in_project) or self.names[:1]
            ):
                found.append(path)
        return found

    def _side(
        self,
        index: int,
        outcomes: Sequence[Outcome],
        workspace: Workspace,
        environments: Mapping[Path, Environment],
    ) -> Side:
        return Side(
            label=self.labels[index],
            compiled=_comparable(outcomes, workspace),
            environments={
                _shown(root / project_file.FILE_NAME): environment
                for root, environment in environments.items()
            },
            project_findings=_faults(workspace),
        )


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


def _files(start: list[Path], side: Workspace, other: Workspace) -> list[Path]:
    """The spec files of one version.

    A folder with an hptc.yaml means its project. If this version has no hptc.yaml, the folders are
    those of the other version's.
    """
    found: list[Path] = []
    for path in start:
        if not _is_there(path, side):
            continue
        in_project = _project_at(path, side) or _project_at(path, other)
        if in_project is not None:
            there = project_files(in_project, side.files)
            found += [file for file in there if side.files.is_file(file)]
        else:
            found += spec_files(path, side.files)
    return [Path(_shown(path)) for path in dict.fromkeys(found)]


def _project_at(path: Path, side: Workspace) -> Project | None:
    is_project = side.files.is_folder(path) and side.files.is_file(path / project_file.FILE_NAME)
    return side.project_of(path)[0] if is_project else None


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _environment_names(paths: Iterable[Path], old: Workspace, new: Workspace) -> tuple[str, ...]:
    """The environments to compare: the one that was selected, or all of either version.

    Raises UsageError if neither version has the one that was selected.
    """
    names = dict.fromkeys(
        name
        for side in (new, old)
        for path in paths
        for name in environment_names(_project_near(path, side)[0])
    )
    chosen = new.environment
    if chosen is None:
        return tuple(names)
    if names and chosen not in names:
        raise UsageError(
            f"neither version has an environment `{chosen}`",
            help=f"defined environments: {', '.join(names)}",
        )
    return (chosen,)


def _environment(path: Path, side: Workspace) -> Environment | None:
    """The environment of a version's project; None if it doesn't have it."""
    in_project, _ = _project_near(path, side)
    if in_project is None or side.environment not in (None, *in_project.file.environments):
        return None
    return side.environment_of(in_project)


def _project_roots(paths: Iterable[Path], *sides: Workspace) -> tuple[Path, ...]:
    """The folders of the projects that paths belong to, in either version."""
    roots = dict.fromkeys(_root_of(path, side) for side in reversed(sides) for path in paths)
    return tuple(root for root in roots if root is not None)


def _root_of(path: Path, side: Workspace) -> Path | None:
    """The folder of the project that a path belongs to in a version."""
    in_project, _ = _project_near(path, side)
    return in_project.root if in_project is not None else None


def _project_near(path: Path, side: Workspace) -> tuple[Project | None, list[Diagnostic]]:
    """The project of a version that a path belongs to, and the diagnostics of its hptc.yaml."""
    folder = path if side.files.is_folder(path) else path.absolute().parent
    return side.project_of(side.files.real(folder))


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
        projects = [side.project_of(path.parent)[0] for side in (old, new)]
        texts = [each.document.text if each is not None else None for each in projects]
        same_place = len({each.root if each is not None else None for each in projects}) == 1
        if not same_place or texts[0] != texts[1] or old.files.real(Path(outcome.file)) != path:
            continue
        try:
            if old.files.read(outcome.file) == outcome.document.text:
                old.compiled[path] = outcome
        except UsageError:
            continue  # compiling the old version reports the error


def _moved(after: list[Outcome], known: list[Path], old: Workspace) -> list[Path]:
    """The old paths of the specs that were named, if their files have been renamed since."""
    have = {old.files.real(path) for path in known}
    moved = []
    for outcome in after:
        path = Path(outcome.file)
        if old.files.is_file(path):
            continue
        in_project, _ = old.project_of(old.files.real(path).parent)
        by_name = spec_files_by_name(in_project, old) if in_project is not None else {}
        before = by_name.get(outcome.name)
        if before is not None and old.files.real(before) not in have:
            moved.append(Path(_shown(before)))
    return moved

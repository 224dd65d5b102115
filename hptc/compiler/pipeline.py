"""The compiler on one page: files in, checked requests out.

    text ─source→ Document ─layers→ data ─spec→ Spec ─emit→ request     drafting.py: a Draft
    request ─read→ TuningJob ─rules→ verdict                            checking.py: Compiled

A file with errors is Failed. Every problem becomes a Diagnostic with its line. Nothing here calls
AWS, runs code from a spec, or prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path as FilePath

from hptc.compiler.checking import Checked, check_requests
from hptc.compiler.discovery import display_path, files_of
from hptc.compiler.draft import Draft
from hptc.compiler.drafting import draft_text
from hptc.compiler.layers import Layers
from hptc.compiler.outcome import (
    CompiledRequest,
    CompiledSpec,
    Failed,
    Outcome,
    failed_with_project,
)
from hptc.compiler.progress import Progress, tracked
from hptc.compiler.unique_names import with_unique_names
from hptc.compiler.unique_stacks import with_unique_stacks
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project.project_file import Project
from hptc.source.document import Document
from hptc.source.text_files import UnreadableFileError

_BATCH = 50
"""Files that are checked together: enough for fast rules, and few enough to hold in memory."""


def compile_paths(
    paths: list[str], workspace: Workspace, progress: Progress | None = None
) -> list[Outcome]:
    """Compile files and folders. An hptc.yaml, or its folder, means the specs of its project.

    Raises UsageError for a path that does not exist, a folder without specs, and a single file that
    can't be read. If there are several files, one that can't be read is Failed.
    """
    return compile_files(files_at(paths, workspace), workspace, progress)


def files_at(paths: list[str], workspace: Workspace) -> list[str]:
    """The files that paths name, each once. Raises UsageError as `compile_paths` does."""
    files: list[str] = []
    for given in paths:
        path = FilePath(given)
        if workspace.files.is_pipe(path):
            files.append(given)
            continue
        if not workspace.files.is_folder(path) and not workspace.files.is_file(path):
            raise UsageError(f"{given}: no such file or folder")
        files += [display_path(file) for file in files_of(path, workspace)]
    return list(dict.fromkeys(files))


def compile_files(
    files: list[str], workspace: Workspace, progress: Progress | None = None
) -> list[Outcome]:
    """Compile files, and check that their names and stacks are unique."""
    if len(files) == 1:
        outcomes = [compile_file(file, workspace) for file in tracked(files, progress)]
    else:
        outcomes = []
        for batch in _batches(tracked(files, progress)):
            outcomes += _compile_batch(batch, workspace)
    return with_unique_stacks(with_unique_names(outcomes))


def compile_readable(path: str, workspace: Workspace) -> Outcome:
    """Compile a file. If it can't be read, it is Failed, so that other files still compile."""
    return _compile_batch([path], workspace)[0]


def compile_file(path: str, workspace: Workspace) -> Outcome:
    """Compile a file, once per run. Raises UsageError if it can't be read."""
    key = _draft_file(path, workspace)
    _check_drafts([key], workspace)
    return workspace.compiled[key]


def compile_text(
    text: str, file: str, workspace: Workspace, in_project: Project | None = None
) -> Outcome:
    """Compile a file's text."""
    return _checked([draft_text(text, file, workspace, in_project, compile_file)], workspace)[0]


def _batches(files: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(files, _BATCH)):
        yield batch


def _compile_batch(files: list[str], workspace: Workspace) -> list[Outcome]:
    begun = [_draft_readable(file, workspace) for file in files]
    _check_drafts([key for key in begun if not isinstance(key, Failed)], workspace)
    return [one if isinstance(one, Failed) else workspace.compiled[one] for one in begun]


def _draft_readable(path: str, workspace: Workspace) -> FilePath | Failed:
    try:
        return _draft_file(path, workspace)
    except UnreadableFileError as error:
        document = Document(file=path, text="")
        layers = Layers.of(document)
        return Failed(document=document, layers=layers, diagnostics=(error.diagnostic,))


def _draft_file(path: str, workspace: Workspace) -> FilePath:
    """Draft a file, once per run. Returns its key in `workspace.drafts` or `workspace.compiled`."""
    key = workspace.files.real(FilePath(path))
    if key not in workspace.compiled and key not in workspace.drafts:
        in_project, _ = workspace.project_of(key.parent)
        workspace.compiling.append(key)
        try:
            text = workspace.files.read(path)
            workspace.drafts[key] = draft_text(text, path, workspace, in_project, compile_file)
        finally:
            workspace.compiling.pop()
    return key


def _check_drafts(keys: Sequence[FilePath], workspace: Workspace) -> None:
    """Move drafts to `workspace.compiled`. Parents of a warm start are there before their child."""
    waiting = [key for key in dict.fromkeys(keys) if key in workspace.drafts]
    outcomes = _checked([workspace.drafts.pop(key) for key in waiting], workspace)
    for key, outcome in zip(waiting, outcomes, strict=True):
        outcome.document.forget()
        _, faults = workspace.project_of(key.parent)
        if faults:
            outcome = failed_with_project(outcome, faults)
        workspace.compiled[key] = outcome


def _checked(drafts: list[Draft | Failed], workspace: Workspace) -> list[Outcome]:
    """Check the drafts that have no errors yet. The outcomes are in the order of the drafts."""
    whole = [draft for draft in drafts if isinstance(draft, Draft)]
    checked = iter(check_requests(whole, workspace))
    return [
        draft if isinstance(draft, Failed) else _outcome(draft, next(checked)) for draft in drafts
    ]


def _outcome(draft: Draft, checked: Checked | Failed) -> Outcome:
    if isinstance(checked, Failed):
        return checked
    origin = draft.origin
    if draft.spec is None:
        return CompiledRequest(
            document=origin.document,
            layers=origin.layers,
            project=origin.project,
            environment=origin.environment,
            request=draft.request,
            job=checked.job,
            digest=draft.digest,
            diagnostics=checked.diagnostics,
            suppressed=checked.suppressed,
        )
    return CompiledSpec(
        document=origin.document,
        layers=origin.layers,
        project=origin.project,
        environment=origin.environment,
        spec=draft.spec,
        request=draft.request,
        job=checked.job,
        digest=draft.digest,
        diagnostics=checked.diagnostics,
        suppressed=checked.suppressed,
        latest=draft.parents.latest,
        codes=draft.codes,
    )

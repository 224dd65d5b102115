"""The compiler on one page: files in, checked requests out.

    text ─parse→ Document ─merge→ data ─emit→ request ─identify, conform→ Draft    drafting.py
    Draft ─read→ TuningJob ─rules→ verdict                                         checking.py

A file with errors is Failed. Every problem becomes a Diagnostic with its line. Nothing here calls
AWS, runs code from a spec, or prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from hptc.compiler.checking import Checked, check_requests, fail
from hptc.compiler.discovery import display_paths, files_of
from hptc.compiler.draft import (
    Draft,
    Emitted,
    Identified,
    Merged,
    Parsed,
    Text,
    Unchecked,
)
from hptc.compiler.drafting import conform, emit, identify, merge, parse
from hptc.compiler.layers import Layers
from hptc.compiler.outcome import (
    CompiledRequest,
    CompiledSpec,
    Failed,
    Outcome,
    failed_with_project,
)
from hptc.compiler.progress import Progress, tracked
from hptc.compiler.spec_names import which_file_was_meant
from hptc.compiler.undefined_names import with_errors
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
    for text in paths:
        path = FilePath(text)
        if workspace.files.is_pipe(path):
            files.append(text)
            continue
        if not workspace.files.is_folder(path) and not workspace.files.is_file(path):
            help = which_file_was_meant(text, workspace)
            raise UsageError(f"{text}: no such file or folder", help=help)
        files += display_paths(files_of(path, workspace))
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
    key = _read(path, workspace)
    _compile([key], workspace)
    return workspace.compiled[key]


def compile_text(
    text: str, file: str, workspace: Workspace, in_project: Project | None = None
) -> Outcome:
    """Compile a file's text."""
    unchecked: Unchecked = Text(text=text, file=file, project=in_project)
    for stage in _STAGES:
        unchecked = _after(stage, unchecked, workspace)
    return _checked([unchecked], workspace)[0]


def _batches(files: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(files, _BATCH)):
        yield batch


def _compile_batch(files: list[str], workspace: Workspace) -> list[Outcome]:
    keys = [_read_if_possible(file, workspace) for file in files]
    _compile([key for key in keys if not isinstance(key, Failed)], workspace)
    return [key if isinstance(key, Failed) else workspace.compiled[key] for key in keys]


def _read_if_possible(path: str, workspace: Workspace) -> FilePath | Failed:
    try:
        return _read(path, workspace)
    except UnreadableFileError as error:
        document = Document(file=path, text="")
        layers = Layers.of(document)
        return Failed(document=document, layers=layers, diagnostics=(error.diagnostic,))


def _read(path: str, workspace: Workspace) -> FilePath:
    """Read a file, once per run. Returns its key in `workspace.unchecked` or `.compiled`."""
    key = workspace.files.real(FilePath(path))
    if key not in workspace.compiled and key not in workspace.unchecked:
        in_project, _ = workspace.project_of(key.parent)
        text = workspace.files.read(path)
        workspace.unchecked[key] = Text(text=text, file=path, project=in_project)
    return key


def _compile(keys: Sequence[FilePath], workspace: Workspace) -> None:
    """Move files from `workspace.unchecked` to `workspace.compiled`.

    All files go through a stage before the next stage begins, because its code then stays in the
    processor's caches. A parent of a warm start is compiled when its first child asks for it.
    """
    unchecked, keys = workspace.unchecked, list(dict.fromkeys(keys))
    try:
        for stage in _STAGES:
            for key in keys:
                if key in unchecked:
                    unchecked[key] = _after(stage, unchecked[key], workspace)
        keys = [key for key in keys if key in unchecked]
        outcomes = _checked([unchecked[key] for key in keys], workspace)
    finally:
        for key in keys:  # even after an error: the next run of a watch reads the files again
            unchecked.pop(key, None)
    for key, outcome in zip(keys, outcomes, strict=True):
        outcome.document.forget()
        _, faults = workspace.project_of(key.parent)
        if faults:
            outcome = failed_with_project(outcome, faults)
        workspace.compiled[key] = outcome


_Stage = tuple[type, Callable[[Any, Workspace], Unchecked]]

_STAGES: tuple[_Stage, ...] = (
    (Text, lambda text, _: parse(text)),
    (Parsed, merge),
    (Merged, emit),
    (Emitted, lambda emitted, workspace: identify(emitted, workspace, compile_file)),
    (Identified, lambda identified, _: conform(identified)),
)
"""What each stage takes, and its function."""


def _after(stage: _Stage, unchecked: Unchecked, workspace: Workspace) -> Unchecked:
    """A file after a stage: unchanged if it is not at this stage."""
    takes, function = stage
    return function(unchecked, workspace) if type(unchecked) is takes else unchecked


def _checked(unchecked: Sequence[Unchecked], workspace: Workspace) -> list[Outcome]:
    """Check files after the last stage. The outcomes are in the same order."""
    drafted = [file for file in unchecked if isinstance(file, (Draft, Failed))]
    drafts = [file for file in drafted if isinstance(file, Draft)]
    checked = iter(check_requests(drafts, workspace))
    return [file if isinstance(file, Failed) else _outcome(file, next(checked)) for file in drafted]


def _outcome(draft: Draft, checked: Checked | Failed) -> Outcome:
    if draft.undefined:
        diagnostics = with_errors(draft.undefined, checked.diagnostics)
        return fail(draft.origin, diagnostics, checked.suppressed, name=draft.name)
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

"""What the shell offers for arguments and options. It reads files of the project and calls no API.

Names that a shell would have to quote are not offered: the files may be a stranger's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from click.shell_completion import CompletionItem

from hptc.catalog.algorithms import algorithm_names
from hptc.compiler.discovery import display_path, spec_files_by_name
from hptc.compiler.workspace import Workspace
from hptc.errors import HptcError
from hptc.local.job_folder import jobs_folder
from hptc.project import project_file
from hptc.rules import RULES
from hptc.rules.codes import CODES
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.filesystem import DISK

_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
_FILES = "file"  # the shell completes a path


def complete(kind: str, incomplete: str) -> list[CompletionItem]:
    """The completions of one kind; without any, the shell completes files where a file may be."""
    try:
        completions = _KINDS[kind](incomplete)
    except (HptcError, OSError):  # a project with errors has no names
        completions = []
    if not completions and kind in _OR_FILES:
        return [CompletionItem(incomplete, type=_FILES)]
    return completions


def _specs(incomplete: str) -> list[CompletionItem]:
    """The names of the project's specs, and their files."""
    workspace = Workspace()
    project, _ = workspace.project_of(Path.cwd())
    files = spec_files_by_name(project, workspace) if project is not None else {}
    paths = {name: display_path(path) for name, path in files.items()}
    return [
        *_matching(paths, incomplete, lambda name: paths[name]),
        *_matching(paths.values(), incomplete),
    ]


def _spec_names(incomplete: str) -> list[CompletionItem]:
    return [spec for spec in _specs(incomplete) if spec.help]


def _local_jobs(incomplete: str) -> list[CompletionItem]:
    """The tuning jobs on this machine, and the specs."""
    folder = jobs_folder(None)
    names = sorted(path.parent.name for path in folder.glob("*/tuning-job.json"))
    return [*_matching(names, incomplete), *_specs(incomplete)]


def _environments(incomplete: str) -> list[CompletionItem]:
    path = project_file.find(Path.cwd())
    if path is None:
        return []
    document, _ = parse_document(DISK.read(str(path)), str(path))
    environments, _ = construct_data(document, at=("environments",))
    return _matching(environments if isinstance(environments, dict) else (), incomplete)


def _codes(incomplete: str) -> list[CompletionItem]:
    """The codes of rules; several may be joined with commas."""
    before, comma, last = incomplete.rpartition(",")
    codes = [item.value for item in _matching(_all_codes(), last.upper())]
    return [CompletionItem(f"{before}{comma}{code}") for code in codes]


def _all_codes() -> list[str]:
    return sorted({rule.code for rule in (*RULES, *CODES)})


def _explained(incomplete: str) -> list[CompletionItem]:
    return [*_matching(_all_codes(), incomplete.upper()), *_matching(algorithm_names(), incomplete)]


def _matching(
    names: Iterable[object], incomplete: str, help: Callable[[str], str] | None = None
) -> list[CompletionItem]:
    return [
        CompletionItem(name, help=help(name) if help is not None else None)
        for name in names
        if isinstance(name, str) and name.startswith(incomplete) and _PLAIN.fullmatch(name)
    ]


_KINDS: dict[str, Callable[[str], list[CompletionItem]]] = {
    "specs": _specs,
    "spec names": _spec_names,
    "local jobs": _local_jobs,
    "environments": _environments,
    "codes": _codes,
    "explained": _explained,
}
_OR_FILES = ("specs", "local jobs")

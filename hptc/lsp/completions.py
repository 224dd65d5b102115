"""What can be typed at a place of a spec or of hptc.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.catalog import images
from hptc.catalog.frameworks import repositories
from hptc.catalog.frameworks import versions as framework_versions
from hptc.catalog.instances import instance
from hptc.catalog.prices import PriceTable
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path
from hptc.frozen import frozen
from hptc.lsp.algorithm_facts import (
    about,
    algorithm_in,
    mapping_at,
    note,
    path_in_spec,
    training_job_at,
)
from hptc.lsp.cursor import Cursor
from hptc.lsp.hovers import instance_text, prices, regions
from hptc.lsp.key_schema import keys, values
from hptc.project.project_file import Project
from hptc.secrets.detector import hide_secrets
from hptc.source.construction import construct_data
from hptc.text import clipped

_MAX_DETAIL = 80


@frozen
class Choice:
    """A word that can be typed, with a short note beside it and a description in Markdown."""

    word: str
    note: str = ""
    about: str = ""


def variables(in_project: Project | None) -> list[Choice]:
    """The variables of templates, in every environment that has them."""
    by_name: dict[str, dict[str, None]] = {}
    if in_project is None:
        return []
    for name in in_project.file.environments:
        environment = in_project.environment(name)
        for variable, value in (environment.variables if environment else {}).items():
            shown = clipped(hide_secrets(str(value)), _MAX_DETAIL)
            by_name.setdefault(variable, {})[shown] = None
    return [Choice(word=word, note=" | ".join(shown)) for word, shown in sorted(by_name.items())]


def choices(
    cursor: Cursor, *, is_project: bool, in_project: Project | None, workspace: Workspace
) -> list[Choice]:
    """What can be typed at the cursor. Keys that the mapping already has are left out."""
    path = path_in_spec(cursor.path) if is_project else cursor.path
    container = cursor.path[:-1]
    if cursor.is_key:
        data, _ = construct_data(cursor.document, at=container)
        present = data if isinstance(data, Mapping) else {}
        offered = _keys(path, container, cursor, in_project, workspace, is_project=is_project)
        return [choice for choice in offered if choice.word not in present]
    return list(_values(path, cursor, in_project, workspace, is_project=is_project))


def _keys(
    path: Path | None,
    container: Path,
    cursor: Cursor,
    in_project: Project | None,
    workspace: Workspace,
    *,
    is_project: bool,
) -> list[Choice]:
    if path is not None and path[-2:-1] == ("hyperparameters",):
        algorithm = algorithm_in(_training_job(path, cursor, in_project, workspace))
        if algorithm is None:
            return []
        return [
            Choice(
                word=hyperparameter.name,
                note=note(algorithm, hyperparameter),
                about=about(algorithm, hyperparameter),
            )
            for hyperparameter in algorithm.hyperparameters
        ]
    described = keys(container, is_project=is_project)
    return [Choice(word=word, about=about) for word, about in described.items()]


def _values(
    path: Path | None,
    cursor: Cursor,
    in_project: Project | None,
    workspace: Workspace,
    *,
    is_project: bool,
) -> Iterator[Choice]:
    match path:
        case (*_, "algorithm", "built_in"):
            yield from (Choice(word=name) for name in images.algorithm_names())
        case (*_, "algorithm", "version"):
            yield from _versions(_training_job(path, cursor, in_project, workspace))
        case (*_, "objective", "metric_name"):
            yield from _metrics(_training_job(path, cursor, in_project, workspace))
        case (*_, "hyperparameters", name):
            job = _training_job(path, cursor, in_project, workspace)
            yield from _hyperparameter_values(job, str(name))
        case (*_, "inputs", channel, "content_type"):
            job = _training_job(path, cursor, in_project, workspace)
            yield from _content_types(job, str(channel))
        case _:
            table, where = prices(in_project, workspace), regions(in_project)
            for word in values(cursor.path, is_project=is_project):
                if instance(word) is None:
                    yield Choice(word=word)
                else:
                    yield _instance(word, table, where)


def _training_job(
    path: Path, cursor: Cursor, in_project: Project | None, workspace: Workspace
) -> Mapping[str, Any]:
    return training_job_at(path, cursor.path, cursor.document, in_project, workspace)


def _hyperparameter_values(job: Mapping[str, Any], name: str) -> Iterator[Choice]:
    """The words that the built-in algorithm accepts for a hyperparameter."""
    algorithm = algorithm_in(job)
    hyperparameter = algorithm.hyperparameter(name) if algorithm is not None else None
    if hyperparameter is not None:
        words = (*hyperparameter.scalar.values, *hyperparameter.also)
        yield from (Choice(word=word) for word in words if word)


def _instance(word: str, table: PriceTable, where: tuple[str, ...]) -> Choice:
    text = instance_text(word, table, where)
    lines = text.split("\n\n")
    return Choice(word=word, note=lines[1] if len(lines) > 1 else "", about=text)


def _versions(job: Mapping[str, Any]) -> Iterator[Choice]:
    """The versions of the built-in algorithm or framework, newest first."""
    written = mapping_at(job, "algorithm")
    built_in, framework = written.get("built_in"), written.get("framework")
    if isinstance(built_in, str):
        yield from (Choice(word=version) for version in reversed(images.versions(built_in)))
    elif isinstance(framework, str):
        versions = [
            version.spellings[0]
            for repository in repositories(framework) or (framework,)
            for version in framework_versions(repository)
        ] or images.versions(framework)
        yield from (Choice(word=version) for version in dict.fromkeys(versions))


def _content_types(job: Mapping[str, Any], channel: str) -> Iterator[Choice]:
    """The content types that the built-in algorithm reads from a channel, in the input mode."""
    algorithm = algorithm_in(job)
    written = mapping_at(mapping_at(job, "inputs"), channel).get("input_mode")
    mode = str(written or mapping_at(job, "algorithm").get("input_mode") or "File")
    for known_channel in algorithm.channels if algorithm is not None else ():
        if channel in known_channel.names:
            yield from (
                Choice(word=word) for word in known_channel.accepted_content_types(mode) or ()
            )


def _metrics(job: Mapping[str, Any]) -> Iterator[Choice]:
    """The metrics of the algorithm, and those that the spec defines."""
    written = mapping_at(job, "algorithm")
    for name, regex in mapping_at(written, "metric_definitions").items():
        yield Choice(word=name, note=clipped(str(regex), _MAX_DETAIL))
    algorithm = algorithm_in(job)
    for metric in algorithm.metrics if algorithm is not None else ():
        yield Choice(word=metric.name, note=metric.direction, about=metric.source)

"""What can be typed at a place of a spec or of hptc.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hptc.catalog import images
from hptc.catalog.algorithms import Algorithm, algorithm
from hptc.catalog.frameworks import repositories
from hptc.catalog.frameworks import versions as framework_versions
from hptc.catalog.instances import instance
from hptc.catalog.prices import PriceTable
from hptc.compiler.layers import merge_layers
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path
from hptc.frozen import frozen
from hptc.lsp.cursor import Cursor
from hptc.lsp.hovers import instance_text, prices, regions
from hptc.lsp.key_schema import keys, values
from hptc.project.project_file import Project
from hptc.secrets import hide_secrets
from hptc.source.construction import construct_data
from hptc.text import clipped

_MAX_DETAIL = 80


@frozen
class Choice:
    """A word that can be typed, with a short note beside it and a text about it in Markdown."""

    word: str
    note: str = ""
    about: str = ""


def variables(in_project: Project | None) -> list[Choice]:
    """The variables of templates, in every environment that has them."""
    found: dict[str, dict[str, None]] = {}
    if in_project is None:
        return []
    for name in in_project.file.environments:
        environment = in_project.environment(name)
        for variable, value in (environment.variables if environment else {}).items():
            shown = clipped(hide_secrets(str(value)), _MAX_DETAIL)
            found.setdefault(variable, {})[shown] = None
    return [Choice(word=word, note=" | ".join(shown)) for word, shown in sorted(found.items())]


def choices(
    cursor: Cursor, *, is_project: bool, in_project: Project | None, workspace: Workspace
) -> list[Choice]:
    """What can stand at the cursor. Keys that the mapping has already are left out."""
    path = _path_in_spec(cursor.path) if is_project else cursor.path
    container = cursor.path[:-1]
    if cursor.is_key:
        data, _ = construct_data(cursor.document, at=container)
        present = data if isinstance(data, Mapping) else {}
        offered = _keys(path, container, cursor, in_project, workspace, is_project=is_project)
        return [each for each in offered if each.word not in present]
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
    if path is not None and len(path) > 1 and path[-2] == "hyperparameters":
        known = _algorithm(_training_job(path, cursor, in_project, workspace))
        return list(_hyperparameters(known)) if known is not None else []
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
    last = path[-2:] if path else ()
    if last in (("algorithm", "version"), ("objective", "metric_name")) and path is not None:
        job = _training_job(path, cursor, in_project, workspace)
        yield from _versions(job) if last[1] == "version" else _metrics(job)
        return
    if last == ("algorithm", "built_in"):
        yield from (Choice(word=name) for name in images.algorithm_names())
        return
    table, where = prices(in_project, workspace), regions(in_project)
    for word in values(cursor.path, is_project=is_project):
        if instance(word) is None:
            yield Choice(word=word)
        else:
            yield _instance(word, table, where)


def _instance(word: str, table: PriceTable, where: tuple[str, ...]) -> Choice:
    text = instance_text(word, table, where)
    lines = text.split("\n\n")
    return Choice(word=word, note=lines[1] if len(lines) > 1 else "", about=text)


def _versions(job: Mapping[str, Any]) -> Iterator[Choice]:
    """The versions of the built-in algorithm or framework, newest first."""
    written = _mapping(job, "algorithm")
    built_in, framework = written.get("built_in"), written.get("framework")
    if isinstance(built_in, str):
        yield from (Choice(word=each) for each in reversed(images.versions(built_in)))
    elif isinstance(framework, str):
        found = [
            version.spellings[0]
            for repository in repositories(framework) or (framework,)
            for version in framework_versions(repository)
        ]
        known = found or list(images.versions(framework))
        yield from (Choice(word=each) for each in dict.fromkeys(known))


def _metrics(job: Mapping[str, Any]) -> Iterator[Choice]:
    """The metrics of the algorithm, and those that the spec defines."""
    written = _mapping(job, "algorithm")
    for name, regex in _mapping(written, "metric_definitions").items():
        yield Choice(word=name, note=clipped(str(regex), _MAX_DETAIL))
    known = _algorithm(job)
    for metric in known.metrics if known is not None else ():
        yield Choice(word=metric.name, note=metric.direction, about=metric.source)


def _hyperparameters(known: Algorithm) -> Iterator[Choice]:
    """The hyperparameters of an algorithm, each with what AWS documents about it."""
    for each in known.hyperparameters:
        notes = [clipped(each.expected, _MAX_DETAIL)] if each.expected else []
        tunable = known.tunable(each.name)
        about = each.source
        if tunable is not None:
            notes.append("tunable")
            bounds = tunable.recommended
            if bounds is not None:
                low, high = (
                    "" if end is None else f"{end:.15g}" for end in (bounds.minimum, bounds.maximum)
                )
                notes[-1] = f"tunable, recommended range {low} to {high}"
            about = f"{' or '.join(tunable.kinds)} range\n\n{tunable.source}"
        yield Choice(word=each.name, note="; ".join(notes), about=about)


def _algorithm(job: Mapping[str, Any]) -> Algorithm | None:
    written = _mapping(job, "algorithm")
    name, version = written.get("built_in"), written.get("version")
    if not isinstance(name, str):
        return None
    return algorithm(name, None if version is None else str(version))


def _training_job(
    path: Path, cursor: Cursor, in_project: Project | None, workspace: Workspace
) -> Mapping[str, Any]:
    """The training job that a path is in, merged with hptc.yaml as far as it can be read."""
    data: Any
    if cursor.path == path:
        data, _, _ = merge_layers(cursor.document, workspace.shared_by(in_project))
    else:
        data, _ = construct_data(cursor.document, at=cursor.path[: -len(path)])
    if not isinstance(data, Mapping):
        return {}
    if path[0] == "training_jobs":
        shared = _mapping(data, "training_job")
        return {**shared, **_mapping(_mapping(data, "training_jobs"), str(path[1]))}
    return _mapping(data, "training_job")


def _path_in_spec(path: Path) -> Path | None:
    """The path in a spec of a key in `defaults` or `overrides` of hptc.yaml; None elsewhere."""
    match path:
        case ("defaults", *rest):
            return tuple(rest)
        case ("environments", _, "overrides", *rest):
            return tuple(rest)
    return None


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}

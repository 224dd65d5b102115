"""The built-in algorithm of a spec that is being typed, and what it accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptc.catalog.accepted_values import Hyperparameter
from hptc.catalog.algorithms import Algorithm, algorithm
from hptc.compiler.layers import merge_layers
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Path
from hptc.project.project_file import Project
from hptc.source.construction import construct_data
from hptc.source.document import Document
from hptc.text import clipped

MAX_NOTE = 80


def note(algorithm: Algorithm, hyperparameter: Hyperparameter) -> str:
    """What an algorithm accepts for a hyperparameter, and the range that AWS recommends."""
    notes = [clipped(hyperparameter.expected, MAX_NOTE)]
    tunable = algorithm.tunable(hyperparameter.name)
    if tunable is not None:
        bounds = tunable.recommended
        notes.append("tunable")
        if bounds is not None and None not in (bounds.minimum, bounds.maximum):
            notes[-1] += f", recommended range {bounds.minimum:.15g} to {bounds.maximum:.15g}"
    return "; ".join(notes)


def about(algorithm: Algorithm, hyperparameter: Hyperparameter) -> str:
    """The kinds of ranges that a hyperparameter can have, and AWS's page, in Markdown."""
    tunable = algorithm.tunable(hyperparameter.name)
    kinds = f"{' or '.join(tunable.kinds)} range" if tunable is not None else "static only"
    return "\n\n".join(filter(None, (kinds, hyperparameter.source)))


def algorithm_in(job: Mapping[str, Any]) -> Algorithm | None:
    """The built-in algorithm of a training job; None if it has another image or none yet."""
    written = mapping_at(job, "algorithm")
    name, version = written.get("built_in"), written.get("version")
    if not isinstance(name, str):
        return None
    return algorithm(name, None if version is None else str(version))


def training_job_at(
    path: Path,
    written: Path,
    document: Document,
    in_project: Project | None,
    workspace: Workspace,
) -> Mapping[str, Any]:
    """The training job that a path of a spec is in, merged with hptc.yaml as far as it is valid.

    `written` is the path in the document, which has a prefix in hptc.yaml.
    """
    data: Any
    if written == path:
        data, _, _ = merge_layers(document, workspace.shared_by(in_project))
    else:
        data, _ = construct_data(document, at=written[: -len(path)])
    if not isinstance(data, Mapping):
        return {}
    if path[0] == "training_jobs":
        shared = mapping_at(data, "training_job")
        return {**shared, **mapping_at(mapping_at(data, "training_jobs"), str(path[1]))}
    return mapping_at(data, "training_job")


def path_in_spec(path: Path) -> Path | None:
    """The path in a spec of a key in `defaults` or `overrides` of hptc.yaml; None elsewhere."""
    match path:
        case ("defaults", *rest):
            return tuple(rest)
        case ("environments", _, "overrides", *rest):
            return tuple(rest)
    return None


def mapping_at(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping of a key; empty if there is none."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}

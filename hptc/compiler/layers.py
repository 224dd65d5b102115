"""Merges a spec with the layers of hptc.yaml: `defaults` below, `overrides` above.

The result is one mapping and the layers, which find the line of each value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from hptc.diagnostics import Diagnostic, Path, Span, SpecPath
from hptc.frozen import frozen
from hptc.project.project_file import PROJECT_VERBATIM, Environment, Project
from hptc.source.construction import construct_data
from hptc.source.document import Document
from hptc.source.templates import render
from hptc.spec.tuning_spec import SPEC_VERBATIM


@frozen
class Layers:
    """The documents that a spec is merged from, topmost first, each with the path of its part."""

    parts: tuple[tuple[Document, Path], ...]

    @classmethod
    def of(cls, document: Document) -> Layers:
        """The layers of a file that is not merged with anything."""
        return cls(parts=((document, ()),))

    def span(self, path: Path, *, key: bool = False) -> Span:
        """The location of `path`, in the topmost layer that contains most of its keys."""
        _, document, full = max(self._places(path), key=lambda place: place[0])
        return document.span(full, key=key)

    def nearest(self, paths: list[SpecPath]) -> SpecPath:
        """The best of several equivalent paths: that with the fewest keys missing in the layers."""
        return max(
            paths, key=lambda path: max(place[0] for place in self._places(path)) - len(path)
        )

    def written(self, path: Path) -> list[tuple[Document, Path]]:
        """The places where a path is written, topmost first: its document, and the path there."""
        return [
            (document, full) for depth, document, full in self._places(path) if depth == len(path)
        ]

    def _places(self, path: Path) -> list[tuple[int, Document, Path]]:
        """For every layer: how many keys of the path exist, the document, the path in it."""
        return [
            (document.depth_of(full) - (len(full) - len(path)), document, full)
            for document, prefix in self.parts
            for full in _paths_in_layer(prefix, path)
        ]


def _paths_in_layer(prefix: Path, path: Path) -> list[Path]:
    """The paths of a value in a layer, whose `training_job` also applies to `training_jobs`."""
    places = [(*prefix, *path)]
    if prefix and len(path) > 1 and path[0] == "training_jobs":
        places.append((*prefix, "training_job", *path[2:]))
    return places


@frozen
class Shared:
    """The layers of hptc.yaml below and above every spec in one environment."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    under: SharedLayer | None = None
    over: SharedLayer | None = None


@frozen
class SharedLayer:
    """A layer in hptc.yaml: `defaults`, or an environment's `overrides`."""

    document: Document
    at: Path
    data: Any
    diagnostics: list[Diagnostic]


def shared_layers(project: Project, environment: Environment | None) -> Shared:
    """Read a project's defaults and an environment's overrides, which all of its specs share."""
    variables = environment.variables if environment else {}

    def layer(*at: str) -> SharedLayer:
        data, diagnostics = construct_data(
            project.document, lambda t: render(t, variables), at=at, verbatim=PROJECT_VERBATIM
        )
        return SharedLayer(document=project.document, at=at, data=data, diagnostics=diagnostics)

    over = None
    if environment is not None and project.file.environments[environment.name].overrides:
        over = layer("environments", environment.name, "overrides")
    under = layer("defaults") if project.file.defaults else None
    return Shared(variables=variables, under=under, over=over)


def merge_layers(document: Document, shared: Shared) -> tuple[Any, Layers, list[Diagnostic]]:
    """Merge a spec with the project's defaults and the environment's overrides.

    Layers are merged as JSON merge patches (RFC 7396): mappings are merged, other values replaced,
    and null removes a key.
    """
    data, diagnostics = construct_data(
        document, lambda text: render(text, shared.variables), verbatim=SPEC_VERBATIM
    )
    parts: list[tuple[Document, Path]] = [(document, ())]
    if not isinstance(data, dict):
        return data, Layers(parts=tuple(parts)), diagnostics
    several = "training_jobs" in data
    if (under := shared.under) is not None:
        parts.append((under.document, under.at))
        diagnostics += under.diagnostics
        data = merged(_spread(under.data, data) if several else under.data, data)
    if (over := shared.over) is not None:
        parts.insert(0, (over.document, over.at))
        diagnostics += over.diagnostics
        data = merged(data, _spread(over.data, data) if several else over.data)
    return data, Layers(parts=tuple(parts)), diagnostics


def _spread(shared: Any, data: Mapping[str, Any]) -> Any:
    """A layer with its `training_job` copied to each of the spec's `training_jobs`."""
    if not isinstance(shared, dict) or "training_job" not in shared:
        return shared
    several = data.get("training_jobs")
    names = several if isinstance(several, dict) else {}
    rest = {key: value for key, value in shared.items() if key != "training_job"}
    each = dict.fromkeys(names, shared["training_job"])
    return merged({"training_jobs": each}, rest)


def merged(under: Any, over: Any) -> Any:
    """Apply `over` to `under` as a JSON merge patch."""
    if not isinstance(over, dict):
        return over
    result = dict(under) if isinstance(under, dict) else {}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value) if isinstance(value, dict) else value
    return result

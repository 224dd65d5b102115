"""Merges a spec with the layers of hptc.yaml: `defaults` below, `overrides` above.

The result is one mapping and the layers, which find the line of each value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
class Place:
    """A path in a document, which may have only the first of its keys."""

    document: Document
    path: Path

    @property
    def missing(self) -> int:
        """How many keys at the end of the path the document does not have."""
        return len(self.path) - self.document.depth_of(self.path)


@frozen
class Layers:
    """The documents that a spec is merged from, topmost first, each with the path of its part."""

    parts: tuple[Place, ...]

    @classmethod
    def of(cls, document: Document) -> Layers:
        """The layers of a file that is not merged with anything."""
        return cls(parts=(Place(document=document, path=()),))

    def span(self, path: Path, *, key: bool = False) -> Span:
        """The location of `path`, in the topmost layer that contains most of its keys."""
        place = min(self._places(path), key=lambda place: place.missing)
        return place.document.span(place.path, key=key)

    def nearest(self, paths: list[SpecPath]) -> SpecPath:
        """The best of several equivalent paths: that with the fewest keys missing in the layers."""
        return min(paths, key=lambda path: min(place.missing for place in self._places(path)))

    def written(self, path: Path) -> list[Place]:
        """The places where a path is written, topmost first."""
        return [place for place in self._places(path) if not place.missing]

    def _places(self, path: Path) -> Iterator[Place]:
        """Where each layer would have a path. Its `training_job` applies to `training_jobs` too."""
        for part in self.parts:
            yield Place(document=part.document, path=(*part.path, *path))
            if part.path and len(path) > 1 and path[0] == "training_jobs":
                shared = (*part.path, "training_job", *path[2:])
                yield Place(document=part.document, path=shared)


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
    parts = [Place(document=document, path=())]
    if not isinstance(data, dict):
        return data, Layers(parts=tuple(parts)), diagnostics
    several = "training_jobs" in data
    if (under := shared.under) is not None:
        parts.append(Place(document=under.document, path=under.at))
        diagnostics += under.diagnostics
        data = merged(_spread(under.data, data) if several else under.data, data)
    if (over := shared.over) is not None:
        parts.insert(0, Place(document=over.document, path=over.at))
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
    copies = dict.fromkeys(names, shared["training_job"])
    return merged({"training_jobs": copies}, rest)


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

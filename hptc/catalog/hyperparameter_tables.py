"""Reads hyperparameters, their dependencies and their usages from the tables of algorithms.

A row, and a word in its `values` or `aliases`, can have `since` and `until`, both inclusive. A row
that is a bare name is a hyperparameter whose values are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from hptc.catalog.accepted_values import Certainty, Hyperparameter, Interval, Scalar, SpecialValue
from hptc.catalog.setting_dependencies import Clause, Dependency, Subject, Usage

_SINGLE = ("integer", "number", "choice", "text")


class Versions(Protocol):
    """Selects what applies to a version."""

    def select(self, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The entries that apply to the version."""


def read_hyperparameters(
    entries: list[Any],
    versions: Versions,
    certainty: Certainty,
    source: str,
    metrics: tuple[str, ...],
) -> tuple[Hyperparameter, ...]:
    """Read the hyperparameters of a version. `metrics` are what `"values": "metrics"` means."""
    rows = [{"name": entry} if isinstance(entry, str) else entry for entry in entries]
    return tuple(
        _hyperparameter(row, versions, certainty, source, metrics) for row in versions.select(rows)
    )


def _hyperparameter(
    row: Mapping[str, Any],
    versions: Versions,
    certainty: Certainty,
    source: str,
    metrics: tuple[str, ...],
) -> Hyperparameter:
    kind = row.get("kind", "text")
    scalar = row if kind in _SINGLE else row.get("elements", {})
    values = scalar.get("values", [])
    if values == "metrics":
        words = metrics
    elif values == "metric names":
        words = tuple(metric.partition(":")[2] for metric in metrics)
    else:
        words = _words(values, versions)
    return Hyperparameter(
        name=row["name"],
        kind=kind,
        scalar=Scalar(
            kind=kind if kind in _SINGLE else scalar.get("kind", "choice" if words else "text"),
            interval=Interval(
                minimum=scalar.get("min"),
                maximum=scalar.get("max"),
                excludes_minimum=scalar.get("min_open", False),
                excludes_maximum=scalar.get("max_open", False),
            ),
            values=words,
            thresholded=tuple(scalar.get("thresholded", ())),
            multiple_of=scalar.get("multiple_of", 1),
            pattern=scalar.get("pattern", ""),
            example=scalar.get("example", ""),
        ),
        also=_words(row.get("also", []), versions),
        aliases=_words(row.get("aliases", []), versions),
        special=tuple(
            SpecialValue(value=special["value"], meaning=special["meaning"])
            for special in row.get("special", [])
        ),
        certainty=row.get("certainty", certainty),
        source=row.get("source", source),
    )


def _words(entries: list[Any], versions: Versions) -> tuple[str, ...]:
    rows = [entry if isinstance(entry, dict) else {"value": entry} for entry in entries]
    return tuple(str(row["value"]) for row in versions.select(rows))


def read_dependencies(
    entries: list[dict[str, Any]], versions: Versions, certainty: Certainty, source: str
) -> tuple[Dependency, ...]:
    """Read the dependencies of a version."""
    return tuple(
        Dependency(
            id=row["id"],
            conditions=read_clauses(row["if"], versions),
            requirements=read_clauses(row["then"], versions),
            certainty=row.get("certainty", certainty),
            reason=row.get("reason", ""),
            help=row.get("help", ""),
            source=row.get("source", source),
        )
        for row in versions.select(entries)
    )


def read_usages(
    entries: list[dict[str, Any]], versions: Versions, source: str
) -> tuple[Usage, ...]:
    """Read the usages of a version."""
    return tuple(
        Usage(
            hyperparameters=tuple(row["hyperparameters"]),
            conditions=read_clauses(row["if"], versions),
            source=row.get("source", source),
        )
        for row in versions.select(entries)
    )


def read_clauses(entries: list[dict[str, Any]], versions: Versions) -> tuple[Clause, ...]:
    """Read conditions of a dependency or a metric."""
    return tuple(_clause(entry, versions) for entry in entries)


def _clause(row: Mapping[str, Any], versions: Versions) -> Clause:
    value = row.get("value", [])
    return Clause(
        subject=_subject(row),
        operator=row["op"],
        values=_words(value if isinstance(value, list) else [value], versions),
        at_most=row.get("at_most"),
    )


def _subject(row: Mapping[str, Any]) -> Subject:
    if "hyperparameter" in row:
        return Subject("hyperparameter", row["hyperparameter"])
    if "metric" in row:
        return Subject("metric", row["metric"])
    if "instance" in row:
        return Subject("instance", row["instance"])
    if "checkpoint" in row:
        return Subject("checkpoint", "")
    field = f".{row['field']}" if "field" in row else ""
    return Subject("channel", f"{row['channel']}{field}")

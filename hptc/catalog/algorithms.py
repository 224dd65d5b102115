"""Built-in algorithms by name and version: their hyperparameters, channels and metrics.

The tables are data/algorithms/NAME.json, one file per algorithm, so that a check reads only those
that it needs. They contain what AWS documents, not what the service enforces: recommended ranges
are not limits, and only tunables marked as exhaustive are a complete list.
"""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Literal

from hptc.catalog import images
from hptc.catalog.accepted_values import Certainty, Hyperparameter
from hptc.catalog.channels import Channel, read_channels
from hptc.catalog.hyperparameter_tables import (
    read_clauses,
    read_dependencies,
    read_hyperparameters,
    read_usages,
)
from hptc.catalog.setting_dependencies import Clause, Dependency, Subject, Usage
from hptc.frozen import frozen

Direction = Literal["Maximize", "Minimize"]
InputMode = Literal["File", "Pipe"]
ParameterKind = Literal["Integer", "Continuous", "Categorical"]
Processor = Literal["cpu", "gpu"]

_FOLDER = Path(__file__).parent / "data" / "algorithms"
_NAME_OF_REPOSITORY = {"sagemaker-xgboost": "xgboost"}  # otherwise the two are the same


@frozen
class Condition:
    """A condition: a hyperparameter has one of these values."""

    hyperparameter: str
    values: tuple[str, ...]

    def is_met(self, hyperparameters: Mapping[str, str]) -> bool:
        """Whether the static hyperparameters of a training job meet the condition."""
        return hyperparameters.get(self.hyperparameter) in self.values


@frozen
class Requirement:
    """A hyperparameter that the algorithm fails without, under a condition or always."""

    name: str
    when: Condition | None
    certainty: Certainty


@frozen
class Metric:
    """A metric that a tuning job can optimize.

    `regex` is for authors, who set it for JumpStart algorithms. The training job reports the metric
    only if all clauses in `when` hold.
    """

    name: str
    direction: Direction
    regex: str | None
    when: tuple[Clause, ...]
    source: str


@frozen
class Bounds:
    """A closed range of numbers, unbounded on a side that is None."""

    minimum: float | None
    maximum: float | None


@frozen
class Tunable:
    """A hyperparameter that a tuning job can tune.

    `recommended` is advice, which other ranges may ignore. `kinds` has two members if AWS's own
    sources disagree.
    """

    name: str
    kinds: tuple[ParameterKind, ...]
    recommended: Bounds | None
    source: str


@frozen
class Algorithm:
    """A built-in algorithm, in one version.

    `built_in` images are first-party: the service knows their metrics and tunables, and they fail
    on unknown hyperparameters. `jumpstart` images are scripts in a framework container: the author
    sets the metric definitions, and all hyperparameters are passed to the script.

    `version` is None for facts that apply to any of several versions. `hyperparameters` are all
    documented ones, including tunable and required ones; `certainty` is whether the list is known
    to be complete. `checkpoints` is whether the algorithm resumes an interrupted Spot training job.
    `gpu_families` are the instance families with GPUs that AWS documents; empty if it names none.
    The container fails on any channel that is not in `channels` if it `refuses_other_channels`;
    otherwise AWS documents no other.
    """

    name: str
    version: str | None
    title: str
    kind: Literal["built_in", "jumpstart"]
    source: tuple[str, ...]
    channels: tuple[Channel, ...]
    refuses_other_channels: bool
    input_modes: tuple[InputMode, ...]
    processors: tuple[Processor, ...]
    cpu_only_when: Condition | None
    gpu_families: tuple[str, ...]
    is_single_instance: bool
    multi_instance_when: Condition | None
    checkpoints: bool
    early_stopping_metrics: tuple[str, ...]
    metrics: tuple[Metric, ...]
    tunables: tuple[Tunable, ...]
    tunables_are_exhaustive: bool
    required_hyperparameters: tuple[Requirement, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    dependencies: tuple[Dependency, ...]
    usages: tuple[Usage, ...]
    certainty: Certainty
    by_name: Mapping[str, Hyperparameter] = field(compare=False, repr=False)  # and by alias

    @property
    def title_in_version(self) -> str:
        """The title for a message, with the version if it matters: `XGBoost 1.7-1`."""
        is_one_of_several = self.version is not None and len(images.versions(self.name)) > 1
        return f"{self.title} {self.version}" if is_one_of_several else self.title

    def hyperparameter(self, name: str) -> Hyperparameter | None:
        """Return the hyperparameter with this name or alias."""
        return self.by_name.get(name)

    def channel(self, name: str) -> Channel | None:
        """Return the input channel with this exact name."""
        return next((channel for channel in self.channels if name in channel.names), None)

    def metric(self, name: str) -> Metric | None:
        """Return the metric with this exact name."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def tunable(self, name: str) -> Tunable | None:
        """Return the tunable with this exact name."""
        return next((tunable for tunable in self.tunables if tunable.name == name), None)


@functools.cache
def algorithm(name: str, version: str | None = None) -> Algorithm | None:
    """Look up an algorithm by its name in `hptc.catalog.images`, or by its repository.

    If the version is None or unknown, the newest one applies; `possible_versions` gives the facts
    of an image with an unknown tag. Returns None for an unknown name and for a framework container.
    """
    name = _NAME_OF_REPOSITORY.get(name, name)
    if name not in algorithm_names():
        return None
    versions = images.versions(name)
    return _in_version(name, version if version in versions else next(reversed(versions), None))


@functools.cache
def possible_versions(repository: str, version: str | None) -> tuple[Algorithm, ...]:
    """Return the algorithm in each version that an image of a repository may be, newest first.

    That is the version itself if it is known, and otherwise every version in the repository, of
    which each then has the version None. Empty if the repository is not of an algorithm.
    """
    versions = (version,) if version is not None else images.repository_versions(repository)
    candidates = [algorithm(repository, name) for name in reversed(versions)]
    if version is not None or len(candidates) == 1:
        return tuple(known for known in candidates if known is not None)
    return tuple(replace(known, version=None) for known in candidates if known is not None)


def versions_with_hyperparameter(name: str, hyperparameter: str) -> tuple[str, ...]:
    """Return the versions of an algorithm that have a hyperparameter, oldest first."""
    candidates = [algorithm(name, version) for version in images.versions(name)]
    return tuple(
        known.version
        for known in candidates
        if known is not None and known.version is not None and known.hyperparameter(hyperparameter)
    )


def _by_name(hyperparameters: Iterable[Hyperparameter]) -> Mapping[str, Hyperparameter]:
    aliases = {
        alias: hyperparameter
        for hyperparameter in hyperparameters
        for alias in hyperparameter.aliases
    }
    return aliases | {hyperparameter.name: hyperparameter for hyperparameter in hyperparameters}


@functools.cache
def algorithm_names() -> tuple[str, ...]:
    """Return all names that have a table, including those without an image (JumpStart)."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


@functools.cache
def _entry(name: str) -> Mapping[str, Any]:
    return {"name": name, **json.loads((_FOLDER / f"{name}.json").read_bytes())}


@functools.cache
def _in_version(name: str, version: str | None) -> Algorithm:
    entry = _entry(name)
    source = entry["source"]
    age = _Age(images.versions(name), version)
    metrics = tuple(
        Metric(
            name=row["name"],
            direction=row["direction"],
            regex=row.get("regex"),
            when=read_clauses(row.get("when", []), age),
            source=row.get("source", source[-1]),
        )
        for row in age.select(entry["metrics"])
    )
    since = entry.get("since", {})
    is_certain = entry.get("certainty") == "certain" and age.reaches(since.get("certain"))
    certainty: Certainty = "certain" if is_certain else "documented"
    hyperparameters = read_hyperparameters(
        entry["hyperparameters"],
        age,
        certainty,
        source[-1],
        tuple(metric.name for metric in metrics),
    )
    stops_early = entry["early_stopping"]
    return Algorithm(
        name=name,
        version=age.version,
        title=entry["title"],
        kind=entry["kind"],
        source=tuple(source),
        channels=tuple(read_channels(age.select(entry["channels"]))),
        refuses_other_channels=(
            entry.get("refuses_other_channels", False)
            and age.reaches(since.get("refuses_other_channels"))
        ),
        input_modes=tuple(entry["input_modes"]),
        processors=tuple(
            processor for processor in entry["processors"] if age.reaches(since.get(processor))
        ),
        cpu_only_when=_condition(entry.get("cpu_only_when")),
        gpu_families=tuple(
            family
            for row in age.select(entry.get("gpu_families", []))
            for family in row["families"]
        ),
        is_single_instance=entry["is_single_instance"],
        multi_instance_when=_condition(entry.get("multi_instance_when")),
        checkpoints=entry["checkpoints"] and age.reaches(since.get("checkpoints")),
        early_stopping_metrics=tuple(
            metric.name
            for metric in metrics
            if stops_early is True or (stops_early and metric.name in stops_early)
        ),
        metrics=metrics,
        tunables=tuple(_tunable(row, source[-1]) for row in age.select(entry["tunables"])),
        tunables_are_exhaustive=entry["tunables_are_exhaustive"],
        required_hyperparameters=tuple(
            Requirement(
                name=hyperparameter["name"],
                when=_condition(hyperparameter.get("when")),
                certainty=hyperparameter.get("certainty", certainty),
            )
            for hyperparameter in entry["required_hyperparameters"]
        ),
        hyperparameters=hyperparameters,
        dependencies=(
            *read_dependencies(entry.get("dependencies", []), age, certainty, source[-1]),
            *_dependencies_of(metrics),
        ),
        usages=read_usages(entry.get("usages", []), age, source[-1]),
        certainty=certainty,
        by_name=_by_name(hyperparameters),
    )


def _dependencies_of(metrics: tuple[Metric, ...]) -> Iterator[Dependency]:
    """The conditions of the metrics, for the metric that is the objective."""
    names: dict[tuple[Clause, ...], list[str]] = {}
    for metric in metrics:
        names.setdefault(metric.when, []).append(metric.name)
    objective = Subject("metric", "objective")
    for clauses, same in names.items():
        if clauses:
            yield Dependency(
                id=f"metric-{clauses[0].subject.name}",
                conditions=(Clause(subject=objective, operator="in", values=tuple(same)),),
                requirements=clauses,
                certainty="documented",
            )


class _Age:
    """A version among all versions of an algorithm, oldest first."""

    def __init__(self, versions: tuple[str, ...], version: str | None) -> None:
        self._versions = versions
        newest = len(versions) - 1
        self._index = versions.index(version) if version in versions else newest
        self.version = versions[self._index] if versions else None

    def reaches(self, since: str | None) -> bool:
        return since is None or self._index >= self._versions.index(since)

    def select(self, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            until = entry.get("until")
            if self.reaches(entry.get("since")) and (
                until is None or self._index <= self._versions.index(until)
            ):
                yield entry


def _tunable(entry: Mapping[str, Any], source: str) -> Tunable:
    return Tunable(
        name=entry["name"],
        kinds=tuple(entry["kinds"]),
        recommended=_bounds(entry.get("recommended")),
        source=entry.get("source", source),
    )


def _bounds(entry: list[float | None] | None) -> Bounds | None:
    return None if entry is None else Bounds(minimum=entry[0], maximum=entry[1])


def _condition(entry: Mapping[str, Any] | None) -> Condition | None:
    if entry is None:
        return None
    return Condition(hyperparameter=entry["hyperparameter"], values=tuple(entry["values"]))

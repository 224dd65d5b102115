"""The framework containers of AWS: the versions of each repository, and the tags of their images.

The table is data/frameworks.json, read only if a framework container is in a request. AWS publishes
new versions every few months, so a version that the table lacks may exist.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from hptc.catalog import images
from hptc.catalog.instances import Processor
from hptc.frozen import frozen

# 2.3.0-gpu-py311-cu121-ubuntu20.04-sagemaker; since PyTorch 2.11, 2.11.0-cu130-amzn2023-sagemaker
_TAG = re.compile(r"(.*?[0-9].*?)-(cpu|gpu|hpu|neuronx?|cu[0-9]+)(?:-(py[0-9]+))?(?:-(.+))?")
_BUILD = r"(?:(?:^|-)v[0-9]+(?:\.[0-9]+)*)?(?:-[0-9]{4}-[0-9]{2}-[0-9]{2}.*)?$"
_GENERIC_PYTHON = ("py2", "py3")


@frozen
class Tag:
    """The parts of a tag. `version` includes that of the transformers library, if any."""

    version: str
    processor: str  # as the tag spells it: cpu, gpu, cu130, neuronx
    python: str | None
    suffix: str

    @property
    def hardware(self) -> Processor | None:
        """The processor of the instances that the image is for; None if it is not in the table."""
        return _hardware(self.processor)


@frozen
class TagProblem:
    """A part of a tag that the table does not list, and what it lists.

    `form` is for a text that doesn't look like AWS's tags, such as `latest` or a version alone.
    """

    part: Literal["form", "tag", "version", "processor", "python", "suffix"]
    value: str
    valid: tuple[str, ...]


@frozen
class Version:
    """One version of a framework in a repository.

    `spellings` are the version as tags begin with it, the full one first. `pythons` are those of
    the SageMaker SDK, which `tag` uses; `other_pythons` are in other published tags.
    `absent_from` are Regions of the repository without this version.
    """

    repository: str
    name: str
    aliases: tuple[str, ...]
    spellings: tuple[str, ...]
    processors: tuple[str, ...]
    pythons: tuple[str, ...]
    other_pythons: tuple[str, ...]
    suffixes: Mapping[str, str]
    listed_suffixes: tuple[str, ...]
    absent_from: tuple[str, ...]

    @property
    def hardware(self) -> tuple[Processor, ...]:
        """The processors that the version has images for."""
        return tuple(
            hardware for word in self.processors if (hardware := _hardware(word)) is not None
        )

    def tag(self, hardware: Processor, families: Iterable[str] = ()) -> str:
        """The tag for a processor in `hardware`, with the newest Python version.

        https://github.com/aws/sagemaker-python-sdk, image_uris.retrieve, composes the same tags,
        including those that only instances of the family p4d need.
        """
        processor = next(word for word in self.processors if _hardware(word) == hardware)
        parts = [self.spellings[0], processor]
        if self.pythons:
            parts.append(max(self.pythons, key=_python_order))
        if processor in self.suffixes:
            parts.append(self.suffixes[processor])
        elif set(families) == {"p4d"}:
            parts += _table().p4d_suffixes.get(f"{self.repository}:{'-'.join(parts)}", "").split()
        return "-".join(parts)


@frozen
class _Table:
    """data/frameworks.json, read once."""

    repositories: Mapping[str, tuple[Version, ...]]
    frameworks: Mapping[str, tuple[str, ...]]
    p4d_suffixes: Mapping[str, str]


def framework_names() -> tuple[str, ...]:
    """Return the names of frameworks in the SageMaker SDK, such as `pytorch` and `sklearn`."""
    return tuple(_table().frameworks)


def repositories(name: str) -> tuple[str, ...]:
    """Return the repositories of a framework, by its name in the SDK or by a repository's name."""
    own = (name,) if name in images.framework_names() else ()
    return tuple(dict.fromkeys((*own, *_table().frameworks.get(name, ()))))


def versions(repository: str) -> tuple[Version, ...]:
    """Return the versions in a repository, oldest first; empty if the table has none."""
    return _table().repositories.get(repository, ())


def find_versions(name: str, version: str) -> tuple[Version, ...]:
    """Return what a version such as `2.3`, `2.3.0` or `2.0.0-transformers4.28.1` can mean."""
    candidates = [
        candidate for repository in repositories(name) for candidate in versions(repository)
    ]
    exact = tuple(
        candidate for candidate in candidates if version in (candidate.name, candidate.spellings[0])
    )
    return exact or tuple(
        candidate
        for candidate in candidates
        if version in (*candidate.aliases, *candidate.spellings)
    )


def repository_of(name: str, tag: str) -> str | None:
    """Return the repository of a framework that has the version of a complete tag, if only one."""
    candidates = repositories(name)
    parsed = parse_tag(tag)
    if parsed is None or len(candidates) == 1:
        return candidates[0] if candidates else None
    matching = [
        repository
        for repository in candidates
        if any(parsed.version in version.spellings for version in versions(repository))
    ]
    if len(matching) == 1:
        return matching[0]
    return name if name in candidates else None


@functools.lru_cache(maxsize=1024)
def parse_tag(tag: str) -> Tag | None:
    """Parse a complete tag; None for any other text, such as `latest` or `2.3`."""
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    version, processor, python, suffix = match.groups()
    return Tag(version=version, processor=processor, python=python, suffix=suffix or "")


def tag_problem(repository: str, tag: str) -> TagProblem | None:
    """Return the first part of a tag that the table does not list; None for a listed tag.

    Suffixes such as `-cu121-ubuntu20.04-sagemaker-v1.2` are accepted with any build and date, and
    shortened at any `-`.
    """
    known = versions(repository)
    parsed = parse_tag(tag)
    if parsed is None:
        return TagProblem(part="form", value=tag, valid=_spellings(known))
    rows = [row for row in known if parsed.version in row.spellings]
    if not rows:
        return TagProblem(part="version", value=parsed.version, valid=_spellings(known))
    row = rows[-1]
    if parsed.processor not in row.processors:
        return TagProblem(part="processor", value=parsed.processor, valid=row.processors)
    pythons = (*row.pythons, *row.other_pythons)
    if (parsed.python or "") not in (pythons or ("",)):
        return TagProblem(part="python", value=parsed.python or "", valid=pythons)
    suffix = re.sub(_BUILD, "", parsed.suffix)
    listed = tuple(dict.fromkeys((*row.suffixes.values(), *row.listed_suffixes)))
    if suffix and listed and not any(_begins(name, suffix) for name in listed):
        fitting = tuple(name for name in listed if _fits(name, parsed.processor)) or listed
        return TagProblem(part="suffix", value=suffix, valid=fitting)
    return None


def _begins(listed: str, suffix: str) -> bool:
    if suffix == "sagemaker":
        return listed.endswith("sagemaker")
    return f"{listed}-".startswith(f"{suffix}-")


def _fits(suffix: str, processor: str) -> bool:
    return suffix.startswith("cu") == (processor == "gpu")


def _spellings(rows: Iterable[Version]) -> tuple[str, ...]:
    return tuple(row.spellings[0] for row in rows)


def _hardware(processor: str) -> Processor | None:
    if processor.startswith("neuron"):
        return "trainium"
    if processor == "gpu" or processor.startswith("cu"):
        return "gpu"
    return "cpu" if processor == "cpu" else None


def _python_order(python: str) -> tuple[bool, int]:
    return python not in _GENERIC_PYTHON, int(python.removeprefix("py"))


@functools.cache
def _table() -> _Table:
    data = json.loads((Path(__file__).parent / "data" / "frameworks.json").read_bytes())
    absent = data["absent_regions"]
    frameworks: dict[str, tuple[str, ...]] = {}
    rows: dict[str, tuple[Version, ...]] = {}
    for repository, entry in data["repositories"].items():
        for name in entry["frameworks"]:
            frameworks[name] = (*frameworks.get(name, ()), repository)
        rows[repository] = tuple(
            Version(
                repository=repository,
                name=version["version"],
                aliases=tuple(version.get("aliases", ())),
                spellings=_spelled(version),
                processors=tuple(version["processors"]),
                pythons=tuple(version.get("python", ())),
                other_pythons=tuple(version.get("other_python", ())),
                suffixes=version.get("suffix", {}),
                listed_suffixes=tuple(version.get("listed", ())),
                absent_from=tuple(absent.get(version.get("absent"), ())),
            )
            for version in entry["versions"]
        )
    return _Table(repositories=rows, frameworks=frameworks, p4d_suffixes=data["p4d_suffixes"])


def _spelled(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = (entry["version"], *entry.get("aliases", ()))
    if "prefix" in entry:
        return (entry["prefix"],)
    if "base" in entry:
        return tuple(f"{base}-transformers{name}" for base in entry["base"] for name in names)
    return names

"""The image of a framework container, from its name, its version and the instances of a spec.

A version such as `2.3` is short for the tag that the SageMaker SDK composes: the newest Python
version, and the processor of the instances. A complete tag is used as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import Version
from hptc.catalog.images import ImageProblem
from hptc.catalog.instances import Processor, instance
from hptc.diagnostics import Finding, SpecPath, nearest, respelled
from hptc.request.emission import Request
from hptc.text import listed, listed_code

_NEWEST = 6


def framework_uri(
    name: str, version: str, region: str, definition: Request, at: SpecPath
) -> str | ImageProblem | Finding:
    """Return the URI of a framework container in a Region, or what is wrong with the spec.

    `name` is a repository, or a framework of the SageMaker SDK. `definition` is the training job
    definition with its instances, and `at` the path of `algorithm` in the spec.
    """
    repositories = frameworks.repositories(name)
    if not repositories:
        return _unknown_name(name, at)
    if len(repositories) == 1 and version in images.versions(repositories[0]):
        return images.image_uri(repositories[0], version, region)
    versions = frameworks.find_versions(name, version)
    if len(versions) > 1:
        return _ambiguous(name, version, versions, at)
    if versions:
        return _composed(versions[0], region, definition, at)
    repository = frameworks.repository_of(name, version)
    if repository is not None and images.versions(repository):
        return images.framework_image_uri(repository, version, region)
    if frameworks.parse_tag(version) is None:
        return _unknown_version(name, version, at)
    if repository is None:
        return Finding(
            code="HPT104",
            message=f"`{version}` is a tag of several repositories of `{name}`, or of none",
            path=at / "framework",
            help=f"write `framework:` with {listed_code(repositories, 'or')}",
        )
    return images.framework_image_uri(repository, version, region)


def _unknown_name(name: str, at: SpecPath) -> Finding:
    frameworks_of_sdk = frameworks.framework_names()
    meant = nearest(name, (*frameworks_of_sdk, *images.framework_names()))
    is_built_in = name in images.algorithm_names()
    return Finding(
        code="HPT104",
        message=f"AWS publishes no framework image `{name}`",
        path=at / "framework",
        label=f"did you mean `{meant}`?" if meant and not is_built_in else "",
        fixes=() if is_built_in else respelled(meant, at / "framework", guessed_from=name),
        help=f"write `built_in: {name}`"
        if is_built_in
        else f"valid values: {', '.join(sorted(frameworks_of_sdk))}, or a repository",
    )


def _unknown_version(name: str, version: str, at: SpecPath) -> Finding:
    spellings = [text for known in _versions(name) for text in (known.name, *known.aliases)]
    meant = nearest(version, spellings)
    return Finding(
        code="HPT104",
        message=f"`{name}` has no version `{version}`",
        path=at / "version",
        label=f"did you mean `{meant}`?" if meant else "",
        fixes=respelled(meant, at / "version"),
        help=f"the newest are {', '.join(newest_versions(name))}; others need a complete tag",
    )


def newest_versions(name: str) -> tuple[str, ...]:
    """Return the newest versions of a framework, oldest first; empty if the table has none."""
    names = sorted({known.name for known in _versions(name)}, key=_numbers)
    return tuple(names[-_NEWEST:])


def _versions(name: str) -> Iterator[Version]:
    """The versions of a framework, in all of its repositories."""
    for repository in frameworks.repositories(name):
        yield from frameworks.versions(repository)


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


def _ambiguous(name: str, version: str, versions: tuple[Version, ...], at: SpecPath) -> Finding:
    repositories = tuple(dict.fromkeys(row.repository for row in versions))
    several = len(repositories) > 1
    return Finding(
        code="HPT104",
        message=f"`{name}` has version `{version}` in {len(versions)} images",
        path=at / ("framework" if several else "version"),
        help=f"write `framework:` with {listed_code(repositories, 'or')}"
        if several
        else f"write {listed_code((row.spellings[0] for row in versions), 'or')}",
    )


def _composed(
    row: Version, region: str, definition: Request, at: SpecPath
) -> str | ImageProblem | Finding:
    processor = _processor(row, definition, at)
    if isinstance(processor, Finding):
        return processor
    families = [known.family for name in _types(definition) if (known := instance(name))]
    uri = images.framework_image_uri(row.repository, row.tag(processor, families), region)
    if region in row.absent_from:
        valid = [
            region for region in images.regions(row.repository) if region not in row.absent_from
        ]
        return Finding(
            code="HPT104",
            message=f"`{row.repository}` {row.name} is not published in {region}",
            path=at / "version",
            help=f"available in {', '.join(valid)}",
        )
    return uri


def _processor(row: Version, definition: Request, at: SpecPath) -> Processor | Finding:
    """The processor of the image: the only one of the version, or that of all instances."""
    if len(row.hardware) == 1:
        return row.hardware[0]
    types = _types(definition)
    instances = {name: instance(name) for name in types}
    processors = {known.processor for known in instances.values() if known is not None}
    unknown = [name for name, known in instances.items() if known is None]
    if not types:
        problem = "no instance type is set"
    elif unknown:
        problem = f"the processor of {listed(unknown)} is not known"
    elif len(processors) > 1:
        problem = f"{listed(types)} have different processors"
    else:
        (processor,) = processors
        if processor in row.hardware:
            return processor
        problem = f"it has no image for {listed(types)}"
    example = listed_code((row.tag(processor) for processor in row.hardware), "or")
    return Finding(
        code="HPT104",
        message=f"version `{row.name}` does not select an image: {problem}",
        path=at / "version",
        help=f"write the complete tag: {example}",
    )


def _types(definition: Request) -> list[str]:
    """The instance types that a training job can have, each once."""
    groups = []
    for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
        resources = definition.get(member) or {}
        groups += [resources]
        for several in ("InstanceGroups", "InstancePreferences", "InstanceConfigs"):
            groups += resources.get(several) or ()
    types = (group.get("InstanceType") for group in groups)
    return list(dict.fromkeys(name for name in types if isinstance(name, str)))

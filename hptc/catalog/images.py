"""The ECR URIs of training images that AWS publishes, by name, version and Region.

The table is data/images.json; no registry is called. Aliases such as `latest` are not supported, so
that a spec always means the same image.
"""

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from hptc.frozen import frozen

Kind = Literal["algorithm", "framework"]

_HOST = re.compile(r"(.*?)\.dkr([.-])ecr(?:-fips)?\.([^.]*)\.?(.*)", re.DOTALL)
_ACCOUNT = re.compile(r"[0-9]{12}")
# The repository is ECR's own pattern for RepositoryName; tag and digest are the OCI grammar.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = r"sha256:[0-9a-f]{64}"


@frozen
class ImageProblem:
    """An image is not in the table: the invalid value, and the valid ones."""

    field: Literal["name", "version", "region"]
    value: str
    valid: tuple[str, ...]


@frozen
class Image:
    """The parts of an ECR image URI. Without tag and digest, ECR uses `:latest`."""

    account: str
    region: str
    url_suffix: str
    repository: str
    tag: str | None
    digest: str | None


@frozen
class URIProblem:
    """Why the URI of an image in Amazon ECR is invalid: the part, its value, and what is valid."""

    part: Literal["scheme", "account", "region", "domain", "repository", "tag", "digest"]
    value: str
    expected: str


@frozen
class Identified:
    """An image that AWS publishes. `version` is None if the tag is not in the table."""

    kind: Kind
    name: str
    version: str | None
    image: Image


@frozen
class Repository:
    """A repository: its tag for each version, and its account by Region.

    `tags` is empty for the framework containers of frameworks.py. `other_tags` are second tags of
    the same images, with their version.
    """

    name: str
    kind: Kind
    repository: str
    tags: Mapping[str, str]
    other_tags: Mapping[str, str]
    registry: Mapping[str, str]

    def version_of(self, tag: str | None) -> str | None:
        """The version of a tag; None if the table does not list the tag."""
        known = (version for version, listed_tag in self.tags.items() if listed_tag == tag)
        return next(known, self.other_tags.get(tag or ""))

    def uri(self, tag: str, region: str) -> str:
        """The URI of a tag in a Region of the registry."""
        account = self.registry[region]
        return f"{account}.dkr.ecr.{region}.{url_suffix(region)}/{self.repository}:{tag}"


@frozen
class _Partition:
    """The Regions with a prefix, and the domain of their endpoints."""

    region_prefix: str
    name: str
    url_suffix: str
    regions: tuple[str, ...]
    dual_stack_suffix: str = ""


@frozen
class _Table:
    """data/images.json, read once."""

    partitions: tuple[_Partition, ...]
    repositories: Mapping[str, Repository]


def image_uri(name: str, version: str, region: str) -> str | ImageProblem:
    """Return the URI of an image with a fixed list of versions, or the problem.

    Names are those of `algorithm_names()`, and frameworks for which `versions()` is not empty.
    """
    candidates = [repository for repository in _named(name) if repository.tags]
    if not candidates:
        known = {
            repository.name: None
            for repository in _table().repositories.values()
            if repository.tags
        }
        return ImageProblem(field="name", value=name, valid=tuple(known))
    for repository in candidates:
        if version in repository.tags:
            if region not in repository.registry:
                return _unknown_region(repository, region)
            return repository.uri(repository.tags[version], region)
    return ImageProblem(field="version", value=version, valid=versions(name))


def framework_image_uri(name: str, tag: str, region: str) -> str | ImageProblem:
    """Return the URI of a framework container with a tag, or the problem.

    The tag is checked if the table lists the tags (scikit-learn), but not for the deep learning
    containers: https://aws.github.io/deep-learning-containers/reference/available_images/
    """
    repository = _table().repositories.get(name)
    if repository is None or repository.kind != "framework":
        return ImageProblem(field="name", value=name, valid=framework_names())
    if repository.tags and tag not in repository.tags.values():
        return ImageProblem(field="version", value=tag, valid=tuple(repository.tags.values()))
    if region not in repository.registry:
        return _unknown_region(repository, region)
    return repository.uri(tag, region)


def parse_image(uri: str) -> Image | None:
    """Parse an ECR image URI; None for anything else, such as an image in another registry.

    Tuning jobs support ECR only: their AlgorithmSpecification has no TrainingImageConfig.
    """
    image = read_image(uri)
    return image if isinstance(image, Image) else None


@functools.lru_cache(maxsize=1024)
def read_image(uri: str) -> Image | URIProblem | None:
    """Parse an ECR image URI, or return its first problem; None if its host is not one of ECR.

    A registry has a host name for IPv4, one for both IPv4 and IPv6 (dual-stack), and FIPS variants:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
    """
    host, _, path = uri.removeprefix("https://").partition("/")
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    if uri.startswith("https://"):
        return URIProblem(part="scheme", value="https://", expected="no scheme")
    account, separator, region, domain = match.groups()
    if _ACCOUNT.fullmatch(account) is None:
        return URIProblem(part="account", value=account, expected="12 digits")
    home = _partitions_by_region().get(region)
    if home is None:
        return URIProblem(part="region", value=region, expected="an AWS Region")
    suffix = home.url_suffix if separator == "." else home.dual_stack_suffix
    if domain != suffix:
        expected = suffix or f"dkr.ecr.{region}.{home.url_suffix}"
        return URIProblem(part="domain", value=domain, expected=f"`{expected}`")
    return _read_path(path, account=account, region=region, domain=domain)


def _read_path(path: str, *, account: str, region: str, domain: str) -> Image | URIProblem:
    name, at, digest = path.partition("@")
    repository, colon, tag = name.partition(":")
    if _REPOSITORY.fullmatch(repository) is None:
        expected = "lowercase letters, digits, and single `.`, `_`, `-` or `/` between them"
        return URIProblem(part="repository", value=repository, expected=expected)
    if colon and _TAG.fullmatch(tag) is None:
        expected = "one tag of up to 128 letters, digits, `_`, `.` and `-`"
        return URIProblem(part="tag", value=tag, expected=expected)
    if at and re.fullmatch(_DIGEST, digest) is None:
        expected = "`sha256:` and 64 hexadecimal digits"
        return URIProblem(part="digest", value=digest, expected=expected)
    return Image(
        account=account,
        region=region,
        url_suffix=domain,
        repository=repository,
        tag=tag if colon else None,
        digest=digest if at else None,
    )


@functools.lru_cache(maxsize=1024)
def identify(uri: str) -> Identified | None:
    """Identify an image that AWS publishes, by its repository and the account of its Region.

    None for every other image: a custom one, or a copy of an AWS image in another account. Only
    algorithms are first-party, so a framework container needs metric definitions as a custom image
    does.
    """
    image = parse_image(uri)
    if image is None:
        return None
    repository = _table().repositories.get(image.repository)
    if repository is None or repository.registry.get(image.region) != image.account:
        return None
    return Identified(
        kind=repository.kind,
        name=repository.name,
        version=repository.version_of(image.tag),
        image=image,
    )


def repositories() -> Mapping[str, Repository]:
    """Return all repositories by their name in Amazon ECR."""
    return _table().repositories


def algorithm_names() -> tuple[str, ...]:
    """Return the names of the built-in algorithms."""
    return _names("algorithm")


def framework_names() -> tuple[str, ...]:
    """Return the names of the framework containers, which are their repositories."""
    return _names("framework")


def all_regions() -> tuple[str, ...]:
    """Return all Regions of AWS."""
    return tuple(_partitions_by_region())


def versions(name: str) -> tuple[str, ...]:
    """Return the versions of an image, oldest first; empty if unknown or if any tag is valid."""
    return tuple(version for repository in _named(name) for version in repository.tags)


def repository_versions(repository: str) -> tuple[str, ...]:
    """Return the versions in one repository, oldest first; empty if unknown or any tag is valid."""
    listed = _table().repositories.get(repository)
    return tuple(listed.tags) if listed is not None else ()


def is_newer(name: str, tag: str) -> bool:
    """Whether a tag is a version, and newer than those that the table has for the image."""
    known = [_numbers(version) for version in versions(name)]
    return bool(known) and _numbers(tag) > max(known)


def _numbers(tag: str) -> tuple[int, ...]:
    """The version at the start of a tag: (1, 2, 1) for `1.2-1-cpu-py3`; empty for `latest`."""
    version = re.match(r"[0-9]{1,9}(?:[.-][0-9]{1,9})*", tag)
    return tuple(map(int, re.split("[.-]", version[0]))) if version else ()


def regions(name: str, version: str | None = None) -> tuple[str, ...]:
    """Return the Regions that have the image, in one version or in any."""
    names = {
        region
        for repository in _named(name)
        if version is None or version in repository.tags
        for region in repository.registry
    }
    return tuple(sorted(names))


@functools.cache
def partition(region: str) -> str:
    """Return the partition of a Region, as ARNs spell it: `aws`, `aws-cn`, `aws-us-gov`, …"""
    return _partition(region).name


@functools.cache
def url_suffix(region: str) -> str:
    """Return the domain of the endpoints of a Region: `amazonaws.com`, …"""
    return _partition(region).url_suffix


def _partition(region: str) -> _Partition:
    return next(entry for entry in _table().partitions if region.startswith(entry.region_prefix))


def _named(name: str) -> list[Repository]:
    return [repository for repository in _table().repositories.values() if repository.name == name]


@functools.cache
def _names(kind: Kind) -> tuple[str, ...]:
    names = {
        repository.name: None
        for repository in _table().repositories.values()
        if repository.kind == kind
    }
    return tuple(names)


def _unknown_region(repository: Repository, region: str) -> ImageProblem:
    return ImageProblem(field="region", value=region, valid=tuple(repository.registry))


@functools.cache
def _table() -> _Table:
    data = json.loads((Path(__file__).parent / "data" / "images.json").read_bytes())
    repositories = (
        Repository(
            name=entry["name"],
            kind=entry["kind"],
            repository=entry["repository"],
            tags=entry["tags"],
            other_tags=entry.get("other_tags", {}),
            registry=data["registries"][entry["registry"]],
        )
        for entry in data["images"]
    )
    return _Table(
        partitions=tuple(
            _Partition(**{**entry, "regions": tuple(entry["regions"])})
            for entry in data["partitions"]
        ),
        repositories={repository.repository: repository for repository in repositories},
    )


@functools.cache
def _partitions_by_region() -> Mapping[str, _Partition]:
    return {region: entry for entry in _table().partitions for region in entry.regions}

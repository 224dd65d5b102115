"""AWS images in an account or a repository that does not have them, and where they are."""

import functools
import re

from hptc.catalog import frameworks
from hptc.catalog.images import Image, Repository, identify, parse_image, repositories
from hptc.diagnostics import nearest
from hptc.frozen import frozen

_SIMILAR_NAME = 0.85


@frozen
class Misplaced:
    """An image that AWS publishes elsewhere, under the same or a similar name.

    `uri` is the image in the same Region; if it is None, `regions` are those that have it.
    `account_regions` are the Regions where the given account publishes the repository.
    """

    image: Image
    repository: str
    uri: str | None
    regions: tuple[str, ...]
    account_regions: tuple[str, ...]


@functools.lru_cache(maxsize=1024)
def misplaced(uri: str) -> Misplaced | None:
    """Return where AWS publishes an image, if not in the given account and repository.

    None for an image that is in its place, and for any image in an account that is not AWS's, which
    can have a copy of an AWS image. An account that differs from AWS's by a single typing error
    counts as AWS's.
    """
    image = parse_image(uri)
    repository = None if image is None else _meant(image)
    if image is None or repository is None:
        return None
    account = repository.registry.get(image.region)
    if (account, repository.repository) == (image.account, image.repository):
        return None
    return Misplaced(
        image=image,
        repository=repository.repository,
        uri=None if account is None else _uri_in(repository, image, image.region),
        regions=tuple(sorted(repository.registry)),
        account_regions=tuple(
            region for region, account in repository.registry.items() if account == image.account
        ),
    )


def is_for_inference(uri: str) -> bool:
    """Whether an image is one of AWS's for endpoints, by its repository: `pytorch-inference`."""
    image = parse_image(uri)
    return (
        image is not None
        and image.account in _accounts()
        and re.search(r"-(inference|serving)(-|$)", image.repository) is not None
    )


def published_in(uri: str, region: str) -> str | None:
    """Return the URI of an AWS image in a Region; None if it is not AWS's or not there."""
    image = parse_image(uri)
    elsewhere = misplaced(uri)
    if image is None or (elsewhere is None and identify(uri) is None):
        return None
    repository = repositories()[image.repository if elsewhere is None else elsewhere.repository]
    return _uri_in(repository, image, region) if region in repository.registry else None


def _uri_in(repository: Repository, image: Image, region: str) -> str:
    """A digest is valid in its own repository only, so the URI in another one has just the tag."""
    uri = repository.uri(image.tag or "", region).removesuffix(":")
    if image.digest is None or (image.tag and repository.repository != image.repository):
        return uri
    return f"{uri}@{image.digest}"


def _meant(image: Image) -> Repository | None:
    """The only AWS repository that a URI can mean; its account may have a typing error."""
    known = repositories()
    exact = known.get(image.repository)
    if image.account not in _accounts():
        account = exact and exact.registry.get(image.region)
        return exact if account and _is_typing_error(image.account, account) else None
    if exact is None:
        plain = {name.removeprefix("sagemaker-"): name for name in known}
        name = image.repository.removeprefix("sagemaker-")
        # Another word is another image (`pytorch-training-arm64`), not a typing error.
        alike = [known_name for known_name in plain if known_name.count("-") == name.count("-")]
        meant = nearest(name, alike, cutoff=_SIMILAR_NAME)
        exact = known[plain[meant]] if meant else None
    if exact is None or not image.tag:
        return exact
    if exact.kind == "framework" and not exact.tags:
        return known[_framework_repository(exact.repository, image.tag)]
    same = (candidate for candidate in known.values() if candidate.name == exact.name)
    has_tag = (
        candidate for candidate in (exact, *same) if candidate.version_of(image.tag) is not None
    )
    return next(has_tag, exact)


def _framework_repository(repository: str, tag: str) -> str:
    """The repository of the same framework that has the version of a tag, or the given one."""
    problem = frameworks.tag_problem(repository, tag)
    if problem is None or problem.part != "version":
        return repository
    others = (
        other
        for name in frameworks.framework_names()
        if repository in frameworks.repositories(name)
        for other in frameworks.repositories(name)
    )
    return next(
        (other for other in others if frameworks.tag_problem(other, tag) is None), repository
    )


def _is_typing_error(typed: str, right: str) -> bool:
    """Whether two accounts differ in one digit, or in two neighbors that changed places."""
    places = [place for place in range(len(right)) if typed[place] != right[place]]
    if len(places) != 2:
        return len(places) == 1
    first, second = places
    return second == first + 1 and typed[first] + typed[second] == right[second] + right[first]


@functools.cache
def _accounts() -> frozenset[str]:
    return frozenset(
        account
        for repository in repositories().values()
        for account in repository.registry.values()
    )

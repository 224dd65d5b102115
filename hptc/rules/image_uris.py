"""HPT344 and HPT345: the URI of a training image in Amazon ECR."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.catalog.images import URIProblem
from hptc.diagnostics import Finding, RequestPath, nearest
from hptc.project.references import has_reference
from hptc.rules.rule import Context, Rule, error, warning

_NAMES = {"region": "Region"}


@error("HPT344", "M22")
def malformed_image_uri(rule: Rule, context: Context) -> Iterator[Finding]:
    """The URI of a training image is malformed.

    A registry in Amazon ECR has the host name ACCOUNT.dkr.ecr.REGION.amazonaws.com, with another
    domain in some partitions, or the dual-stack name ACCOUNT.dkr-ecr.REGION.on.aws. A repository
    follows, and at most one tag and one digest. SageMaker can't pull any other URI
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html).

    Bad:
        training_job:
          algorithm: {training_image: 11112222333.dkr.ecr.us-east-1.amazonaws.com/churn:1}

    Good:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1}
    """
    for path, uri, problem in _problems(context):
        if _is_placeholder(problem):
            continue
        part = _NAMES.get(problem.part, problem.part)
        if problem.part == "scheme":
            message, help = "the URI of a training image has no scheme", "remove `https://`"
        elif problem.value:
            message = f"the training image has the invalid {part} `{problem.value}`"
            help = f"correct the {part} of the image's URI"
        else:
            message, help = f"the training image has no {part}", f"add the {part} to the URI"
        meant = nearest(problem.value, images.all_regions()) if problem.part == "region" else None
        yield rule.finding(
            message,
            path,
            label=f"did you mean `{meant}`?" if meant else f"must be {problem.expected}",
            accepted=_corrected(uri, problem, meant),
            help=help,
        )


@warning("HPT345", "M22")
def placeholder_in_image_uri(rule: Rule, context: Context) -> Iterator[Finding]:
    """The account of a training image is a placeholder.

    The host name of a registry in Amazon ECR begins with the ID of an AWS account. A word in its
    place must be replaced before the request is sent
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html).

    Bad:
        training_job:
          algorithm: {training_image: ACCOUNT.dkr.ecr.us-east-1.amazonaws.com/churn:1}

    Good:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1}
    """
    for path, _, problem in _problems(context):
        if _is_placeholder(problem):
            yield rule.finding(
                f"the training image has `{problem.value}` in place of an account",
                path,
                label=f"must be {problem.expected}",
                help="replace it with the account that owns the repository",
            )


def _problems(context: Context) -> Iterator[tuple[RequestPath, str, URIProblem]]:
    for definition in context.job.definitions:
        uri = definition.training_image
        if uri is None or has_reference(uri):
            continue
        problem = images.read_image(uri)
        if isinstance(problem, URIProblem):
            yield definition.path / "AlgorithmSpecification" / "TrainingImage", uri, problem


def _is_placeholder(problem: URIProblem) -> bool:
    is_word = problem.value != "" and not any(character.isdigit() for character in problem.value)
    return problem.part == "account" and is_word


def _corrected(uri: str, problem: URIProblem, region: str | None) -> str:
    """The URI with the part that it must have; empty if that is not known."""
    host, slash, rest = uri.partition("/")
    expected = problem.expected.strip("`")
    match problem.part:
        case "scheme":
            return uri.removeprefix(problem.value)
        case "region" if region is not None:
            return host.replace(f".{problem.value}.", f".{region}.") + slash + rest
        case "domain" if not expected.startswith("dkr"):
            return host.removesuffix(problem.value) + expected + slash + rest
    return ""


RULES = (
    malformed_image_uri,
    placeholder_in_image_uri,
)

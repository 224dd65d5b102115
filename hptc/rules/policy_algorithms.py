"""HPT814 and HPT815: the project's policy on images and hyperparameters.

Each finding names its key in the policy, so that its line is shown too.
"""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog.arn import ARN
from hptc.catalog.images import identify, parse_image
from hptc.diagnostics import Finding
from hptc.project.patterns import glob_matches, matches_any_glob
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error


@error("HPT814")
def forbidden_image_registry(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy does not allow the registry of an image.

    An image is code that runs with the permissions of the role. An entry is an account or the host
    of a registry, alone or with a repository. AWS's own images are always allowed. For an algorithm
    resource, the policy applies to its account
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html).

    Bad:
        # policy: {image_registries: ["444455556666"]}
        training_job:
          algorithm:
            training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1

    Good:
        # policy: {image_registries: ["111122223333"]}
        training_job:
          algorithm:
            training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
    """
    allowed = context.policy.image_registries
    if allowed is None:
        return
    for definition in context.job.definitions:
        for member, names in _registries(definition, context):
            if not any(matches_any_glob(allowed, name) for name in names):
                yield rule.finding(
                    f"the policy does not allow {_registry_text(names, allowed)}",
                    definition.path / "AlgorithmSpecification" / member,
                    label="not allowed",
                    help=f"allowed registries: AWS's own, {', '.join(allowed) or 'no others'}",
                    policy_key=("image_registries",),
                )


@error("HPT815")
def forbidden_hyperparameter(rule: Rule, context: Context) -> Iterator[Finding]:
    """The policy forbids a hyperparameter.

    Hyperparameters are visible in the console, in logs and in every Describe response, so passwords
    don't belong there. A platform team may also reserve some for itself
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html).

    Bad:
        # policy: {forbidden_hyperparameters: ["debug_*"]}
        training_job: {hyperparameters: {debug_level: 3}}

    Good:
        # policy: {forbidden_hyperparameters: ["debug_*"]}
        training_job: {hyperparameters: {level: 3}}
    """
    forbidden = context.policy.forbidden_hyperparameters or []
    globs = [glob.lower() for glob in forbidden]
    for definition in context.job.definitions if globs else ():
        static = definition.path / "StaticHyperParameters"
        paths = [(name, static / name) for name in definition.static]
        paths += [(range_.name, range_.path) for range_ in definition.ranges]
        for name, path in paths:
            matching = (
                index for index, glob in enumerate(globs) if glob_matches(glob, name.lower())
            )
            index = next(matching, None)
            if index is not None:
                yield rule.finding(
                    f"the policy forbids the hyperparameter `{name}`",
                    path,
                    label=f"matches `{forbidden[index]}`",
                    is_removable=True,
                    help="remove it",
                    on_key=True,
                    policy_key=("forbidden_hyperparameters", index),
                )


def _registry_text(names: list[str], allowed: list[str]) -> str:
    """What a policy does not allow: the registry, or only the repository in it."""
    accounts = {glob.partition("/")[0] for glob in allowed}
    if len(names) > 1 and any(matches_any_glob(list(accounts), name) for name in names[:2]):
        return f"the repository {names[-1]}"
    return f"the registry {names[0]}"


def _registries(definition: Definition, context: Context) -> Iterator[tuple[str, list[str]]]:
    """(member, names of the registry) of the code of a definition."""
    uri, algorithm = definition.training_image, definition.algorithm_name
    if uri is not None and identify(uri) is None:
        host = uri.partition("/")[0]
        names = [host]
        image = parse_image(uri)
        if image is not None:
            repositories = (f"{owner}/{image.repository}" for owner in (image.account, host))
            names += [image.account, *repositories]
        yield "TrainingImage", names
    if algorithm is not None:
        arn = ARN.parse(algorithm)
        if arn is not None:
            yield "AlgorithmName", [arn.account]
        elif context.environment is not None:
            yield "AlgorithmName", [context.environment.account]


RULES = (forbidden_image_registry, forbidden_hyperparameter)

"""HPT301 to HPT304: the training image or algorithm resource, and where the image is."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.catalog.misplaced_images import misplaced, published_in
from hptc.diagnostics import Finding, Remove
from hptc.project.references import has_reference
from hptc.rules.rule import Context, Rule, advice, error
from hptc.text import listed


@error("HPT301", "M01")
def missing_or_ambiguous_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training job has no algorithm, or two.

    The algorithm is either a training image or an algorithm resource (your own, or one from AWS
    Marketplace). SageMaker requires exactly one of them
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterAlgorithmSpecification.html).

    Bad:
        training_job:
          algorithm: {algorithm_name: my-algorithm, metric_definitions: null}

    Good (algorithm-resource):
        training_job:
          algorithm: {algorithm_name: my-algorithm}
    """
    for definition in context.job.definitions:
        path = definition.path / "AlgorithmSpecification"
        if definition.training_image is not None and definition.algorithm_name is not None:
            yield rule.finding(
                f"the training job has both the algorithm `{definition.algorithm_name}` and an "
                "image",
                path / "AlgorithmName",
                label="only one is allowed",
                is_removable=True,
                help="remove `algorithm_name` or `training_image`",
                fixes=(advice("remove `training_image`", Remove(path=path / "TrainingImage")),),
            )
        elif definition.training_image is None and definition.algorithm_name is None:
            yield rule.finding(
                "the training job has no algorithm",
                path,
                help="add `training_image` or `algorithm_name`"
                if context.is_request
                else "add `training_image`, `algorithm_name`, or `built_in` or `framework` with a "
                "`version`",
            )


@error("HPT302", "M03")
def training_image_outside_ecr(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training image is not in Amazon ECR.

    Training jobs of a tuning job pull their image from a private Amazon ECR repository. Other
    registries, public.ecr.aws included, require TrainingImageConfig, which tuning jobs don't
    support
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html).

    Bad:
        training_job:
          algorithm: {training_image: "docker.io/example/churn:1"}

    Good:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1}
    """
    for definition in context.job.definitions:
        image = definition.training_image
        if image is not None and not has_reference(image) and images.read_image(image) is None:
            yield rule.finding(
                f"the training image `{image}` is not in Amazon ECR",
                definition.path / "AlgorithmSpecification" / "TrainingImage",
                label="must be <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>",
                help="push the image to an Amazon ECR repository in the tuning job's Region",
            )


@error("HPT303", "M04")
def training_image_in_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training image is in another Region than the tuning job.

    SageMaker pulls a training image from Amazon ECR in the tuning job's Region, which is the same
    for all its training jobs
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html).

    Bad:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1}

    Good:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1}
    """
    home = f"the tuning job runs in {context.environment.region}" if context.environment else ""
    region = context.environment.region if context.environment else ""
    for definition in context.job.definitions:
        image = images.parse_image(definition.training_image or "")
        if image is None:
            continue
        if not region:  # that of the first image, without an environment
            region, home = image.region, f"that of `{definition.name}` is in {image.region}"
        if image.region != region:
            right = published_in(definition.training_image or "", region)
            yield rule.finding(
                f"the training image is in {image.region}, but {home}",
                definition.path / "AlgorithmSpecification" / "TrainingImage",
                label=f"must be in {region}",
                accepted=right or "",
                help=f"use {right}"
                if right
                else "use an image in that Region; Amazon ECR can replicate repositories across "
                "Regions",
            )


@error("HPT304", "M05")
def aws_image_registry_of_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """An AWS image is in an account or repository that does not have it.

    AWS publishes each of its images in one repository, in a different account in each Region. In
    the account of another Region, for example copied from its documentation, or of another image,
    the repository does not exist; a repository has only its own versions
    (https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html).

    Bad:
        training_job:
          algorithm:
            training_image: 246618743249.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1

    Good (xgboost):
        training_job:
          algorithm: {built_in: xgboost, version: 1.7-1}
    """
    for definition in context.job.definitions:
        wrong = misplaced(definition.training_image or "")
        if wrong is None:
            continue
        account, region = wrong.image.account, wrong.image.region
        if context.environment is not None and context.environment.region != region:
            continue  # HPT303 names the right image
        home = next(iter(wrong.account_regions), None)
        label = ""
        if wrong.repository != wrong.image.repository:
            tag = f":{wrong.image.tag}" if wrong.image.tag else ""
            message = (
                f"AWS publishes no image `{wrong.image.repository}{tag}` in the account {account}"
            )
            label = f"`{wrong.repository}` has it" if wrong.uri else ""
        elif home is not None and region not in wrong.account_regions:
            message = (
                f"the account {account} publishes AWS's `{wrong.repository}` in {home}, not in "
                f"{region}"
            )
            label = f"the account in {home}"
        else:
            message = f"the account {account} does not publish AWS's `{wrong.repository}`"
        yield rule.finding(
            message,
            definition.path / "AlgorithmSpecification" / "TrainingImage",
            label=label,
            accepted=wrong.uri or "",
            help=f"use {wrong.uri}"
            if wrong.uri
            else f"`{wrong.repository}` is available in {listed(wrong.regions, 'and')}",
        )


RULES = (
    missing_or_ambiguous_algorithm,
    training_image_outside_ecr,
    training_image_in_another_region,
    aws_image_registry_of_another_region,
)

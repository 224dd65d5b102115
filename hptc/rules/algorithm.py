"""HPT301..304: the training image or algorithm resource."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import images
from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.rules.rule import Context, Rule, error, warning


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
                help="remove `algorithm_name` or `training_image`",
            )
        elif definition.training_image is None and definition.algorithm_name is None:
            yield rule.finding(
                "the training job has no algorithm",
                path,
                help="add `built_in`, `framework`, `training_image` or `algorithm_name`",
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
        if image is not None and not has_reference(image) and not _is_in_ecr(image):
            yield rule.finding(
                f"the training image `{image}` is not in Amazon ECR",
                definition.path / "AlgorithmSpecification" / "TrainingImage",
                label="must be <account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>",
                help="push the image to an Amazon ECR repository in the tuning job's Region",
            )


def _is_in_ecr(image: str) -> bool:
    registry, slash, repository = image.partition("/")
    _, found, rest = registry.partition(".dkr.")
    host = found and rest.startswith(("ecr.", "ecr-fips."))
    return bool(host and slash and repository)


@error("HPT303", "M04")
def training_image_in_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """A training image is in another Region than the tuning job.

    SageMaker pulls a training image from Amazon ECR in the tuning job's Region
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html).

    Bad:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1}

    Good:
        training_job:
          algorithm: {training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1}
    """
    if context.environment is None:
        return
    region = context.environment.region
    for definition in context.job.definitions:
        image = images.parse_image(definition.training_image or "")
        if image is not None and image.region != region:
            yield rule.finding(
                f"the training image is in {image.region}, but the tuning job runs in {region}",
                definition.path / "AlgorithmSpecification" / "TrainingImage",
                label=f"must be in {region}",
                help="use an image in that Region; Amazon ECR can replicate repositories across "
                "Regions",
            )


@warning("HPT304", "M05")
def aws_image_registry_of_another_region(rule: Rule, context: Context) -> Iterator[Finding]:
    """The account of an AWS image is that of another Region.

    AWS publishes its images from a different account in each Region. With the account of another
    Region, for example copied from its documentation, the repository does not exist
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
        uri = definition.training_image or ""
        image = images.parse_image(uri)
        if image is None or images.identify(uri) is not None:
            continue
        name = image.repository.removeprefix("sagemaker-")
        known = images.regions(name) or images.regions(image.repository)
        home = next((each for each in known if _is_aws_image_in(image, each)), None)
        if home is not None:
            yield rule.finding(
                f"the account {image.account} publishes AWS's `{image.repository}` in {home}, "
                f"not in {image.region}",
                definition.path / "AlgorithmSpecification" / "TrainingImage",
                label=f"the account in {home}",
                help="set `built_in` or `framework`, and `version`, instead of the image",
            )


def _is_aws_image_in(image: images.Image, region: str) -> bool:
    host = f"{image.account}.dkr.ecr.{region}.{images.url_suffix(region)}"
    return images.identify(f"{host}/{image.repository}:1") is not None


RULES = (
    missing_or_ambiguous_algorithm,
    training_image_outside_ecr,
    training_image_in_another_region,
    aws_image_registry_of_another_region,
)

"""HPT346 to HPT350: the tag of an image that AWS publishes, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import Tag, TagProblem
from hptc.catalog.image_tags import tag_problem
from hptc.catalog.images import Identified, Image
from hptc.catalog.instances import Processor, instance
from hptc.catalog.misplaced_images import is_for_inference, misplaced
from hptc.diagnostics import Finding, Fix, RequestPath, SetValue, nearest
from hptc.frozen import frozen
from hptc.request.spec_paths import spec_path
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error, set_value, warning
from hptc.text import listed, listed_code

_NEWEST = 4  # the versions in a message; docs/images.md lists all


@error("HPT346", "M23")
def impossible_image_tag(rule: Rule, context: Context) -> Iterator[Finding]:
    """The tag of an AWS image is not of the form that AWS uses.

    The tag of a framework container has its version, processor and Python version, and that of a
    built-in algorithm its version. No framework container is tagged `latest`, which is also what an
    image without a tag means. A training job can't pull such an image
    (https://aws.github.io/deep-learning-containers/reference/available_images/).

    Bad:
        training_job:
          algorithm:
            training_image: 763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3

    Good:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: "2.3"}
    """
    for unlisted in _unlisted_tags(context):
        image, problem = unlisted.identified.image, unlisted.problem
        if problem.part != "form":
            continue
        tag = f"`{image.tag}`" if image.tag else "`latest`, the default"
        meant = _complete_tag(image, unlisted.definition)
        if unlisted.identified.kind == "algorithm" or not meant:
            meant = nearest(image.tag or "", problem.valid)
            help = f"use {listed_code(problem.valid, 'or')}"
        else:
            help = f"use a complete tag; the newest versions are {_newest(problem)}"
        yield rule.finding(
            f"AWS publishes no image `{image.repository}` with the tag {tag}",
            _path(unlisted.definition),
            label=f"did you mean `{meant}`?" if meant else "",
            fixes=_with_tag(context, unlisted.definition, meant),
            help=help,
        )


@warning("HPT347", "M24")
def unlisted_image_tag(rule: Rule, context: Context) -> Iterator[Finding]:
    """AWS does not list the tag of an image that it publishes.

    The version, processor, Python version or build in the tag is none of those that AWS lists for
    the repository. A training job can't pull the image, unless AWS has published it after the date
    of hptc's table
    (https://aws.github.io/deep-learning-containers/reference/available_images/).

    Bad:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: 2.3.0-cpu-py39}

    Good:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: 2.3.0-cpu-py311}
    """
    for unlisted in _unlisted_tags(context):
        image, problem = unlisted.identified.image, unlisted.problem
        if problem.part == "form":
            continue
        meant = (
            nearest(problem.value, problem.valid) if problem.part in ("version", "tag") else None
        )
        yield rule.finding(
            _unlisted_message(problem, image),
            _path(unlisted.definition),
            label=f"did you mean `{meant}`?" if meant else "",
            fixes=_with_tag(context, unlisted.definition, _listed_tag(problem, image, meant)),
            help=_unlisted_help(problem),
        )


def _unlisted_message(problem: TagProblem, image: Image) -> str:
    repository, value = f"`{image.repository}`", problem.value
    tag = frameworks.parse_tag(image.tag or "")
    version = f"version {tag.version} of {repository}" if tag else repository
    match problem.part:
        case "version" | "tag":
            return f"AWS lists no {problem.part} `{value}` of {repository}"
        case "suffix":
            return f"AWS lists no build `{value}` for {version}"
        case "python" if not value:
            return f"AWS lists no image without a Python version for {version}"
    return f"AWS lists no `{value}` image for {version}"


def _unlisted_help(problem: TagProblem) -> str:
    choices = listed_code(problem.valid, "or")
    match problem.part:
        case "version":
            return f"use a listed version; the newest are {_newest(problem)}"
        case "suffix":
            return f"use {choices}, or leave it out"
        case "python" if not problem.value:
            return f"add {choices}"
    return f"use {choices}"


def _listed_tag(problem: TagProblem, image: Image, meant: str | None) -> str | None:
    """The tag with the part that was probably meant, or the only one; None if it is not listed."""
    part = meant
    match problem.valid:
        case [only] if part is None:
            part = only
    if part is None or not problem.value:
        return None
    tag = (image.tag or "").replace(problem.value, part)
    return tag if tag_problem(image.repository, tag) is None else None


@warning("HPT348", "M25")
def latest_algorithm_image(rule: Rule, context: Context) -> Iterator[Finding]:
    """The image of a built-in algorithm has the tag `latest`, or none.

    The image behind `latest`, which is the default, can change without notice and may not be
    backward compatible; for XGBoost, it is the oldest version. AWS recommends a version's tag
    (https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html).

    Bad (xgboost):
        training_job:
          algorithm:
            built_in: null
            version: null
            training_image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:latest

    Good (xgboost):
        training_job:
          algorithm: {built_in: xgboost, version: 1.7-1}
    """
    for definition in context.job.definitions:
        identified = images.identify(definition.training_image or "")
        if identified is None or identified.kind != "algorithm":
            continue
        image = identified.image
        if not _is_latest(image):
            continue
        tag = "the tag `latest`" if image.tag else "no tag, which means `latest`"
        tags = images.repositories()[image.repository].tags.values()
        yield rule.finding(
            f"the training image has {tag}, which AWS advises against",
            _path(definition),
            fixes=_with_tag(context, definition, next(iter(tags)) if len(tags) == 1 else None),
            help=f"use the tag {listed_code(tags, 'or')}",
        )


@warning("HPT349", "M26")
def image_for_another_processor(rule: Rule, context: Context) -> Iterator[Finding]:
    """A framework container is built for a different processor than the instances have.

    A CPU image can't use the GPUs or the Trainium chips of its instances, which cost the same. A
    GPU image on CPU instances trains on the CPU, or fails where a library needs the NVIDIA driver
    (https://github.com/aws/sagemaker-python-sdk/issues/440). The SageMaker SDK selects the image by
    the instance type, and so does a short version in a spec
    (https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html).

    Bad:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: 2.3.0-cpu-py311}
          resources: {instance_type: ml.g5.xlarge}

    Good:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: "2.3"}
          resources: {instance_type: ml.g5.xlarge}
    """
    for definition in context.job.definitions:
        identified = images.identify(definition.training_image or "")
        tag = frameworks.parse_tag(identified.image.tag or "") if identified else None
        if identified is None or identified.kind != "framework":
            continue
        if tag is None or tag.hardware is None:
            continue
        processors = _processors(definition)
        processor = next((kind for kind in processors.values() if kind != tag.hardware), None)
        if processor is None:
            continue
        if tag.hardware != "cpu" and tag.hardware in processors.values():
            continue
        others = [name for name, kind in processors.items() if kind == processor]
        other_tag = _tag_for(processor, tag, identified.image.repository)
        yield rule.finding(
            f"the training image is for {_PLURALS[tag.hardware]}, but {listed(others, 'and')} "
            f"{'has' if len(others) == 1 else 'have'} {_OWN[processor]}",
            _path(definition),
            label=f"a {_ADJECTIVES[tag.hardware]} image",
            fixes=_with_tag(context, definition, other_tag),
            help=f"use the tag `{other_tag}`, or other instances"
            if other_tag is not None
            else f"use {_ADJECTIVES[tag.hardware]} instances",
        )


@warning("HPT350")
def image_for_inference(rule: Rule, context: Context) -> Iterator[Finding]:
    """The training image is one of AWS's images for inference.

    An image such as `pytorch-inference` serves a model in an endpoint. It does not have the program
    `train` that SageMaker runs, so training jobs fail after they have started
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html).

    Bad:
        training_job:
          algorithm:
            training_image:
              763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.3.0-cpu-py311

    Good:
        training_job:
          algorithm: {training_image: null, framework: pytorch-training, version: 2.3.0-cpu-py311}
    """
    for definition in context.job.definitions:
        uri = definition.training_image
        image = images.parse_image(uri) if uri is not None and is_for_inference(uri) else None
        if image is None:
            continue
        training = image.repository.replace("-inference", "-training")
        yield rule.finding(
            f"the training image is of `{image.repository}`, which is for inference",
            _path(definition),
            label="not for training",
            help=f"use an image of `{training}`"
            if training in images.repositories()
            else "use an image for training",
        )


_ADJECTIVES: dict[Processor, str] = {"cpu": "CPU", "gpu": "GPU", "trainium": "Trainium"}
_PLURALS: dict[Processor, str] = {"cpu": "CPUs", "gpu": "GPUs", "trainium": "Trainium chips"}
_OWN: dict[Processor, str] = {"cpu": "only CPUs", "gpu": "GPUs", "trainium": "Trainium chips"}


@frozen
class _UnlistedTag:
    """A tag that AWS does not list for an image that it publishes."""

    definition: Definition
    identified: Identified
    problem: TagProblem


def _unlisted_tags(context: Context) -> Iterator[_UnlistedTag]:
    for definition in context.job.definitions:
        identified = images.identify(definition.training_image or "")
        if identified is None or identified.image.digest is not None:
            continue  # a digest overrides the tag
        if misplaced(definition.training_image or "") is not None:
            continue  # HPT304 names the repository that has the tag
        if identified.kind == "algorithm" and _is_latest(identified.image):
            continue  # HPT348
        image = identified.image
        problem = tag_problem(image.repository, image.tag or "latest")
        if problem is not None:
            yield _UnlistedTag(definition=definition, identified=identified, problem=problem)


def _is_latest(image: Image) -> bool:
    return image.tag in (None, "latest") and image.digest is None


def _with_tag(context: Context, definition: Definition, tag: str | None) -> tuple[Fix, ...]:
    """The fix that writes another tag: of the image, or as the version that a spec has instead."""
    image = images.parse_image(definition.training_image or "")
    if tag is None or image is None:
        return ()
    host, slash, name = (definition.training_image or "").rpartition("/")
    uri = f"{host}{slash}{name.partition(':')[0]}:{tag}"
    fixes = [Fix(changes=(set_value(_path(definition), uri),))]
    if image.tag is not None:
        version = spec_path(definition.path, context.request) / "algorithm" / "version"
        fixes.append(Fix(changes=(SetValue(path=version, value=tag, old=image.tag),)))
    return tuple(fixes)


def _path(definition: Definition) -> RequestPath:
    return definition.path / "AlgorithmSpecification" / "TrainingImage"


def _newest(problem: TagProblem) -> str:
    return listed_code(problem.valid[-_NEWEST:])


def _complete_tag(image: Image, definition: Definition) -> str | None:
    """The tag on these instances for a version that stands alone, or else for the newest one."""
    versions = frameworks.versions(image.repository)
    named = (
        version
        for version in versions
        if image.tag in (version.name, *version.spellings, *version.aliases)
    )
    version = next(named, versions[-1] if versions else None)
    if version is None:
        return None
    processors = _processors(definition).values()
    supported = (processor for processor in processors if processor in version.hardware)
    return version.tag(next(supported, version.hardware[0]))


def _tag_for(processor: Processor, tag: Tag, repository: str) -> str | None:
    """The tag of the same version for another processor; None if it has no such image."""
    for version in frameworks.versions(repository):
        if tag.version in version.spellings:
            return version.tag(processor) if processor in version.hardware else None
    return None


def _processors(definition: Definition) -> dict[str, Processor]:
    """The processor of each instance type that the table has."""
    types = (instances.type for instances in definition.instances)
    return {name: known.processor for name in types if (known := instance(name)) is not None}


RULES = (
    impossible_image_tag,
    unlisted_image_tag,
    latest_algorithm_image,
    image_for_another_processor,
    image_for_inference,
)

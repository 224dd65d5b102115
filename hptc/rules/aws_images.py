"""HPT346..349: the tag of an image that AWS publishes, and the processor it is for."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import Tag, TagProblem, Version
from hptc.catalog.image_tags import tag_problem
from hptc.catalog.images import Identified
from hptc.catalog.instances import Processor, instance
from hptc.catalog.misplaced_images import misplaced
from hptc.diagnostics import Finding, Fix, RequestPath, SetValue, nearest
from hptc.request.spec_paths import spec_path
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, error, set_value, warning
from hptc.text import listed, listed_code

_NEWEST = 4  # the versions in a message; docs/images.md lists all
_LATEST = (None, "latest")


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
    for definition, known, problem in _problems(context):
        if problem.part != "form":
            continue
        image = known.image
        tag = f"`{image.tag}`" if image.tag else "`latest`, the default"
        complete = _complete_tag(image.repository, image.tag or "", definition)
        if known.kind == "algorithm" or not complete:
            meant = nearest(image.tag or "", problem.valid)
            help = f"use {listed_code(problem.valid, 'or')}"
        else:
            meant = complete
            help = f"use a complete tag; the newest versions are {_newest(problem)}"
        yield rule.finding(
            f"AWS publishes no image `{image.repository}` with the tag {tag}",
            _path(definition),
            label=f"did you mean `{meant}`?" if meant else "",
            fixes=_with_tag(context, definition, meant),
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
    for definition, known, problem in _problems(context):
        if problem.part == "form":
            continue
        repository = known.image.repository
        tag = frameworks.parse_tag(known.image.tag or "")
        version = f"version {tag.version} of `{repository}`" if tag else f"`{repository}`"
        valid, meant = problem.valid, nearest(problem.value, problem.valid)
        match problem.part:
            case "version":
                message = f"AWS lists no version `{problem.value}` of `{repository}`"
                help = f"use a listed version; the newest are {_newest(problem)}"
            case "python" if not problem.value:
                message = f"AWS lists no image without a Python version for {version}"
                help = f"add {listed_code(valid, 'or')}"
            case "suffix":
                message = f"AWS lists no build `{problem.value}` for {version}"
                help = f"use {listed_code(valid, 'or')}, or leave it out"
            case "tag":
                message = f"AWS lists no tag `{problem.value}` of `{repository}`"
                help = f"use {listed_code(valid, 'or')}"
            case _:
                message = f"AWS lists no `{problem.value}` image for {version}"
                help = f"use {listed_code(valid, 'or')}"
        label = f"did you mean `{meant}`?" if meant and problem.part in ("version", "tag") else ""
        choice = meant if label else (valid[0] if len(valid) == 1 and problem.value else None)
        tag_text = known.image.tag or ""
        right = tag_text.replace(problem.value, choice) if choice and problem.value else None
        if right is not None and tag_problem(repository, right) is not None:
            right = None  # the rest of the tag is not listed either
        yield rule.finding(
            message,
            _path(definition),
            label=label,
            fixes=_with_tag(context, definition, right),
            help=help,
        )


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
        known = images.identify(definition.training_image or "")
        if known is None or known.kind != "algorithm" or not _is_latest(known):
            continue
        tag = "the tag `latest`" if known.image.tag else "no tag, which means `latest`"
        tags = images.repositories()[known.image.repository].tags.values()
        yield rule.finding(
            f"the training image has {tag}, which AWS advises against",
            _path(definition),
            fixes=_with_tag(context, definition, next(iter(tags)) if len(tags) == 1 else None),
            help=f"use the tag {listed_code(tags, 'or')}",
        )


@warning("HPT349", "M26")
def image_for_another_processor(rule: Rule, context: Context) -> Iterator[Finding]:
    """A framework container is built for another processor than that of the instances.

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
        known = images.identify(definition.training_image or "")
        tag = frameworks.parse_tag(known.image.tag or "") if known else None
        if known is None or known.kind != "framework" or tag is None or tag.hardware is None:
            continue
        types = _types(definition)
        unused = [each for each in types if types[each] != tag.hardware]
        is_unfit = unused if tag.hardware == "cpu" else len(unused) == len(types)
        if not types or not is_unfit:
            continue
        needed = types[unused[0]]
        row = _row(known.image.repository, tag)
        has_image = row is not None and needed in row.hardware
        yield rule.finding(
            f"the training image is for {_PLURALS[tag.hardware]}, but {listed(unused, 'and')} "
            f"{'has' if len(unused) == 1 else 'have'} {_OWN[needed]}",
            _path(definition),
            label=f"a {_ADJECTIVES[tag.hardware]} image",
            fixes=_with_tag(context, definition, row.tag(needed) if row and has_image else None),
            help=f"use the tag `{row.tag(needed)}`, or other instances"
            if row is not None and has_image
            else f"use {_ADJECTIVES[tag.hardware]} instances",
        )


_ADJECTIVES: dict[Processor, str] = {"cpu": "CPU", "gpu": "GPU", "trainium": "Trainium"}
_PLURALS: dict[Processor, str] = {"cpu": "CPUs", "gpu": "GPUs", "trainium": "Trainium chips"}
_OWN: dict[Processor, str] = {"cpu": "only CPUs", "gpu": "GPUs", "trainium": "Trainium chips"}


def _problems(context: Context) -> Iterator[tuple[Definition, Identified, TagProblem]]:
    """The tags of AWS's images that it does not list. A digest overrides the tag."""
    for definition in context.job.definitions:
        known = images.identify(definition.training_image or "")
        if known is None or known.image.digest is not None:
            continue
        if misplaced(definition.training_image or "") is not None:
            continue  # HPT304 names the repository that has the tag
        if known.kind == "algorithm" and _is_latest(known):
            continue
        problem = tag_problem(known.image.repository, known.image.tag or "latest")
        if problem is not None:
            yield definition, known, problem


def _is_latest(known: Identified) -> bool:
    return known.image.tag in _LATEST and known.image.digest is None


def _with_tag(context: Context, definition: Definition, tag: str | None) -> tuple[Fix, ...]:
    """The fix that writes another tag: of the image, or as the version that a spec has instead."""
    image = images.parse_image(definition.training_image or "")
    if tag is None or image is None:
        return ()
    host, slash, name = (definition.training_image or "").rpartition("/")
    uri = f"{host}{slash}{name.partition(':')[0]}:{tag}"
    found = [Fix(changes=(set_value(_path(definition), uri),))]
    if not context.is_request and image.tag is not None:
        version = spec_path(definition.path, context.request) / "algorithm" / "version"
        found.append(Fix(changes=(SetValue(path=version, value=tag, old=image.tag),)))
    return tuple(found)


def _path(definition: Definition) -> RequestPath:
    return definition.path / "AlgorithmSpecification" / "TrainingImage"


def _newest(problem: TagProblem) -> str:
    return listed_code(problem.valid[-_NEWEST:])


def _complete_tag(repository: str, version: str, definition: Definition) -> str | None:
    """The tag for a version that stands alone, or for the newest one, on these instances."""
    known = frameworks.versions(repository)
    rows = [each for each in known if version in (each.name, *each.spellings, *each.aliases)]
    row = next(iter((*rows, *known[-1:])), None)
    if row is None:
        return None
    hardware = next((each for each in _types(definition).values() if each in row.hardware), None)
    return row.tag(hardware or row.hardware[0])


def _row(repository: str, tag: Tag) -> Version | None:
    known = frameworks.versions(repository)
    return next((each for each in known if tag.version in each.spellings), None)


def _types(definition: Definition) -> dict[str, Processor]:
    """The instance types of a training job that the table knows, with their processor."""
    known = ((each.type, instance(each.type)) for each in definition.instances)
    return {name: found.processor for name, found in known if found is not None}


RULES = (
    impossible_image_tag,
    unlisted_image_tag,
    latest_algorithm_image,
    image_for_another_processor,
)

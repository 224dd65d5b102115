"""A spec in its environment: what lies under and over it, and what the environment fills in.

Layers of plain data in, one merged mapping out, with the way back to the file that said each value;
then a Spec's request in, the same request out with role, image, output, key and network filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hptc.catalog.images import (
    ImageProblem,
    framework_image_uri,
    framework_names,
    image_uri,
    versions,
)
from hptc.catalog.instances import instance
from hptc.diagnostics import Diagnostic, Finding, Path, Span, SpecPath, nearest
from hptc.project.project_file import PROJECT_VERBATIM, Environment, Project
from hptc.project.references import reference
from hptc.request.emission import Request
from hptc.request.shapes import Shape, input_shape
from hptc.source.construction import construct_data
from hptc.source.document import Document
from hptc.source.templates import render
from hptc.spec.training_job import Algorithm, TrainingJob
from hptc.spec.tuning_spec import SPEC_VERBATIM, Spec


@dataclass(frozen=True, slots=True)
class Layers:
    """The documents that a spec is made of, the topmost first, each from a key path on."""

    parts: tuple[tuple[Document, Path], ...]

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Where `path` was written: in the topmost layer that has most of it."""
        _, document, full = max(self._places(path), key=lambda place: place[0])
        return document.span(full, key=key)

    def nearest(self, paths: list[SpecPath]) -> SpecPath:
        """Of several spellings of one path, the one that an author wrote most of."""
        return max(
            paths, key=lambda path: max(place[0] for place in self._places(path)) - len(path)
        )

    def _places(self, path: Path) -> list[tuple[int, Document, Path]]:
        """(how many of its keys are written, document, path there) for every layer."""
        return [
            (document.depth_of(full) - (len(full) - len(path)), document, full)
            for document, prefix in self.parts
            for full in _placed(prefix, path)
        ]


def _placed(prefix: Path, path: Path) -> list[Path]:
    """A path below a layer's prefix; `defaults.training_job` serves each of `training_jobs` too."""
    places = [(*prefix, *path)]
    if prefix and len(path) > 1 and path[0] == "training_jobs":
        places.append((*prefix, "training_job", *path[2:]))
    return places


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What hptc.yaml lays under and over every spec of one environment."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    under: SharedLayer | None = None
    over: SharedLayer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLayer:
    """A part of a spec that stands in hptc.yaml."""

    document: Document
    at: Path
    data: Any
    diagnostics: list[Diagnostic]


def shared_layers(project: Project, environment: Environment | None) -> Shared:
    """Read the project's defaults and the environment's overrides, the same for all its specs."""
    variables = environment.variables if environment else {}

    def layer(*at: str) -> SharedLayer:
        data, faults = construct_data(
            project.document, lambda t: render(t, variables), at=at, verbatim=PROJECT_VERBATIM
        )
        return SharedLayer(document=project.document, at=at, data=data, diagnostics=faults)

    over = None
    if environment is not None and project.file.environments[environment.name].overrides:
        over = layer("environments", environment.name, "overrides")
    under = layer("defaults") if project.file.defaults else None
    return Shared(variables=variables, under=under, over=over)


def merge_layers(document: Document, shared: Shared) -> tuple[Any, Layers, list[Diagnostic]]:
    """A spec's data with the project's defaults under it and the environment's overrides over it.

    The merge is that of JSON merge patch (RFC 7396): mappings merge, everything else replaces, and
    null removes.
    """
    data, diagnostics = construct_data(
        document, lambda text: render(text, shared.variables), verbatim=SPEC_VERBATIM
    )
    parts: list[tuple[Document, Path]] = [(document, ())]
    if not isinstance(data, dict):
        return data, Layers(tuple(parts)), diagnostics
    several = "training_jobs" in data
    if (under := shared.under) is not None:
        parts.append((under.document, under.at))
        diagnostics += under.diagnostics
        data = merged(_spread(under.data, data) if several else under.data, data)
    if (over := shared.over) is not None:
        parts.insert(0, (over.document, over.at))
        diagnostics += over.diagnostics
        data = merged(data, _spread(over.data, data) if several else over.data)
    return data, Layers(tuple(parts)), diagnostics


def _spread(shared: Any, data: Mapping[str, Any]) -> Any:
    """A layer whose `training_job` is said once, for each of a spec's `training_jobs`."""
    if not isinstance(shared, dict) or "training_job" not in shared:
        return shared
    several = data.get("training_jobs")
    names = several if isinstance(several, dict) else {}
    rest = {key: value for key, value in shared.items() if key != "training_job"}
    each = dict.fromkeys(names, shared["training_job"])
    return merged({"training_jobs": each}, rest)


def merged(under: Any, over: Any) -> Any:
    """`over` on top of `under`, as a JSON merge patch."""
    if not isinstance(over, dict):
        return over
    result = dict(under) if isinstance(under, dict) else {}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def fill(request: Request, spec: Spec, environment: Environment | None) -> list[Finding]:
    """Put into a request, in place, what its environment provides and the author left out."""
    findings: list[Finding] = []
    config = request.setdefault("HyperParameterTuningJobConfig", {})
    config.setdefault("ResourceLimits", {})
    for training_job, definition, at in _definitions(request, spec):
        findings += _fill_image(definition, training_job.algorithm, environment, at)
        if environment is not None:
            _fill_from(environment, definition, spec.name)
    return findings


def _definitions(request: Request, spec: Spec) -> list[tuple[TrainingJob, Request, SpecPath]]:
    pairs: list[tuple[TrainingJob, Request, SpecPath]] = []
    if spec.training_job is not None:
        single = request.setdefault("TrainingJobDefinition", {})
        pairs.append((spec.training_job, single, SpecPath(("training_job",))))
    several = request.get("TrainingJobDefinitions", ())
    for (name, training_job), definition in zip(
        (spec.training_jobs or {}).items(), several, strict=True
    ):
        pairs.append((training_job, definition, SpecPath(("training_jobs", name))))
    return pairs


def _fill_from(environment: Environment, definition: Request, spec_name: str) -> None:
    provided = environment.variables
    role = environment.infrastructure.execution_role
    if role != "absent" and "RoleArn" not in definition:
        definition["RoleArn"] = reference("execution_role_arn") if role == "managed" else role
    bucket, key = provided.get("artifact_bucket"), provided.get("kms_key_arn")
    output = definition.setdefault("OutputDataConfig", {})
    if bucket is not None and "S3OutputPath" not in output:
        output["S3OutputPath"] = f"s3://{bucket}/{spec_name}/"
    if key is not None:
        output.setdefault("KmsKeyId", key)
        for member in ("ResourceConfig", "HyperParameterTuningResourceConfig"):
            resources = definition.get(member)
            if resources is not None and _takes_volume_key(resources):
                resources.setdefault("VolumeKmsKeyId", key)
    if "VpcConfig" not in definition and "subnet_ids" in provided:
        definition["VpcConfig"] = {
            "SecurityGroupIds": list(provided["security_group_ids"]),
            "Subnets": list(provided["subnet_ids"]),
        }


def _takes_volume_key(resources: Request) -> bool:
    """Instances with local storage encrypt it themselves, and take no key of yours.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    groups = [
        *resources.get("InstanceGroups", ()),
        *resources.get("InstanceConfigs", ()),
        resources,
    ]
    kinds = [instance(group["InstanceType"]) for group in groups if "InstanceType" in group]
    return bool(kinds) and all(kind is not None and not kind.has_local_storage for kind in kinds)


def _fill_image(
    definition: Request, algorithm: Algorithm | None, environment: Environment | None, at: SpecPath
) -> list[Finding]:
    if algorithm is None:
        return []
    at = at / "algorithm"
    given = [
        k
        for k in ("built_in", "framework", "training_image", "algorithm_name")
        if getattr(algorithm, k)
    ]
    if len(given) != 1 and ("built_in" in given or "framework" in given):
        message = f"`{given[0]}` and `{given[1]}` both say what to train"
        return [_finding("HPT102", message, at / given[1], help="keep one of the two")]
    name = algorithm.built_in or algorithm.framework
    if name is None:
        if algorithm.version is not None:
            message = "`version` goes with `built_in` or `framework`"
            return [_finding("HPT102", message, at / "version", help="remove it")]
        return []
    if algorithm.version is None:
        known = versions(name)
        advice = (
            f"add `version:`, one of {', '.join(known)}"
            if known
            else "add `version:`, the image's tag"
        )
        return [
            _finding(
                "HPT103", f"`{given[0]}: {name}` needs a `version`", at / given[0], help=advice
            )
        ]
    if environment is None:
        return [
            _finding(
                "HPT103",
                f"which image `{name}` is depends on the Region, and no environment gives one",
                at / given[0],
                help="add an environment to hptc.yaml, or write `training_image:`",
            )
        ]
    # A framework container may be named by its version, where AWS lists these, or by its whole tag.
    by_version = bool(algorithm.built_in) or algorithm.version in versions(name)
    uri = image_uri if by_version else framework_image_uri
    made = uri(name, algorithm.version, environment.region)
    if isinstance(made, str):
        definition["AlgorithmSpecification"]["TrainingImage"] = made
        return []
    return [_image_finding(made, given[0], name, at)]


def _image_finding(problem: ImageProblem, key: str, name: str, at: SpecPath) -> Finding:
    meant = nearest(problem.value, problem.valid)
    label = f"did you mean `{meant}`?" if meant else ""
    known = f"known: {', '.join(problem.valid)}"
    match problem.field:
        case "name":
            other = "framework" if key == "built_in" and problem.value in framework_names() else ""
            advice = f"write `{other}: {name}`" if other else known
            return _finding(
                "HPT104",
                f"there is no {key.replace('_', '-')} image `{name}`",
                at / key,
                label,
                help=advice,
            )
        case "version":
            message = f"`{name}` has no version `{problem.value}`"
            return _finding("HPT104", message, at / "version", label, help=known)
    message = f"`{name}` is not published in {problem.value}"
    return _finding("HPT104", message, at / key, help=f"published in {', '.join(problem.valid)}")


def _finding(
    code: str, message: str, path: SpecPath, label: str = "", *, help: str = ""
) -> Finding:
    return Finding(code=code, message=message, path=path, label=label, help=help)


def ordered(value: Any, shape: Shape | None = None) -> Any:
    """A request with its members in the API's own order; maps and lists stay as they are."""
    if not isinstance(value, (dict, list)):
        return value
    shape = shape or input_shape()
    if isinstance(value, dict) and shape.type == "structure":
        known = {k: ordered(value[k], member) for k, member in shape.members.items() if k in value}
        if len(known) < len(value):
            known |= {key: inner for key, inner in value.items() if key not in known}
        return known
    if isinstance(value, list) and shape.item is not None and shape.item.type == "structure":
        return [ordered(inner, shape.item) for inner in value]
    return value

"""Adds an environment's values to a request: role, image, output location, KMS key, network."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.catalog import algorithms
from hptc.catalog.frameworks import repositories as framework_repositories
from hptc.catalog.image_names import meant_image
from hptc.catalog.images import (
    ImageProblem,
    algorithm_names,
    framework_names,
    image_uri,
    versions,
)
from hptc.catalog.instances import instance
from hptc.catalog.region_names import is_region
from hptc.compiler.framework_images import framework_uri, newest_versions
from hptc.diagnostics import Finding, RequestPath, SpecPath, nearest, respelled
from hptc.frozen import frozen
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.emission import Request
from hptc.spec.training_job import Algorithm, TrainingJob
from hptc.spec.tuning_spec import Spec

_REGION_OF_ALL_IMAGES = "us-east-1"  # without an environment, the version is still checked


def fill(request: Request, spec: Spec, environment: Environment | None) -> list[Finding]:
    """Add to `request`, in place, the values that the spec omits and the environment provides."""
    findings: list[Finding] = []
    config = request.setdefault("HyperParameterTuningJobConfig", {})
    config.setdefault("ResourceLimits", {})
    for emitted in emitted_definitions(request, spec):
        if environment is None or is_region(environment.region):  # else hptc.yaml has the error
            findings += _fill_image(emitted, environment)
        if environment is not None:
            _fill_resources(emitted.definition, environment, spec.name)
    return findings


@frozen
class EmittedDefinition:
    """A training job of a spec, and the definition in the request that it has become."""

    training_job: TrainingJob
    at: SpecPath
    definition: Request
    path: RequestPath


def emitted_definitions(request: Request, spec: Spec) -> Iterator[EmittedDefinition]:
    """Each training job of a spec with its definition, which the caller may change."""
    if spec.training_job is not None:
        yield EmittedDefinition(
            training_job=spec.training_job,
            at=SpecPath(("training_job",)),
            definition=request.setdefault("TrainingJobDefinition", {}),
            path=RequestPath(("TrainingJobDefinition",)),
        )
    for index, (name, training_job) in enumerate((spec.training_jobs or {}).items()):
        yield EmittedDefinition(
            training_job=training_job,
            at=SpecPath(("training_jobs", name)),
            definition=request["TrainingJobDefinitions"][index],
            path=RequestPath(("TrainingJobDefinitions", index)),
        )


def _fill_resources(definition: Request, environment: Environment, spec_name: str) -> None:
    """Add the role, the output location, the KMS key and the network."""
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
    """Whether the instances have EBS volumes. Local storage does not support a KMS key.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    """
    groups = [
        *resources.get("InstanceGroups", ()),
        *resources.get("InstanceConfigs", ()),
        *resources.get("InstancePreferences", ()),
        resources,
    ]
    kinds = [instance(group["InstanceType"]) for group in groups if "InstanceType" in group]
    return bool(kinds) and all(kind is not None and not kind.has_local_storage for kind in kinds)


def _fill_image(emitted: EmittedDefinition, environment: Environment | None) -> list[Finding]:
    algorithm = emitted.training_job.algorithm
    if algorithm is None:
        return []
    at, definition = emitted.at / "algorithm", emitted.definition
    problem = _selection_problem(algorithm, at)
    if problem is not None:
        return [problem]
    key = "built_in" if algorithm.built_in else "framework"
    name, version = algorithm.built_in or algorithm.framework, algorithm.version
    if name is None or version is None:
        return []
    findings = []
    if environment is None:
        findings.append(
            _finding(
                "HPT103",
                f"the image of `{name}` depends on the Region, but no environment is defined",
                at / key,
                help="add an environment to hptc.yaml, or use `training_image:`",
            )
        )
    region = _REGION_OF_ALL_IMAGES if environment is None else environment.region
    resolved = (
        image_uri(name, version, region)
        if key == "built_in"
        else framework_uri(name, version, region, definition, at)
    )
    match resolved:
        case ImageProblem():
            findings.append(_image_finding(resolved, key, name, at))
        case Finding():
            findings.append(resolved)
        case str() if environment is not None:
            definition["AlgorithmSpecification"]["TrainingImage"] = resolved
    return findings


def _selection_problem(algorithm: Algorithm, at: SpecPath) -> Finding | None:
    """Why the keys of `algorithm` select no AWS image; None if they do, or need none."""
    selectors = [
        key
        for key in ("built_in", "framework", "training_image", "algorithm_name")
        if getattr(algorithm, key)
    ]
    if len(selectors) != 1 and ("built_in" in selectors or "framework" in selectors):
        message = f"`{selectors[0]}` and `{selectors[1]}` both select the algorithm"
        return _finding("HPT102", message, at / selectors[1], help="keep one of the two")
    name = algorithm.built_in or algorithm.framework
    if name is None:
        if algorithm.version is None:
            return None
        message = "`version` requires `built_in` or `framework`"
        return _finding("HPT102", message, at / "version", help="remove it")
    jumpstart = None
    if algorithm.built_in is not None:
        jumpstart = _jumpstart_finding(name, algorithm.version, at)
    if jumpstart is not None or algorithm.version is not None:
        return jumpstart
    known, newest = versions(name), newest_versions(name)
    listed = f", one of {', '.join(known)}" if known else ""
    listed = listed or (f"; the newest are {', '.join(newest)}" if newest else "")
    return _finding(
        "HPT103",
        f"`{selectors[0]}: {name}` requires a `version`",
        at / selectors[0],
        help=f"add `version:`{listed}",
    )


def _jumpstart_finding(name: str, version: str | None, at: SpecPath) -> Finding | None:
    """A built-in algorithm that SageMaker JumpStart provides as a script, not as an image."""
    known = algorithms.algorithm(name.lower().replace("_", "-"), version)
    if known is None or known.kind != "jumpstart":
        return None
    return _finding(
        "HPT104",
        f"{known.title} has no image of its own: it is a JumpStart script in a framework image",
        at / "built_in",
        "not an image",
        help="use `training_image` and its script, as in docs/specs.md under JumpStart algorithms; "
        f"`hptc explain {known.name}` lists the metrics",
    )


def _image_finding(problem: ImageProblem, key: str, name: str, at: SpecPath) -> Finding:
    meant = meant_image if problem.field == "name" else nearest
    suggestion = meant(problem.value, problem.valid)
    label = f"did you mean `{suggestion}`?" if suggestion else ""
    known = f"valid values: {', '.join(problem.valid)}"
    match problem.field:
        case "name":
            is_built_in = key == "built_in"
            other = "framework" if is_built_in else "built_in"
            names = framework_names() if is_built_in else algorithm_names()
            elsewhere = meant_image(name, names)
            if name in names or (is_built_in and framework_repositories(name)):
                elsewhere = name
            advice = f"write `{other}: {elsewhere}`" if elsewhere and not suggestion else known
            return _finding(
                "HPT104",
                f"AWS publishes no {key.replace('_', '-')} image `{name}`",
                at / key,
                label,
                help=advice,
                replacement=suggestion,
            )
        case "version":
            message = f"`{name}` has no version `{problem.value}`"
            return _finding(
                "HPT104",
                message,
                at / "version",
                label,
                help=known,
                replacement=suggestion,
            )
    message = f"`{name}` is not published in {problem.value}"
    return _finding("HPT104", message, at / key, help=f"available in {', '.join(problem.valid)}")


def _finding(
    code: str,
    message: str,
    path: SpecPath,
    label: str = "",
    *,
    help: str = "",
    replacement: str | None = "",
) -> Finding:
    return Finding(
        code=code,
        message=message,
        path=path,
        label=label,
        help=help,
        fixes=respelled(replacement, path),
    )

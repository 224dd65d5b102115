"""The permissions of training jobs for S3 and KMS, used by permissions.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hptc.diagnostics import RequestPath
from hptc.infrastructure.arns import S3Location, escaped, key_grant, s3_location, service_host
from hptc.infrastructure.statements import Condition, Statement
from hptc.project.project_file import Environment
from hptc.project.references import reference
from hptc.request.job_facts import SUBMIT_DIRECTORY, toolkit_text
from hptc.request.tuning_job import Definition, S3Source

_ARCHIVE = r"[0-9a-f]{64}/sourcedir\.tar\.gz"
"""The key of an archive below the folder of the project's code (see request/training_code.py)."""


def inputs(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Read the training data."""
    for source in _s3_sources(definition):
        location = s3_location(source.uri, environment)
        if location is None:
            continue
        location = _any_version(location, environment)
        by = source.path / "S3Uri"
        if location.is_directory_bucket:
            yield _express_session("Input", location, by)
            continue
        yield _list("ListInput", location, (f"{escaped(location.key)}*",), by)
        # The objects in a manifest are known only when it is read; they are in one bucket:
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
        is_manifest = source.data_type in ("ManifestFile", "AugmentedManifestFile")
        yield Statement(
            sid="ReadManifest" if is_manifest else "ReadInput",
            actions=("s3:GetObject",),
            resources=(location.all_objects if is_manifest else location.objects,),
            reason="reads the manifest and the objects that it lists, known only at run time"
            if is_manifest
            else "reads the training data under its prefix",
            required_by=(by,),
        )


def code(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Read the training script."""
    location = _code_location(definition, environment)
    if location is None:
        return
    of_project = _any_version(location, environment)
    is_own = of_project != location
    yield Statement(
        sid="ReadCode",
        actions=("s3:GetObject",),
        resources=(of_project.objects if is_own else location.object,),
        reason="the container downloads the training code; every version of the project's code, "
        "so that new code needs no deployment"
        if is_own
        else "the container downloads the training script",
        required_by=(_code_path(definition),),
    )


def output(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Write the model artifacts."""
    location = s3_location(definition.output_path, environment)
    by = _output_path(definition)
    if location is None:
        return
    if location.is_directory_bucket:
        yield _express_session("Output", location, by)
        return
    yield Statement(
        sid="WriteOutput",
        actions=("s3:PutObject",),
        resources=(location.below,),
        reason="writes the model artifacts under the output path",
        required_by=(by,),
    )


def checkpoints(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Save and restore checkpoints."""
    location = s3_location(definition.checkpoint_uri or "", environment)
    by = definition.path / "CheckpointConfig" / "S3Uri"
    if location is None:
        return
    if location.is_directory_bucket:
        yield _express_session("Checkpoints", location, by)
        return
    # A folder, not a key prefix: `checkpoints/a` does not include `checkpoints/ab`.
    folder = escaped(location.key.rstrip("/"))
    yield _list("ListCheckpoints", location, (folder, f"{folder}/*"), by)
    yield Statement(
        sid="ReadWriteCheckpoints",
        actions=("s3:GetObject", "s3:PutObject"),
        resources=(location.below,),
        reason="saves checkpoints, and restores them after a Spot interruption",
        required_by=(by,),
    )


def input_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Decrypt the training data."""
    read = [
        (s3_location(source.uri, environment), source.path / "S3Uri")
        for source in _s3_sources(definition)
    ]
    read.append((_code_location(definition, environment), _code_path(definition)))
    for location, by in read:
        if location is None or location.is_directory_bucket:
            continue
        own = _project_key(environment)
        keys = [own] if own is not None and _is_project_bucket(location, environment) else []
        for key in [*keys, *environment.infrastructure.input_kms_keys]:
            grant = key_grant(key, environment)
            yield Statement(
                sid=f"DecryptInput{grant.suffix}",
                actions=("kms:Decrypt",),
                resources=(grant.resource,),
                conditions=(_through(environment, "s3"), *grant.conditions),
                reason=f"S3 decrypts the training data{grant.note}",
                required_by=(by,),
            )


def output_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Encrypt the model artifacts and checkpoints."""
    keys: list[tuple[str, RequestPath]] = []
    if definition.output_kms_key_id is not None:
        keys.append(
            (definition.output_kms_key_id, definition.path / "OutputDataConfig" / "KmsKeyId")
        )
    own = _project_key(environment)
    for uri, by in (
        (definition.output_path, _output_path(definition)),
        (definition.checkpoint_uri, definition.path / "CheckpointConfig" / "S3Uri"),
    ):
        location = s3_location(uri or "", environment)
        if location is not None and own is not None and _is_project_bucket(location, environment):
            keys.append((own, by))  # the bucket's default encryption
    for key, by in keys:
        grant = key_grant(key, environment)
        yield Statement(
            sid=f"EncryptOutput{grant.suffix}",
            # S3 requires a data key, and Decrypt to complete a multipart upload:
            # https://repost.aws/knowledge-center/s3-large-file-encryption-kms-key
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(grant.resource,),
            conditions=(_through(environment, "s3"), *grant.conditions),
            reason=f"S3 encrypts what the jobs write{grant.note}",
            required_by=(by,),
        )
    if definition.output_kms_key_id is not None:
        grant = key_grant(definition.output_kms_key_id, environment)
        yield Statement(
            sid=f"SealOutput{grant.suffix}",
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html
            # requires it and does not say who calls; AWS's own execution policy allows it through
            # SageMaker alone: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SageMakerStudioUserIAMPermissiveExecutionPolicy.html
            actions=("kms:Encrypt",),
            resources=(grant.resource,),
            conditions=(_through(environment, "s3", "sagemaker"), *grant.conditions),
            reason=f"SageMaker requires it for an output key{grant.note}",
            required_by=(definition.path / "OutputDataConfig" / "KmsKeyId",),
        )


def volume_keys(definition: Definition, environment: Environment) -> Iterator[Statement]:
    """Encrypt the instances' volumes."""
    for resources in definition.resources:
        if resources.volume_kms_key_id is None:
            continue
        grant = key_grant(resources.volume_kms_key_id, environment)
        yield Statement(
            sid=f"GrantVolumeKey{grant.suffix}",
            actions=("kms:CreateGrant",),
            resources=(grant.resource,),
            conditions=(
                Condition(operator="Bool", key="kms:GrantIsForAWSResource", values=("true",)),
                *grant.conditions,
            ),
            reason=f"allows EBS to use the key of the instances' volumes{grant.note}",
            required_by=(resources.path / "VolumeKmsKeyId",),
        )


def locations(
    definition: Definition, environment: Environment
) -> Iterator[tuple[S3Location, RequestPath]]:
    """Each S3 location in a definition, with its request path."""
    named = [(source.uri, source.path / "S3Uri") for source in _s3_sources(definition)]
    named.append((definition.output_path, _output_path(definition)))
    for uri, by in named:
        if (location := s3_location(uri, environment)) is not None:
            yield location, by
    for place in (
        checkpoint_location(definition, environment),
        code_location(definition, environment),
    ):
        if place is not None:
            yield place


def checkpoint_location(
    definition: Definition, environment: Environment
) -> tuple[S3Location, RequestPath] | None:
    """The S3 location of checkpoints, with its request path; None without one."""
    location = s3_location(definition.checkpoint_uri or "", environment)
    by = definition.path / "CheckpointConfig" / "S3Uri"
    return (location, by) if location is not None else None


def code_location(
    definition: Definition, environment: Environment
) -> tuple[S3Location, RequestPath] | None:
    """The S3 location of the training script, with its request path; None without one."""
    location = _code_location(definition, environment)
    return (location, _code_path(definition)) if location is not None else None


def _through(environment: Environment, *services: str) -> Condition:
    """A condition that one of these services uses the key for the role, not the role itself.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    return Condition(
        operator="StringEquals",
        key="kms:ViaService",
        values=tuple(service_host(environment, service) for service in services),
    )


def _s3_sources(definition: Definition) -> Iterator[S3Source]:
    for channel in definition.channels:
        for source in channel.sources:
            if isinstance(source, S3Source):
                yield source


def code_uri(definition: Definition) -> str | None:
    """Where the training script is. The SageMaker training toolkit decodes values from JSON."""
    text = definition.static.get(SUBMIT_DIRECTORY)
    return None if text is None else toolkit_text(text)


def _code_location(definition: Definition, environment: Environment) -> S3Location | None:
    uri = code_uri(definition)
    return s3_location(uri, environment) if uri is not None else None


def _any_version(location: S3Location, environment: Environment) -> S3Location:
    """The folder of the project's code for a location of an archive that hptc uploads."""
    folder = f"{environment.project}/source/"
    rest = location.key.removeprefix(folder)
    is_own = rest != location.key and re.fullmatch(_ARCHIVE, rest) is not None
    return replace(location, key=folder) if is_own else location


def _code_path(definition: Definition) -> RequestPath:
    return definition.path / "StaticHyperParameters" / SUBMIT_DIRECTORY


def _output_path(definition: Definition) -> RequestPath:
    return definition.path / "OutputDataConfig" / "S3OutputPath"


def _list(
    purpose: str, location: S3Location, prefixes: tuple[str, ...], by: RequestPath
) -> Statement:
    """List a bucket under prefixes. Each bucket has its own sid, as the prefix is a condition."""
    if not location.key:
        return Statement(
            sid=f"{purpose}{location.sid}Whole",
            actions=("s3:ListBucket",),
            resources=(location.arn,),
            reason="lists the bucket; the URI covers all of it",
            required_by=(by,),
        )
    return Statement(
        sid=f"{purpose}{location.sid}",
        actions=("s3:ListBucket",),
        resources=(location.arn,),
        conditions=(Condition(operator="StringLike", key="s3:prefix", values=prefixes),),
        reason="lists the bucket under the prefix",
        required_by=(by,),
    )


def _express_session(purpose: str, location: S3Location, by: RequestPath) -> Statement:
    read_only = Condition(
        operator="StringEquals", key="s3express:SessionMode", values=("ReadOnly",)
    )
    return Statement(
        sid=f"Open{purpose}Session",
        actions=("s3express:CreateSession",),
        resources=(location.arn,),
        conditions=(read_only,) if purpose == "Input" else (),
        reason="S3 Express One Zone has one permission, for the whole bucket",
        required_by=(by,),
    )


def _project_key(environment: Environment) -> str | None:
    match environment.infrastructure.kms_key:
        case "absent":
            return None
        case "managed":
            return reference("kms_key_arn")
        case key:
            return key


def _is_project_bucket(location: S3Location, environment: Environment) -> bool:
    chosen = environment.infrastructure
    buckets = {"artifact_bucket": chosen.artifact_bucket, "data_bucket": chosen.data_bucket}
    return any(
        location.bucket == (reference(name) if choice == "managed" else choice)
        for name, choice in buckets.items()
    )

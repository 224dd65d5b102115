"""Adds the training code of a spec's `source` to its request.

The request names the archive by its content, so other code is another tuning job. Nothing is
uploaded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from hptc.compiler.draft import AddedCode
from hptc.compiler.filling import emitted_definitions
from hptc.compiler.outcome import Origin
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Finding, RequestPath, SpecPath, nearest
from hptc.project.project_file import Environment
from hptc.request.emission import Request, encodes_json, value_text
from hptc.request.job_facts import CODE_CHANNEL, PROGRAM, SCRIPT_SETTINGS, SUBMIT_DIRECTORY
from hptc.request.training_code import (
    PATH_IN_CHANNEL,
    TrainingCode,
    code_key,
)
from hptc.source.packing import PackedCode, PackingProblem, pack
from hptc.spec.training_job import Source, TrainingJob
from hptc.spec.tuning_spec import Spec

UNPACKABLE = "HPT008"
MAX_BYTES_OF_A_RUN = 200_000_000
"""For all directories that one run packs: a small pull request can contain any number of them."""
_NO_DIGEST = "0" * 64  # in a request with errors


def add_code(request: Request, spec: Spec, origin: Origin, workspace: Workspace) -> AddedCode:
    """Pack each `source` of a spec, and add the archive to `request`, in place."""
    codes: dict[RequestPath, TrainingCode] = {}
    findings: list[Finding] = []
    project = origin.environment.project if origin.environment else ""
    for emitted in emitted_definitions(request, spec):
        source, at = emitted.training_job.source, emitted.at / "source"
        if source is None:
            continue
        packed = _packed(source, at, origin, workspace)
        bucket = _bucket(origin.environment, at)
        problems = [result for result in (packed, bucket) if isinstance(result, Finding)]
        findings += problems
        code = TrainingCode(
            at=at,
            directory=_normalized(source.directory),
            entry_point=_normalized(source.entry_point),
            packed=packed if isinstance(packed, PackedCode) else PackedCode(()),
            bucket=bucket if isinstance(bucket, str) else "bucket",
            key=code_key(project, packed.digest if isinstance(packed, PackedCode) else _NO_DIGEST),
            kms_key_id=_kms_key(origin.environment),
            written=tuple(_written(emitted.training_job, emitted.at)),
        )
        _add(code, emitted.training_job, emitted.definition)
        if not problems:
            codes[emitted.path] = code
    return AddedCode(codes=codes, findings=tuple(findings))


def _normalized(path: str | None) -> str:
    """A path without `./` and a slash at the end, as the files of the archive are named."""
    return str(PurePosixPath(path)) if path else ""


def _add(code: TrainingCode, training_job: TrainingJob, definition: Request) -> None:
    as_json = encodes_json(training_job.__dict__)
    static = definition.setdefault("StaticHyperParameters", {})
    static[PROGRAM] = value_text(code.entry_point, as_json=as_json)
    location = code.uri
    if definition.get("EnableNetworkIsolation"):
        location = PATH_IN_CHANNEL
        channel = {
            "ChannelName": CODE_CHANNEL,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": code.uri}},
        }
        algorithm = definition.get("AlgorithmSpecification", {})
        if algorithm.get("TrainingInputMode", "File") != "File":
            channel["InputMode"] = "File"  # the container unpacks a file
        channels = definition.setdefault("InputDataConfig", [])
        if all(channel.get("ChannelName") != CODE_CHANNEL for channel in channels):
            channels.append(channel)
    static[SUBMIT_DIRECTORY] = value_text(location, as_json=as_json)


def _written(training_job: TrainingJob, at: SpecPath) -> Iterator[SpecPath]:
    """The keys that a spec sets although `source` sets them."""
    for key in ("hyperparameters", "environment"):
        for name in getattr(training_job, key) or {}:
            if name in SCRIPT_SETTINGS:
                yield at / key / name
    if training_job.enable_network_isolation and CODE_CHANNEL in (training_job.inputs or {}):
        yield at / "inputs" / CODE_CHANNEL


def _bucket(environment: Environment | None, at: SpecPath) -> str | Finding:
    bucket = environment.variables.get("artifact_bucket") if environment is not None else None
    if isinstance(bucket, str):
        return bucket
    if environment is None:
        message = "`source` is uploaded to the environment's artifact bucket, but no environment "
        message += "is defined"
        help = "add an environment to hptc.yaml"
    else:
        message = f"`source` needs an artifact bucket, but `{environment.name}` has none"
        help = "set `infrastructure.artifact_bucket` in hptc.yaml to `managed` or to a bucket"
    return Finding(code="HPT103", message=message, path=at, help=help, on_key=True)


def _kms_key(environment: Environment | None) -> str | None:
    key = environment.variables.get("kms_key_arn") if environment is not None else None
    return key if isinstance(key, str) else None


def _packed(
    source: Source, at: SpecPath, origin: Origin, workspace: Workspace
) -> PackedCode | Finding:
    """The code in the directory of a `source`, or what is wrong with it."""
    for key in ("directory", "entry_point"):
        if not getattr(source, key):
            return Finding(
                code="HPT103", message=f"`source` requires `{key}`", path=at, help=f"add `{key}:`",
                on_key=True,
            )  # fmt: skip
    directory, entry_point = source.directory or "", _normalized(source.entry_point)
    root = origin.project.root if origin.project else FilePath(origin.file).absolute().parent
    folder = _folder(directory, root, workspace)
    if isinstance(folder, PackingProblem):
        return _finding(f"`{directory}` {folder.message}", at / "directory", folder.help)
    packed = _pack_once(folder, workspace)
    if isinstance(packed, PackingProblem):
        return _finding(f"`{directory}` {packed.message}", at / "directory", packed.help)
    if entry_point in packed.files:
        return packed
    meant = nearest(entry_point, tuple(packed.files))
    return _finding(
        f"`{directory}` has no file `{entry_point}` to run",
        at / "entry_point",
        "set the path of the training script below `directory`; git must track the file, or at "
        "least not ignore it",
        label=f"did you mean `{meant}`?" if meant else "",
    )


def _folder(directory: str, root: FilePath, workspace: Workspace) -> FilePath | PackingProblem:
    """The folder of the code in its canonical form, which is inside the project."""
    path = FilePath(directory)
    if path.is_absolute() or ".." in path.parts or "\0" in directory:
        return PackingProblem(
            message="is not a path inside the project",
            help="set the path of a folder, relative to the folder of hptc.yaml",
        )
    folder, top = workspace.files.real(root / path), workspace.files.real(root)
    if not folder.is_relative_to(top):
        return PackingProblem(
            message="is a link to a folder outside the project", help="replace it with the folder"
        )
    if any(part.lower() == ".git" for part in folder.parts):
        return PackingProblem(message="is inside .git, which is never read")
    if not workspace.files.is_folder(folder):
        problem = (
            "is a file" if workspace.files.is_file(folder) else "does not exist in the project"
        )
        return PackingProblem(
            message=problem, help="set the path of a folder, relative to the folder of hptc.yaml"
        )
    return folder


def _pack_once(folder: FilePath, workspace: Workspace) -> PackedCode | PackingProblem:
    """The code in a folder, which one run reads once for all specs and environments."""
    if folder not in workspace.packed:
        used = sum(code.size for code in workspace.packed.values() if isinstance(code, PackedCode))
        workspace.packed[folder] = (
            pack(folder, workspace.files)
            if used <= MAX_BYTES_OF_A_RUN
            else PackingProblem(
                message="was not packed, because the directories before it have more than "
                f"{MAX_BYTES_OF_A_RUN // 10**6} MB",
                help="check fewer specs at a time",
            )
        )
    return workspace.packed[folder]


def _finding(message: str, path: SpecPath, help: str, *, label: str = "") -> Finding:
    return Finding(code=UNPACKABLE, message=message, path=path, help=help, label=label)

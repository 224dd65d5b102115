"""The files that the options of `aws sagemaker create-hyper-parameter-tuning-job` take.

Each is one member of the request, as in `--training-job-definition file://definition.json`. Its
keys show which one.
https://docs.aws.amazon.com/cli/latest/reference/sagemaker/create-hyper-parameter-tuning-job.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hptc.errors import UsageError
from hptc.request.emission import Request
from hptc.request.shapes import Shape, input_shape
from hptc.text import listed_code
from hptc.tool_formats.imported_job import ImportedJob

_CONFIG = "HyperParameterTuningJobConfig"
_DEFINITIONS = ("TrainingJobDefinition", "TrainingJobDefinitions")


def member_of_piece(data: Any) -> str | None:
    """The member of the request that a file contains: the one that most of its keys belong to."""
    for member, shape in input_shape().members.items():
        is_list = shape.type == "list"
        if isinstance(data, list) != is_list:
            continue
        structures = data if is_list else [data]
        known = _keys_of(shape.item if is_list and shape.item else shape)
        keys = [
            key for structure in structures if isinstance(structure, Mapping) for key in structure
        ]
        if 2 * sum(key in known for key in keys) > len(keys):
            return member
    return None


def _keys_of(shape: Shape) -> frozenset[str]:
    return frozenset(shape.members)


def read_cli_pieces(pieces: Sequence[tuple[str, Any]]) -> ImportedJob:
    """The request of several files, given as their names and contents.

    Each is the value of one member, or a part of a request with its members.
    """
    request: Request = {}
    origin: dict[str, str] = {}
    for file, data in pieces:
        for member, value in _members(file, data).items():
            if member in request:
                raise UsageError(
                    f"{file}: {origin[member]} already has the {member}",
                    help="pass the files of one tuning job",
                )
            request[member], origin[member] = value, file
    missing = [] if _CONFIG in request else [_CONFIG]
    if not any(member in request for member in _DEFINITIONS):
        missing.append(_DEFINITIONS[0])
    if missing:
        raise UsageError(
            f"{pieces[0][0]}: only a part of a request, {listed_code(request)}: "
            f"{listed_code(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            help="pass all files of the tuning job: hptc import config.json definition.json",
        )
    return ImportedJob(request=request, form="the files of an AWS CLI command")


def _members(file: str, data: object) -> Mapping[str, Any]:
    if isinstance(data, Mapping) and any(key in input_shape().members for key in data):
        return data
    member = member_of_piece(data)
    if member is None:
        raise UsageError(
            f"{file}: not a part of a CreateHyperParameterTuningJob request",
            help=f"its keys would be those of one of {listed_code(input_shape().members)}",
        )
    return {member: data}

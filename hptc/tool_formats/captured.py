"""A request that a program sent to a local endpoint, without values that only fit that run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hptc.diagnostics import Path, path_text
from hptc.request.emission import Request
from hptc.text import code, quoted
from hptc.tool_formats.imported_job import ImportedJob

_NAME = "HyperParameterTuningJobName"
_STATIC = "StaticHyperParameters"
_JOB_NAME = "sagemaker_job_name"
_TIMESTAMP = re.compile(r"-(\d{6}-\d{4}|\d{4}-\d\d-\d\d.*|\d{8,14}(-\w+)?)$")
"""What the SageMaker SDK appends to names, in versions 2 and 3, and what scripts often do."""


def captured_job(request: Request, *, account: str, role_arn: str) -> ImportedJob:
    """The job of a captured request, without the stand-in's role and a name with a timestamp.

    The notes name what else is left over: values with the stand-in's `account`, such as the path of
    an upload, and the name of the program's own job.
    """
    job: Request = dict(request)
    notes = []
    name = request.get(_NAME)
    if isinstance(name, str) and _TIMESTAMP.search(name):
        del job[_NAME]
        notes.append(
            f"left out the tuning job's name {quoted(name)}, which has a timestamp: hptc names a "
            "tuning job after its spec and content"
        )
    job, had_role = _without_role(job, role_arn)
    if had_role:
        notes.append(
            "left out the role, which is the local endpoint's: hptc deploy creates one, or set "
            "role_arn"
        )
    for path, value in _texts(job, ()):
        if path[-2:] == (_STATIC, _JOB_NAME):
            notes.append(
                f"left over: {code(path_text(path))} is {quoted(value)}, the name of one run: "
                "remove it, or set a fixed name"
            )
        elif account in value:
            notes.append(
                f"left over: {code(path_text(path))} is {quoted(value, 200)}, in the local "
                f"endpoint's account: {_advice(path, value, _program(job, path))}"
            )
    return ImportedJob(request=job, form="", notes=tuple(notes))


def _program(job: Request, path: Path) -> str:
    """The script that is set next to a static hyperparameter, as the program sent it."""
    siblings: Any = job
    for part in path[:-1]:
        siblings = siblings[part]
    return str(siblings.get("sagemaker_program") or "") if isinstance(siblings, Mapping) else ""


def _advice(path: Path, value: str, program: str) -> str:
    if path[-1] == "sagemaker_submit_directory":
        script = program.strip('"').rpartition("/")[2] or "train.py"
        return (
            "remove it and `sagemaker_program`, and add `source: {directory: FOLDER, entry_point: "
            f"{script}}}` to `training_job`, so that hptc packs and uploads the folder"
        )
    is_in_s3 = value.strip('"').startswith("s3://")
    return "name your own bucket" if is_in_s3 else "correct the account"


def spec_name(request: Request) -> str:
    """A name for the spec of a captured request: its job's, without a timestamp."""
    name = str(request.get(_NAME, ""))
    stem = re.sub(r"[^A-Za-z0-9]+", "-", _TIMESTAMP.sub("", name)).strip("-")
    return stem or "captured"


def _without_role(value: object, role_arn: str) -> tuple[Any, bool]:
    """A request without the member RoleArn where it is `role_arn`, and whether it was there."""
    if isinstance(value, list):
        parts = [_without_role(element, role_arn) for element in value]
        return [part for part, _ in parts], any(is_found for _, is_found in parts)
    if not isinstance(value, Mapping):
        return value, False
    kept, is_found = {}, False
    for key, member in value.items():
        if key == "RoleArn" and member == role_arn:
            is_found = True
            continue
        kept[key], found_below = _without_role(member, role_arn)
        is_found = is_found or found_below
    return kept, is_found


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, (*path, key))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _texts(element, (*path, index))

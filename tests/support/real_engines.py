"""A real docker or podman, where one runs containers, and an image that needs no registry."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path

import pytest

from hptc.local.container_engine import Engine

_PROGRAMS = ("sh", "cat", "chown", "env", "id", "ls", "mkdir", "sleep")
_TRAIN = "#!/bin/sh\n. /opt/ml/input/data/script/train.sh\n"
_LIBRARY = re.compile(r"(?:=> |^\s*)(/\S+) \(0x", re.MULTILINE)
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hptc-tests:1"
USER_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/hptc-tests:user"
USER = 1234
"""The user of USER_IMAGE."""


def require_engine(program: str) -> Engine:
    """An engine with both images; skips the test if none runs containers here."""
    reason = _why_not(program)
    if reason:
        pytest.skip(f"no {program} that runs containers: {reason}")
    return Engine(program=program)


@cache
def _why_not(program: str) -> str:
    engine = Engine(program=program)
    fault = engine.fault()
    if fault:
        return fault
    if shutil.which("ldd") is None:
        return "the image is made of programs of this machine, which needs ldd"
    content = _root()
    for image, options in ((IMAGE, ()), (USER_IMAGE, ("--change", f"USER {USER}:{USER}"))):
        command = [program, "import", *options, "-", image]
        built = subprocess.run(command, input=content, capture_output=True, check=False)
        if built.returncode:
            return built.stderr.decode(errors="replace").strip()
        started = engine.call("run", "--rm", "--network", "none", image, "id")
        if started.returncode:
            remove_images(engine)
            return started.stderr.strip()
    return ""


def remove_images(engine: Engine, *others: str) -> None:
    """Leave nothing of the tests on this machine."""
    engine.call("rmi", "--force", *others, USER_IMAGE, IMAGE)


def _root() -> bytes:
    """A file system with a shell, some programs and `train`, which runs the channel `script`."""
    files: dict[str, bytes] = {"usr/local/bin/train": _TRAIN.encode()}
    for name in _PROGRAMS:
        program = shutil.which(name)
        assert program is not None
        files[f"bin/{name}"] = Path(program).read_bytes()
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
        for path in _LIBRARY.findall(listed.stdout):
            files[path[1:]] = Path(path).read_bytes()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o777
        archive.addfile(temporary)
    return stream.getvalue()

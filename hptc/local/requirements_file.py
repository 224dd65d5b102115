"""The requirements.txt of a script: which packages a Python lacks, and where they are installed.

The training toolkit installs the file into the container before the script runs. Here it is only
installed if the user asks for it, into an environment of its own:
https://github.com/aws/sagemaker-training-toolkit (src/sagemaker_training/modules.py)
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from hptc.frozen import frozen
from hptc.local import requirements_install
from hptc.local.script_mode import REQUIREMENTS
from hptc.text import code, listed, plural

ENVIRONMENTS = ".environments"
"""The folder of all environments, in that of all tuning jobs. No tuning job has such a name."""

_SECONDS = 30.0  # for a Python to start, and to look at its packages
_MAX_BYTES = 1 << 20
_MAX_NAMED = 8  # packages in a message
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^]]*\])?\s*"
    r"(?P<versions>(?:[=!<>~]=?.*|@.*)?)"
)
_PIN = re.compile(r"===?\s*([A-Za-z0-9.+!_-]+)")
_OF_OTHER_FILES = re.compile(r"\s*(?:-|\.|/|file:)")

_VERSIONS = """
import importlib.metadata, json, sys
versions = {}
for name in json.load(sys.stdin):
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        versions[name] = None
json.dump(versions, sys.stdout)
"""
_DESCRIBED = "import sys; print(sys.version, sys.prefix)"


@frozen
class Requirement:
    """A package that the file names. `pinned` is its version, or empty if it is not pinned."""

    name: str
    pinned: str = ""


def read_requirements(text: str) -> tuple[list[Requirement], int]:
    """The packages in a file, and the number of other lines, such as `-r other.txt`."""
    requirements: list[Requirement] = []
    others = 0
    for line in text.replace("\\\n", " ").splitlines():
        content = re.sub(r"(^|\s)#.*", "", line).strip()
        if not content:
            continue
        requirement, _, marker = content.partition(";")
        match = _REQUIREMENT.fullmatch(requirement.strip())
        if match is None or marker or _OF_OTHER_FILES.match(requirement):
            others += 1
            continue
        pin = _PIN.fullmatch(match["versions"].strip())
        requirements.append(Requirement(name=match["name"], pinned=pin[1] if pin else ""))
    return requirements, others


def missing_packages(folder: Path, python: str) -> str | None:
    """What a Python lacks of the file in a folder of code, as a clause; None if nothing is known.

    It doesn't solve versions as pip does: it looks for the packages, and compares pinned versions.
    """
    text = _read(folder)
    if text is None:
        return None
    requirements, others = read_requirements(text)
    installed = _versions(python, [requirement.name for requirement in requirements])
    faults = [] if installed is None else list(_faults(requirements, installed))
    if len(faults) > _MAX_NAMED:
        faults[_MAX_NAMED:] = [f"{len(faults) - _MAX_NAMED} more"]
    if others:
        faults.append(f"{plural(others, 'line')} that hptc does not check")
    return listed(faults) if faults else None


def _faults(requirements: list[Requirement], installed: Mapping[str, str | None]) -> Iterator[str]:
    for requirement in requirements:
        version = installed.get(requirement.name)
        if version is None:
            yield code(requirement.name)
        elif (
            requirement.pinned
            and requirement.pinned != version
            and not requirement.pinned.endswith("*")
        ):
            yield f"{code(f'{requirement.name} {requirement.pinned}')} (it has {version})"


def _versions(python: str, names: list[str]) -> dict[str, str | None] | None:
    """The versions of installed packages; None if that Python can't be run."""
    try:
        answer = subprocess.run(
            [python, "-c", _VERSIONS],
            input=json.dumps(names), capture_output=True, text=True, timeout=_SECONDS, check=True,
        )  # fmt: skip
        versions: dict[str, str | None] = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return versions


def environment_folder(jobs: Path, folder: Path, python: str) -> Path | None:
    """Where the packages of the file in a folder of code are installed; None without such a file.

    The same file and the same Python have the same environment. If the file refers to others, all
    of the code counts. `jobs` is the folder of all tuning jobs.
    """
    text = _read(folder)
    if text is None:
        return None
    digest = hashlib.sha256(f"{python}\n{_description(python)}\n{text}".encode())
    if any(map(_OF_OTHER_FILES.match, text.splitlines())):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return jobs / ENVIRONMENTS / digest.hexdigest()[:20]


def _description(python: str) -> str:
    try:
        return subprocess.run(
            [python, "-c", _DESCRIBED], capture_output=True, text=True, timeout=_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _read(folder: Path) -> str | None:
    path = folder / REQUIREMENTS
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def environment_python(environment: Path) -> str:
    """The Python of an environment."""
    return str(environment / "bin/python")


def installing(environment: Path, python: str, command: list[str]) -> list[str]:
    """The command that first installs the file in the current folder, unless that was done."""
    installer = str(requirements_install.__file__)
    return [sys.executable, "-I", "-S", installer, str(environment), python, REQUIREMENTS, *command]

"""Builds an environment with the packages of a requirements.txt, and then becomes the script.

It runs as the process of a training job, so that the output of pip is in its log, its time counts
as on AWS, and a stop ends it. It imports nothing of hptc. The environment also has the packages of
the Python that it is made from, such as the framework.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

COMPLETE = "complete"
"""The file in an environment that was built to its end."""

_SITES = """
import json, site, sys
own = site.getsitepackages() if sys.prefix != sys.base_prefix else []
json.dump(own, sys.stdout)
"""
_OWN_SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def prepare(environment: Path, python: str, requirements: str) -> int:
    """Build the environment unless it is there; the exit code of the step that failed, or 0.

    One process at a time builds it. One that was killed leaves no file `complete`, and the next
    process starts over.
    """
    environment.parent.mkdir(parents=True, exist_ok=True)
    with environment.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log(f"waiting for another training job to install {requirements}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if (environment / COMPLETE).exists():
            _log(f"{requirements} is installed in {environment}")
            return 0
        shutil.rmtree(environment, ignore_errors=True)
        _log(f"installing {requirements} into {environment}")
        code = _build(environment, python, requirements)
        if code:
            shutil.rmtree(environment, ignore_errors=True)
            _log(f"{requirements} could not be installed")
        return code


def _build(environment: Path, python: str, requirements: str) -> int:
    """Build the environment; the exit code of the step that failed, or 0."""
    own = str(environment / "bin/python")
    code = _run([python, "-m", "venv", "--without-pip", "--system-site-packages", str(environment)])
    if code:
        return code
    _add_sites(own, python)
    has_pip = _run([own, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
    code = 0 if has_pip else _run([own, "-m", "ensurepip"])
    pip = (own, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    code = code or _run([*pip, "-r", requirements])
    if code == 0:
        (environment / COMPLETE).touch()
    return code


def _run(command: list[str], stderr: int | None = None) -> int:
    return subprocess.run(command, stdin=subprocess.DEVNULL, stderr=stderr, check=False).returncode


def _add_sites(own_python: str, python: str) -> None:
    """Add the packages of `python` if it is in a virtual environment itself.

    A virtual environment only includes those of the Python that is installed on the system:
    https://docs.python.org/3/library/venv.html
    """
    sites: list[str] = json.loads(_output(python, _SITES))
    target = Path(_output(own_python, _OWN_SITE).strip(), "_hptc_python.pth")
    target.write_text("".join(f"import site; site.addsitedir({site!r})\n" for site in sites))


def _output(python: str, script: str) -> str:
    return subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout


def _log(text: str) -> None:
    sys.stdout.write(f"hptc: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    folder, base, file, *command = sys.argv[1:]
    failed = prepare(Path(folder), base, file)
    if failed:
        sys.exit(failed)
    # What Python ignores, its child processes would ignore as well.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - it becomes the script

"""Calls the `docker` program: whether it answers, which images it has, and how containers end.

The program and not the daemon's API: it knows the user's context, and the registries that the user
has logged in to, so that hptc never sees a credential. It relies on these pages:
https://docs.docker.com/reference/cli/docker/version/
https://docs.docker.com/reference/cli/docker/image/inspect/
https://docs.docker.com/reference/cli/docker/container/ls/ (filters by label)
https://docs.docker.com/reference/cli/docker/container/stop/
https://docs.docker.com/reference/cli/docker/container/rm/
https://docs.docker.com/reference/cli/docker/inspect/
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Collection, Sequence
from functools import cache

from hptc.catalog.images import parse_image
from hptc.text import code

PROGRAM = "docker"
_SECONDS = 20.0  # for an answer
_KILL_SECONDS = 30.0  # for the end of a container that is killed


def call(*words: str, seconds: float = _SECONDS) -> subprocess.CompletedProcess[str]:
    """Run `docker` with these arguments. The exit code is 125 if it can't be run or takes too long.

    Nothing secret may be among the arguments: every user of a machine can read them.
    """
    try:
        return subprocess.run(
            [PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            start_new_session=True,  # Ctrl-C is for hptc
        )
    except subprocess.TimeoutExpired:
        fault = f"no answer within {seconds:g} s"
    except OSError as error:
        fault = error.strerror or str(error)
    return subprocess.CompletedProcess([PROGRAM, *words], 125, "", fault)


def find_images(images: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The ID of each image on this machine, and why others can't be run.

    Nothing is pulled: an image has gigabytes, and its registry needs the user's login.
    """
    if shutil.which(PROGRAM) is None:
        return {}, [f"--docker: no program {code(PROGRAM)} found; install Docker"]
    answer = call("version", "--format", "{{.Server.Version}}")
    if answer.returncode:
        return {}, [f"--docker: no daemon answers: {_last_line(answer.stderr)}"]
    found: dict[str, str] = {}
    faults: list[str] = []
    for image in sorted(images):
        answer = call("image", "inspect", "--format", "{{.Id}}", "--", image)
        if not answer.returncode:
            found[image] = answer.stdout.strip()
        elif "no such image" in answer.stderr.lower():
            faults.append(f"the image {image} is not on this machine; {_pull_advice(image)}")
        else:
            faults.append(f"the image {image}: {_last_line(answer.stderr)}")
    return found, faults


def _pull_advice(image: str) -> str:
    """The commands that pull an image."""
    pull = f"`docker pull {shlex.quote(image)}`"
    parsed = parse_image(image)
    if parsed is None:
        return f"run {pull}"
    return (
        f"run `aws ecr get-login-password --region {parsed.region} | docker login --username AWS "
        f"--password-stdin {image.partition('/')[0]}`, then {pull}"
    )


def is_running(name: str) -> bool:
    """Whether a container runs."""
    answer = call("inspect", "--type", "container", "--format", "{{json .State.Running}}", name)
    return answer.returncode == 0 and answer.stdout.strip() == "true"


def stop(name: str, seconds: int) -> bool:
    """Send SIGTERM to a container, and SIGKILL after `seconds`; whether there was one to stop."""
    return not call("stop", "-t", str(seconds), name, seconds=seconds + _KILL_SECONDS).returncode


def remove(*names: str) -> None:
    """Kill containers, and remove them. Others are ignored."""
    if names:
        call("rm", "--force", *names, seconds=_KILL_SECONDS)


def remove_labeled(label: str) -> None:
    """Kill and remove all containers with a label, `name=value`."""
    remove(*call("ps", "--all", "--quiet", "--filter", f"label={label}").stdout.split())


@cache
def is_rootless() -> bool:
    """Whether root in a container is the user who runs the daemon.

    https://docs.docker.com/engine/security/rootless/
    """
    answer = call("info", "--format", "{{json .SecurityOptions}}")
    try:
        options: Sequence[str] = json.loads(answer.stdout) or ()
    except ValueError:
        return False
    return any("rootless" in each for each in options)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"

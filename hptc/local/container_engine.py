"""The program that runs containers, `docker` or `podman`, and what hptc asks it.

hptc runs the program instead of calling an API: the program knows the user's context, and the
registries that the user has logged in to, so that hptc never sees a credential. Documentation:
https://docs.docker.com/reference/cli/docker/ and https://docs.podman.io/en/latest/Commands.html
Comments below say where they differ. tests/local/test_real_engines.py runs everything.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any

from hptc.catalog.images import parse_image
from hptc.frozen import frozen
from hptc.text import code

DOCKER, PODMAN = "docker", "podman"
ENGINE_FAILED = 125
"""The exit code of `run` if the engine itself has failed. A program can also choose it."""
FAILED_BEFORE_START = (ENGINE_FAILED, 126, 127)
"""Exit codes of `run` for a container that didn't start. A program can also choose them."""

_TITLES = {DOCKER: "Docker", PODMAN: "Podman"}
_ANSWER_SECONDS = 20.0
_KILL_SECONDS = 30.0  # for the end of a container that is killed
_NO_IMAGE = ("no such image", "image not known")  # docker, podman
_DIED = ("die", "died")  # docker, podman
_SINCE = "24h"  # docker only keeps the last 256 events anyway
_UNTIL_SECONDS = 2  # Podman can report the end of a container after its program has ended

_ENGINE_MESSAGES = (  # of the program itself, in the log of a container that it is attached to
    re.compile(r"(?:docker|Error): (.+)"),
    re.compile(r"(Cannot connect to .+)"),
    re.compile(r'time="[^"]*" level=(?:error|fatal) msg="(.+)"'),  # docker without its daemon
)


@frozen
class FoundImages:
    """The IDs of images on this machine, by their names, and why others can't be run."""

    ids: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@frozen
class Engine:
    """A program that runs containers."""

    program: str = DOCKER

    @property
    def title(self) -> str:
        """The name of the product."""
        return _TITLES[self.program]

    def call(
        self, *words: str, seconds: float = _ANSWER_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run the program with these arguments; exit code 125 if it can't run or takes too long.

        Nothing secret may be among the arguments: every user of a machine can read them.
        """
        command = [self.program, *words]
        try:
            return subprocess.run(
                command,
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
        return subprocess.CompletedProcess(command, ENGINE_FAILED, "", fault)

    def fault(self) -> str:
        """Why no container can run; empty if the engine answers."""
        if shutil.which(self.program) is None:
            other = DOCKER if self.program == PODMAN else PODMAN
            advice = f", or use --{other}" if shutil.which(other) is not None else ""
            return f"no program {code(self.program)} found; install {self.title}{advice}"
        answer = self.call("version", "--format", "{{.Server.Version}}")
        if not answer.returncode:
            return ""
        return f"{self.title} doesn't answer: {_last_line(answer.stderr)}"

    def find_images(self, images: Collection[str]) -> FoundImages:
        """Look up the images on this machine. Without any, the engine is not asked.

        Nothing is pulled: an image takes gigabytes, and its registry needs the user's login.
        """
        if not images:
            return FoundImages()
        fault = self.fault()
        if fault:
            return FoundImages(faults=(fault,))
        ids: dict[str, str] = {}
        faults: list[str] = []
        for image in sorted(images):
            answer = self.call("image", "inspect", "--format", "{{.Id}}", "--", image)
            if not answer.returncode:
                ids[image] = answer.stdout.strip()
            elif any(text in answer.stderr.lower() for text in _NO_IMAGE):
                advice = self._pull_advice(image)
                faults.append(f"the image {image} is not on this machine; {advice}")
            else:
                faults.append(f"the image {image}: {_last_line(answer.stderr)}")
        return FoundImages(ids=ids, faults=tuple(faults))

    def _pull_advice(self, image: str) -> str:
        """The commands that pull an image."""
        pull = f"`{self.program} pull {shlex.quote(image)}`"
        parsed = parse_image(image)
        if parsed is None:
            return f"run {pull}"
        return (
            f"run `aws ecr get-login-password --region {parsed.region} | {self.program} login "
            f"--username AWS --password-stdin {image.partition('/')[0]}`, then {pull}"
        )

    def is_running(self, name: str) -> bool:
        """Whether a container runs."""
        answer = self.call(
            "inspect", "--type", "container", "--format", "{{json .State.Running}}", name
        )
        return answer.returncode == 0 and answer.stdout.strip() == "true"

    def stop(self, name: str, seconds: int) -> bool:
        """Send SIGTERM to a container, and SIGKILL after `seconds`; whether there was one."""
        answer = self.call("stop", "-t", str(seconds), name, seconds=seconds + _KILL_SECONDS)
        return not answer.returncode

    def remove(self, *names: str) -> None:
        """Kill containers, and remove them. Others are ignored."""
        if names:
            # Podman's `rm --force` waits for 10 s after SIGTERM; docker's sends SIGKILL at once.
            self.call("kill", *names, seconds=_KILL_SECONDS)
            self.call("rm", "--force", *names, seconds=_KILL_SECONDS)

    def remove_labeled(self, label: str) -> None:
        """Kill and remove all containers with a label, `name=value`.

        Podman reads a filter as CSV, so the value must not have a comma or a quote.
        """
        answer = self.call("ps", "--all", "--quiet", "--filter", f"label={label}")
        self.remove(*answer.stdout.split())

    def exit_code(self, name: str) -> int | None:
        """The exit code of a container that has ended recently; None if the engine doesn't know.

        https://docs.docker.com/reference/cli/docker/system/events/
        """
        answer = self.call(
            "events", "--since", _SINCE, "--until", str(int(time.time()) + _UNTIL_SECONDS),
            "--filter", f"container={name}", "--format", "{{json .}}",
        )  # fmt: skip
        return next(_exit_codes(answer.stdout), None)

    def is_podman(self) -> bool:
        """Whether it is Podman, whose program can also have the name `docker`.

        https://packages.debian.org/stable/podman-docker
        """
        return self.program == PODMAN or _version(self).startswith(PODMAN)

    def is_rootless(self) -> bool:
        """Whether root in a container is the user who runs the engine."""
        return _is_rootless(self)


@cache
def _version(engine: Engine) -> str:
    return engine.call("--version").stdout.lower()


@cache
def _is_rootless(engine: Engine) -> bool:
    """Whether an engine is rootless, which doesn't change while it runs.

    https://docs.docker.com/engine/security/rootless/
    https://docs.podman.io/en/latest/markdown/podman-info.1.html
    """
    if engine.is_podman():
        answer = engine.call("info", "--format", "{{json .Host.Security.Rootless}}")
        return answer.stdout.strip() == "true"
    answer = engine.call("info", "--format", "{{json .SecurityOptions}}")
    try:
        options: Sequence[str] = json.loads(answer.stdout) or ()
    except ValueError:
        return False
    return any("rootless" in option for option in options)


def engine_message(lines: Sequence[str]) -> str:
    """The last message of the program itself in the log of a container; empty if there is none."""
    for line in reversed(lines):
        for pattern in _ENGINE_MESSAGES:
            match = pattern.fullmatch(line.strip())
            if match is not None:
                return match[1]
    return ""


def _exit_codes(events: str) -> Iterator[int]:
    """The exit codes in the events of a container, the last one first."""
    for line in reversed(events.splitlines()):
        try:
            event: dict[str, Any] = json.loads(line)
            if event.get("Action", event.get("Status")) not in _DIED:
                continue
            exit_code = event.get("ContainerExitCode")  # podman
            yield int(event["Actor"]["Attributes"]["exitCode"] if exit_code is None else exit_code)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"

"""The container that runs a training job: how it starts, and how it ends.

It is started as SageMaker starts it, `docker run IMAGE train` with /opt/ml mounted:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
The program, `docker` or `podman`, stays attached, as the process that writes the log and ends with
the exit code of the container. The engine removes the container when it ends (`--rm`), so that
nothing is left of it even if hptc is killed.
https://docs.docker.com/reference/cli/docker/container/run/
https://docs.podman.io/en/latest/markdown/podman-run.1.html
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from hptc.frozen import frozen
from hptc.local.container_engine import ENGINE_FAILED, Engine, engine_message
from hptc.local.container_files import BASE, HOST, KEPT
from hptc.local.pipes import piped_channels
from hptc.local.process_group import kill_marked
from hptc.local.run_options import Launch
from hptc.request.tuning_job import Definition

OPT_ML = "/opt/ml"
CHECKPOINTS = f"{OPT_ML}/checkpoints"
"""The default of CheckpointConfig.LocalPath."""
FOLDER_LABEL = "hptc.folder"
"""The label with the folder of the tuning job, for people."""

_OWNER_LABEL = "hptc.tuning-job"  # a digest of that folder, for filters
_ENVIRONMENT, _ID, _EXIT_CODE = "environment", "container-id", "container-exit-code"
_LOG_OPTIONS = ("--log-driver", "json-file", "--log-opt", "max-size=64m")
"""The engine's own copy of the log, which `docker logs` reads, is bounded."""
_OWNER_SECONDS = 120.0
_SELINUX = Path("/sys/fs/selinux/enforce")

# `wait` starts first: a container that has ended is removed.
_FOLLOW = """
"$2" wait "$1" >"$0" 2>/dev/null &
%s
wait
code=$(cat "$0")
case $code in ''|*[!0-9]*) code=125;; esac
exit "$code"
"""
_LOG = '"$2" logs --follow "$1"'
# Podman's `logs --follow` can end before the last lines, because the log is removed with the
# container. What is printed while both programs start is there twice instead.
_LOG_OF_PODMAN = """
"$2" attach --no-stdin --sig-proxy=false "$1" 2>&1 | { sleep 1; "$2" logs "$1" 2>&1; cat; }
"""


@frozen
class Mount:
    """A file or folder of this machine in a container."""

    source: Path
    target: str
    is_read_only: bool = False

    @property
    def option(self) -> str:
        """The value of `--mount`, which is a line of CSV."""
        fields = ["type=bind", f"source={self.source}", f"target={self.target}"]
        fields += ["readonly"] if self.is_read_only else []
        return ",".join(map(_csv, fields))


@frozen
class Container:
    """The container of one training job, which may not exist yet, or may be gone."""

    engine: Engine
    image: str  # its ID
    owner: Path  # the folder of the tuning job, by which its containers are found
    folder: Path  # with the files of this training job
    mounts: tuple[Mount, ...]

    @property
    def name(self) -> str:
        """A name that no other training job on this machine has."""
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        return f"hptc-{self.folder.parent.name[:63]}-{digest}"

    def run_command(
        self, variables: Mapping[str, str], *, is_isolated: bool, has_gpus: bool
    ) -> list[str]:
        """The command that runs the container to its end, to be started in `folder`.

        The variables can be secrets, and are in a file that only its owner can read until
        `has_started`. The container has no other limit than this machine: instance types are
        ignored, and a limit would only add a failure that AWS doesn't have.
        """
        self._create_targets()
        self._write_variables(variables)
        (self.folder / _ID).unlink(missing_ok=True)
        return [
            self.engine.program, "run", "--rm", "--pull", "never",
            "--name", self.name,
            "--label", f"{FOLDER_LABEL}={self.owner}", "--label", _owner_label(self.owner),
            # Below `folder`, because Podman reads a path as CSV.
            "--cidfile", _ID, "--env-file", _ENVIRONMENT,
            # The training toolkit waits until the name of its host has an address.
            "--hostname", HOST, "--add-host", f"{HOST}:127.0.0.1",
            "--stop-signal", "SIGTERM",  # as AWS, whatever the image prefers
            "--shm-size", str(_shared_memory()),
            *_LOG_OPTIONS,
            *_security_options(),
            *(("--network", "none") if is_isolated else ()),
            *(_gpus(self.engine) if has_gpus else ()),
            *(word for mount in self.mounts for word in ("--mount", mount.option)),
            self.image, "train",
        ]  # fmt: skip

    def _create_targets(self) -> None:
        """Create what the engine would create as root: mount points, below /opt/ml too."""
        base, *others = self.mounts
        for mount in others:
            below = Path(mount.target)
            inside = below.is_relative_to(OPT_ML)
            target = base.source / below.relative_to(OPT_ML) if inside else None
            if mount.source.is_file():
                if target is not None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.touch()
                continue
            for folder in (target, None if mount.is_read_only else mount.source):
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
        for mount in self.mounts:
            if not mount.is_read_only:
                _open_to_all_users(mount.source)
        self.folder.chmod(0o700)  # so that other users of this machine can't reach it

    def _write_variables(self, variables: Mapping[str, str]) -> None:
        """Write the file of `--env-file`: a line for each variable, taken literally."""
        path = self.folder / _ENVIRONMENT
        path.unlink(missing_ok=True)
        lines = "".join(f"{name}={value}\n" for name, value in variables.items())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(lines.encode(errors="replace"))  # docker refuses what is not UTF-8

    def follow_command(self) -> list[str]:
        """The command that shows the log of the running container from its start, and waits.

        https://docs.docker.com/reference/cli/docker/container/wait/
        """
        script = _FOLLOW % (_LOG_OF_PODMAN if self.engine.is_podman() else _LOG)
        path = str(self.folder / _EXIT_CODE)
        return ["/bin/sh", "-c", script, path, self.name, self.engine.program]

    def has_started(self) -> bool:
        """Whether the container was created; its variables are then removed from the disk.

        The engine reads them before it writes the ID of the container.
        """
        if not (self.folder / _ID).exists():
            return False
        self.forget_variables()
        return True

    def forget_variables(self) -> None:
        """Remove the variables from the disk."""
        with contextlib.suppress(OSError):
            (self.folder / _ENVIRONMENT).unlink()

    def is_running(self) -> bool:
        """Whether it runs."""
        return self.engine.is_running(self.name)

    def stop(self, seconds: float) -> bool:
        """Send SIGTERM, and SIGKILL after `seconds`; whether there was a container."""
        return self.engine.stop(self.name, max(0, round(seconds)))

    def program_exit_code(self, code: int) -> int | None:
        """The exit code of the program in the container; None if the engine has failed instead.

        `code` is that of the engine's program. An engine that is shut down stops its containers,
        and then doesn't answer anymore.
        """
        if code == ENGINE_FAILED:
            return self.engine.exit_code(self.name)
        return None if code and self.engine.fault() else code

    def remove(self) -> None:
        """Kill it if it runs, and remove it."""
        self.forget_variables()
        self.engine.remove(self.name)

    def give_back(self, user: int, group: int) -> str:
        """Give the files that the container has written to a user. Returns why it failed, or ''."""
        written = (mount.source for mount in self.mounts if not mount.is_read_only)
        faults = [give_back(path, self.engine, self.image, user, group) for path in written]
        return next(filter(None, faults), "")


def give_back(folder: Path, engine: Engine, image: str, user: int, group: int) -> str:
    """Give the files in a folder to a user. Returns why it failed, or an empty text.

    A container runs as the user of its image, most often root, as on AWS. Only root can give files
    away, so another container of the image does it.
    """
    if not any(path.lstat().st_uid != user for path in _walk(folder)):
        return ""
    # Without root on this machine, root in a container is the user.
    owner = "0:0" if engine.is_rootless() else f"{user}:{group}"
    answer = engine.call(
        "run", "--rm", "--pull", "never", "--network", "none", "--user", "0:0",
        *_security_options(),
        "--entrypoint", "chown", "--mount", Mount(source=folder, target=OPT_ML).option,
        image, "-R", "-h", owner, OPT_ML,
        seconds=_OWNER_SECONDS,
    )  # fmt: skip
    if answer.returncode == 0:
        return ""
    return (
        f"files in {folder} belong to the user of the container, and its image can't change that: "
        f"{engine_message(answer.stderr.splitlines()) or 'no reason given'}; "
        f"`sudo chown -R {user}:{group} {shlex.quote(str(folder))}` makes them yours"
    )


def _security_options() -> tuple[str, ...]:
    """The options of a machine with SELinux, where a container may only read what has a label.

    Your data keeps its label, so the container runs without this confinement.
    https://docs.podman.io/en/latest/markdown/podman-run.1.html#security-opt-option
    """
    try:
        is_enforced = _SELINUX.read_text().strip() == "1"
    except OSError:
        return ()
    return ("--security-opt", "label=disable") if is_enforced else ()


def _gpus(engine: Engine) -> tuple[str, ...]:
    """The options for all GPUs; in Podman, they are devices of CDI.

    https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html
    """
    return ("--device", "nvidia.com/gpu=all") if engine.is_podman() else ("--gpus", "all")


def container_of(definition: Definition, launch: Launch, folder: Path) -> Container | None:
    """The container of a training job with its files in `folder`; None if it is a process.

    `folder` is below one of the training job, which is below one of all of them.
    """
    if not launch.image:
        return None
    mounts = [Mount(source=folder / BASE, target=OPT_ML)]
    piped = piped_channels(definition, launch)
    for name, path in launch.channels.items():
        if name in piped:
            continue
        target = f"{OPT_ML}/input/data/{name}"
        target += f"/{path.name}" if path.is_file() else ""
        mounts.append(Mount(source=path, target=target, is_read_only=True))
    if definition.checkpoint_uri is not None:
        target = definition.checkpoint_local_path or CHECKPOINTS
        mounts.append(Mount(source=folder.parent / KEPT, target=target))
    return Container(
        engine=Engine(program=launch.engine), image=launch.image,
        owner=folder.parent.parent.parent, folder=folder, mounts=tuple(mounts),
    )  # fmt: skip


def not_passable(variables: Mapping[str, str]) -> list[str]:
    """The names of variables that a file for `--env-file` can't have, because of line breaks."""
    breaks = "\n\r\0"
    return [
        name for name, value in variables.items() if any(character in value for character in breaks)
    ]


def kill_left_over(owner: Path, launches: Iterable[Launch]) -> None:
    """Kill what training jobs have left running. `owner` is the folder of the tuning job."""
    kill_marked(owner)
    for program in sorted({launch.engine for launch in launches if launch.image}):
        Engine(program=program).remove_labeled(_owner_label(owner))


def _owner_label(owner: Path) -> str:
    return f"{_OWNER_LABEL}={hashlib.sha256(str(owner).encode()).hexdigest()[:12]}"


def _open_to_all_users(folder: Path) -> None:
    """Let the user of an image write in a folder, whoever that is."""
    for path, folders, files in os.walk(folder):
        for name in (".", *folders):
            _add_mode(Path(path, name), 0o777)
        for name in files:
            _add_mode(Path(path, name), 0o666)


def _add_mode(path: Path, mode: int) -> None:
    if not path.is_symlink():
        path.chmod(path.stat().st_mode | mode)


def _walk(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        yield from (Path(path, name) for name in (".", *folders, *files))


def _shared_memory() -> int:
    """Half of this machine's memory for /dev/shm, as Linux has it; docker's 64 MB are too few.

    It is an upper bound: https://docs.kernel.org/filesystems/tmpfs.html
    """
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _csv(field: str) -> str:
    if any(character in field for character in ',"\n'):
        return '"' + field.replace('"', '""') + '"'
    return field

"""A `docker` program without a daemon: containers are processes of this machine.

It does what https://docs.docker.com/reference/cli/docker/ says about the subcommands that hptc
uses, and refuses options and values that it doesn't know. Its messages and exit codes are those of
docker 28.2 with the daemon 26.1, and test_real_engines.py runs the same cases with a real one. As
`podman`, it differs where hptc's code treats the two differently. A container outlives the `docker
run` that is attached to it, has only the variables of its --env-file, and ends with all of its
processes. Nothing is mounted: a program finds the folder of /opt/ml in the variable OPT_ML, and
links to what is mounted below it. An image is a folder with programs, such as `train`.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

STATE = "FAKE_DOCKER"  # the variable with the folder of all state
PROGRAM = "FAKE_DOCKER_PROGRAM"  # the variable with its name: docker or podman
_OPTIONS = {  # of each subcommand, and whether they have a value
    "run": {
        "--rm": False, "--pull": True, "--name": True, "--label": True, "--cidfile": True,
        "--env-file": True, "--hostname": True, "--add-host": True, "--stop-signal": True,
        "--shm-size": True, "--log-driver": True, "--log-opt": True, "--network": True,
        "--gpus": True, "--device": True, "--security-opt": True, "--mount": True, "--user": True,
        "--entrypoint": True,
    },
    "stop": {"-t": True},
    "kill": {},
    "rm": {"--force": False},
    "ps": {"--all": False, "--quiet": False, "--filter": True},
    "logs": {"--follow": False},
    "attach": {"--no-stdin": False, "--sig-proxy=false": False},
    "wait": {},
    "version": {"--format": True},
    "info": {"--format": True},
    "image": {"--format": True},
    "inspect": {"--type": True, "--format": True},
    "events": {"--since": True, "--until": True, "--filter": True, "--format": True},
}  # fmt: skip
_MOUNT_KEYS = ("type", "source", "target", "readonly")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_HELP = "\n\nRun 'docker run --help' for more information"
_NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
    "running?"
)


class Refused(Exception):
    """The daemon refuses what it is asked for."""


def main(words: list[str]) -> int:
    """Run a subcommand, and return the exit code."""
    state = Path(os.environ[STATE])
    with (state / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    command, *rest = words
    is_podman = os.environ[PROGRAM] == "podman"
    if command == "--version":
        _answer("podman version 5.4.2" if is_podman else "Docker version 28.2.2, build e6534b4")
        return 0
    if command == "_supervise":
        return _supervise(state, rest[0])
    try:
        if (state / "down").exists():
            raise Refused(_NO_DAEMON)
        return _subcommand(state, command, rest, is_podman=is_podman)
    except Refused as fault:
        _say(f"docker: {fault}{_HELP}" if command == "run" else str(fault))
        return 125 if command == "run" else 1


def _subcommand(state: Path, command: str, rest: list[str], *, is_podman: bool) -> int:
    if command == "image":  # its subcommand is `inspect`
        rest = rest[1:]
    options, names = _read(command, rest)
    match command:
        case "run":
            return _run(state, options, names)
        case "stop":
            _stop(state, int(options["-t"][0]), names[0])
        case "kill":
            return _kill(state, names)
        case "rm":
            return _kill(state, names, is_forced=True)
        case "ps":
            _list(state, options["--filter"][0])
        case "logs" | "attach":
            _follow(state, state / "containers" / names[0])
        case "wait":
            cid = _id(state, names[0])
            (state / "waiting").touch()
            _answer(_wait(state, cid))
        case "version":
            _answer("5.4.2" if is_podman else "26.1.5")
        case "info":
            _answer(_info(state, options["--format"][0], is_podman=is_podman))
        case "image":
            _answer(_image(state, names[0])["id"])
        case "inspect":
            _id(state, names[0])
            _answer("true")
        case "events":
            _events(state, options, is_podman=is_podman)
    return 0


def _read(command: str, words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The options of a subcommand, and what follows them."""
    if command not in _OPTIONS:
        raise Refused(f"unknown command: docker {command}")
    known = _OPTIONS[command]
    options: dict[str, list[str]] = {}
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--":
            break
        if option not in known:
            raise Refused(f"unknown flag: {option}")
        options.setdefault(option, []).append(words.pop(0) if known[option] else "")
    return options, words


def _info(state: Path, template: str, *, is_podman: bool) -> str:
    is_rootless = (state / "rootless").exists()
    if is_podman and template == "{{json .Host.Security.Rootless}}":
        return json.dumps(is_rootless)
    if not is_podman and template == "{{json .SecurityOptions}}":
        return json.dumps(["name=seccomp,profile=builtin", *["name=rootless"] * is_rootless])
    raise Refused(f'template: :1:12: executing "" at <{template}>: can\'t evaluate field')


def _events(state: Path, options: dict[str, list[str]], *, is_podman: bool) -> None:
    """The end of a container, as both programs report it."""
    name = options["--filter"][0].removeprefix("container=")
    try:
        code = int((state / "ended" / name).read_text())
    except FileNotFoundError:
        return
    attributes = {"exitCode": str(code), "name": name}
    podman_event = {"ContainerExitCode": code, "Name": name, "Status": "died", "Type": "container"}
    docker_event = {"status": "die", "Action": "die", "Actor": {"Attributes": attributes}}
    _answer(json.dumps(podman_event if is_podman else docker_event))


def _answer(text: object) -> None:
    sys.stdout.write(f"{text}\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _image(state: Path, name: str) -> dict[str, str]:
    for path in (state / "images").glob("*.json"):
        image: dict[str, str] = json.loads(path.read_text())
        if name in (image["name"], image["id"]):
            return image
    raise Refused(f"Error response from daemon: No such image: {name}")


def _id(state: Path, name: str) -> str:
    try:
        return (state / "containers" / name / "id").read_text()
    except FileNotFoundError:
        raise Refused(f"Error response from daemon: No such container: {name}") from None


def _run(state: Path, options: dict[str, list[str]], words: list[str]) -> int:
    image, *arguments = words
    programs = Path(_image(state, image)["folder"])
    variables = _variables(options)
    mounts = [_mount(option) for option in options.get("--mount", [])]
    for network in options.get("--network", []):
        if network != "none":
            raise Refused(f"Error response from daemon: network {network} not found")
    cid = secrets.token_hex(32)
    name = options.get("--name", [cid[:12]])[0]
    if not _NAME.fullmatch(name):
        raise Refused(f"Error response from daemon: Invalid container name ({name})")
    folder = state / "containers" / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Refused(
            f'Error response from daemon: Conflict. The container name "/{name}" is already in use'
        ) from None
    (folder / "id").write_text(cid)
    (folder / "labels").write_text("\n".join(options.get("--label", [])))
    for path in options.get("--cidfile", []):
        if Path(path).exists():
            shutil.rmtree(folder)
            raise Refused(
                "container ID file found, make sure the other container isn't running or delete "
                f"{path}"
            )
        Path(path).write_text(cid)
    program = options.get("--entrypoint", arguments[:1])[0]
    if not (programs / program).exists():
        shutil.rmtree(folder)
        _say(
            "docker: Error response from daemon: failed to create task for container: failed to "
            "create shim task: OCI runtime create failed: runc create failed: unable to start "
            f'container process: exec: "{program}": executable file not found in $PATH: unknown'
            f"{_HELP}"
        )
        return 127
    program_arguments = arguments if "--entrypoint" in options else arguments[1:]
    command = [str(programs / program), *program_arguments]
    start = {"command": command, "variables": variables, "mounts": mounts}
    (folder / "start.json").write_text(json.dumps(start))
    (folder / "log").touch()
    log = (folder / "log").open("rb")  # a container that has ended is removed, with its log
    environment = {name: os.environ[name] for name in (STATE, PROGRAM, "PATH")}
    subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, "_supervise", name],
        env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda number, _: _signal_main(folder, number))
    with log:
        _copy(state, cid, log)
    return _wait(state, cid)


def _variables(options: dict[str, list[str]]) -> dict[str, str]:
    variables = {}
    for path in options.get("--env-file", []):
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError:
            raise Refused(f"open {path}: no such file or directory") from None
        try:
            lines = content.decode().split("\n")
        except UnicodeDecodeError:
            raise Refused(f"invalid env file ({path}): invalid utf8 bytes") from None
        for line in lines:
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                variables[name] = value
    return variables


def _mount(option: str) -> dict[str, str]:
    fields = next(csv.reader([option], strict=True))
    mount = {name: value for name, _, value in (field.partition("=") for field in fields)}
    unknown = [name for name in mount if name not in _MOUNT_KEYS]
    if unknown or mount["type"] != "bind":
        raise Refused(f'invalid argument "{option}" for "--mount" flag: unexpected key')
    invalid = 'Error response from daemon: invalid mount config for type "bind"'
    if not Path(mount["source"]).exists():
        raise Refused(f"{invalid}: bind source path does not exist: {mount['source']}")
    if not mount["target"].startswith("/"):
        raise Refused(f"{invalid}: invalid mount path: '{mount['target']}' must be absolute")
    return mount


def _supervise(state: Path, name: str) -> int:
    """The daemon's part: run the process of a container to its end."""
    folder = state / "containers" / name
    start = json.loads((folder / "start.json").read_text())
    base, links = _place(start["mounts"])
    environment = {"PATH": os.environ["PATH"], "HOME": "/root", **start["variables"]}
    environment |= {"OPT_ML": base}
    with (folder / "log").open("ab") as log:
        main_process = subprocess.Popen(
            start["command"], env=environment, cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    (folder / "pid.new").write_text(str(main_process.pid))
    (folder / "pid.new").replace(folder / "pid")
    code = main_process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(main_process.pid, signal.SIGKILL)
    for link in links:
        Path(link).unlink(missing_ok=True)
    exits = state / "exits"
    exits.mkdir(exist_ok=True)
    (exits / "new").write_text(str(128 - code if code < 0 else code))
    ended = state / "ended"
    ended.mkdir(exist_ok=True)
    (ended / name).write_text((exits / "new").read_text())
    (exits / "new").replace(exits / (folder / "id").read_text())
    shutil.rmtree(folder)
    return 0


def _place(mounts: list[dict[str, str]]) -> tuple[str, list[str]]:
    """Link what is mounted below /opt/ml. Returns the folder of /opt/ml, and the links."""
    base = next((mount["source"] for mount in mounts if mount["target"] == "/opt/ml"), "")
    links = []
    for mount in mounts:
        below = mount["target"].removeprefix("/opt/ml/")
        if below != mount["target"]:
            link = Path(base, below)
            if link.is_dir():
                link.rmdir()
            else:
                link.unlink()
            link.symlink_to(mount["source"])
            links.append(str(link))
    return base, links


def _follow(state: Path, folder: Path) -> str:
    """Copy the log of a container to its end. Returns the container's ID."""
    cid = (folder / "id").read_text()
    with (folder / "log").open("rb") as log:
        _copy(state, cid, log)
    return cid


def _copy(state: Path, cid: str, log: BinaryIO) -> None:
    is_over = False
    while not is_over:
        is_over = (state / "exits" / cid).exists()
        shutil.copyfileobj(log, sys.stdout.buffer)
        sys.stdout.flush()
        time.sleep(0 if is_over else 0.01)


def _wait(state: Path, cid: str) -> int:
    path = state / "exits" / cid
    while not path.exists():
        time.sleep(0.01)
    return int(path.read_text())


def _signal_main(folder: Path, number: int, *, whole: bool = False) -> None:
    deadline = time.monotonic() + 5
    while folder.exists() and time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pid = int((folder / "pid").read_text())
            (os.killpg if whole else os.kill)(pid, number)
            return
        time.sleep(0.005)


def _stop(state: Path, seconds: int, name: str) -> None:
    cid = _id(state, name)
    folder = state / "containers" / name
    _signal_main(folder, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while not (state / "exits" / cid).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    _signal_main(folder, signal.SIGKILL, whole=True)
    _wait(state, cid)
    _answer(name)


def _full_name(state: Path, name_or_id: str) -> str:
    """The name of a container that is given by its name or a short ID."""
    names = {(path / "id").read_text()[:12]: path.name for path in _containers(state)}
    return names.get(name_or_id, name_or_id)


def _kill(state: Path, names: list[str], *, is_forced: bool = False) -> int:
    """Kill containers; without `--force`, one that isn't there is an error."""
    code = 0
    for name in (_full_name(state, name_or_id) for name_or_id in names):
        try:
            cid = _id(state, name)
        except Refused as fault:
            _say(str(fault))
            code = code if is_forced else 1
            continue
        _signal_main(state / "containers" / name, signal.SIGKILL, whole=True)
        _wait(state, cid)
    return code


def _containers(state: Path) -> list[Path]:
    folder = state / "containers"
    return [path for path in folder.iterdir() if (path / "id").exists()] if folder.exists() else []


def _list(state: Path, label_filter: str) -> None:
    label = label_filter.removeprefix("label=")
    for path in _containers(state):
        if label in (path / "labels").read_text().splitlines():
            _answer((path / "id").read_text()[:12])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A `docker` program without a daemon: containers are processes of this machine.

It does what https://docs.docker.com/reference/cli/docker/ says of the subcommands that hptc uses,
and refuses options that it doesn't know, as docker does. A container outlives the `docker run` that
is attached to it, has the variables of its file only, and ends with all of its processes. Nothing
is mounted: a program finds the folder of /opt/ml in the variable OPT_ML, and links to what is
mounted below it. An image is a folder with programs, such as `train`.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

STATE = "FAKE_DOCKER"  # the variable with the folder of all state
_WITH_VALUE = (
    *("--pull", "--name", "--label", "--cidfile", "--env-file", "--hostname", "--add-host"),
    *("--stop-signal", "--shm-size", "--log-driver", "--log-opt", "--network", "--gpus"),
    *("--mount", "--user", "--entrypoint"),
)
_GONE = "Error response from daemon: No such container: "


class Refused(Exception):
    """The daemon refuses what it is asked for."""


def main(words: list[str]) -> int:
    """Run a subcommand, and return the exit code."""
    state = Path(os.environ[STATE])
    with (state / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    command, *rest = words
    if (state / "down").exists() and command != "_supervise":
        _say("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?")
        return 125 if command == "run" else 1
    try:
        match command:
            case "run":
                return _run(state, rest)
            case "_supervise":
                return _supervise(state, rest[0])
            case "stop":
                return _stop(state, *rest)
            case "rm":
                return _remove(state, rest)
            case "ps":
                return _list(state, rest)
            case "logs":
                _follow(state, state / "containers" / rest[-1])
            case "wait":
                cid = _id(state, rest[0])
                (state / "waiting").touch()
                _answer(_wait(state, cid))
            case "version":
                _answer("28.2.2")
            case "info":
                _answer(json.dumps(["name=seccomp,profile=builtin"]))
            case "image":
                _answer(_image(state, rest[-1])["id"])
            case "inspect":
                _id(state, rest[-1])
                _answer("true")
            case _:
                raise Refused(f"unknown command: {command}")
    except Refused as fault:
        _say(f"docker: {fault}\n\nRun 'docker run --help'" if command == "run" else str(fault))
        return 125 if command == "run" else 1
    return 0


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
        raise Refused(_GONE + name) from None


def _run(state: Path, words: list[str]) -> int:
    options: dict[str, list[str]] = {}
    while words[0].startswith("-"):
        option = words.pop(0)
        if option != "--rm":
            if option not in _WITH_VALUE:
                raise Refused(f"unknown flag: {option}")
            options.setdefault(option, []).append(words.pop(0))
    image, *arguments = words
    programs = Path(_image(state, image)["folder"])
    variables = _variables(options)
    mounts = [_mount(each) for each in options.get("--mount", [])]
    cid = secrets.token_hex(32)
    name = options.get("--name", [cid[:12]])[0]
    folder = state / "containers" / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Refused(f"Conflict. The container name {name} is already in use") from None
    (folder / "id").write_text(cid)
    (folder / "labels").write_text("\n".join(options.get("--label", [])))
    for path in options.get("--cidfile", []):
        if Path(path).exists():
            shutil.rmtree(folder)
            raise Refused(f"container ID file found, make sure {path} is not in use")
        Path(path).write_text(cid)
    program = options.get("--entrypoint", arguments[:1])[0]
    if not (programs / program).exists():
        shutil.rmtree(folder)
        _say(f'docker: Error response from daemon: exec: "{program}": executable file not found')
        return 127
    own = arguments if "--entrypoint" in options else arguments[1:]
    start = {"command": [str(programs / program), *own], "variables": variables, "mounts": mounts}
    (folder / "start.json").write_text(json.dumps(start))
    (folder / "log").touch()
    log = (folder / "log").open("rb")  # a container that has ended is removed, with its log
    environment = {STATE: str(state), "PATH": os.environ["PATH"]}
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
    found = {}
    for path in options.get("--env-file", []):
        for line in Path(path).read_text().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                found[name] = value
    return found


def _mount(option: str) -> dict[str, str]:
    fields = next(csv.reader([option]))
    mount = {name: value for name, _, value in (field.partition("=") for field in fields)}
    if not Path(mount["source"]).exists():
        raise Refused(f"bind source path does not exist: {mount['source']}")
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
    (exits / "new").replace(exits / (folder / "id").read_text())
    shutil.rmtree(folder)
    return 0


def _place(mounts: list[dict[str, str]]) -> tuple[str, list[str]]:
    """Link what is mounted below /opt/ml; the folder of /opt/ml, and the links."""
    base = next((each["source"] for each in mounts if each["target"] == "/opt/ml"), "")
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
    """Copy the log of a container to its end; the ID of the container."""
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


def _stop(state: Path, flag: str, seconds: str, name: str) -> int:
    if flag != "-t":
        raise Refused(f"unknown flag: {flag}")
    cid = _id(state, name)
    folder = state / "containers" / name
    _signal_main(folder, signal.SIGTERM)
    deadline = time.monotonic() + int(seconds)
    while not (state / "exits" / cid).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    _signal_main(folder, signal.SIGKILL, whole=True)
    _wait(state, cid)
    _answer(name)
    return 0


def _remove(state: Path, words: list[str]) -> int:
    if words[0] != "--force":
        raise Refused(f"unknown flag: {words[0]}")
    names = {(path / "id").read_text()[:12]: path.name for path in _containers(state)}
    for given in words[1:]:
        name = names.get(given, given)
        cid = _id(state, name)
        _signal_main(state / "containers" / name, signal.SIGKILL, whole=True)
        _wait(state, cid)
    return 0


def _containers(state: Path) -> list[Path]:
    folder = state / "containers"
    return [path for path in folder.iterdir() if (path / "id").exists()] if folder.exists() else []


def _list(state: Path, words: list[str]) -> int:
    label = words[words.index("--filter") + 1].removeprefix("label=")
    for path in _containers(state):
        if label in (path / "labels").read_text().splitlines():
            _answer((path / "id").read_text()[:12])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

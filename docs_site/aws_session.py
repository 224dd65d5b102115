"""Pictures of commands that call AWS: `python -m docs_site.aws_session NAME FILE` in the sandbox.

The project is examples/local, deployed with the real CDK; its training jobs run on this machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docs_site.demo_project import environment, run_and_draw
from docs_site.terminal import capture, draw, frames, prompt

_ROOT = Path(__file__).parents[1]
_COLUMNS = 106


def main(name: str, file: Path) -> None:
    """Draw one picture: `plan` or `watch`."""
    draw_picture = {"plan": _plan, "watch": _watch}[name]
    with tempfile.TemporaryDirectory(prefix="hptc-pictures-") as scratch:
        file.write_text(draw_picture(_deployed(Path(scratch) / "digits")), encoding="utf-8")


def _variables() -> dict[str, str]:
    variables = environment()
    return variables | {"PATH": f"{_ROOT / 'node_modules/.bin'}:{variables['PATH']}"}


def _deployed(project: Path) -> Path:
    """The example with its stacks, in the account of the sandbox."""
    shutil.copytree(_ROOT / "examples/local", project, ignore=shutil.ignore_patterns(".hptc"))
    hptc_yaml = project / "hptc.yaml"
    text = hptc_yaml.read_text(encoding="utf-8").replace("111122223333", "123456789012")
    hptc_yaml.write_text(text, encoding="utf-8")
    shutil.copytree(_ROOT / "cdk", project / "cdk")
    (project / "cdk.json").write_text('{"app": "hptc cdk-app cdk/app.py"}\n', encoding="utf-8")
    _run(project, "cdk", "bootstrap", "aws://123456789012/us-east-1")
    _run(project, "hptc", "deploy", "--yes")
    return project


def _plan(project: Path) -> str:
    return run_and_draw(project, "hptc plan", variables=_variables(), columns=_COLUMNS)


def _watch(project: Path) -> str:
    _run(project, "hptc", "submit", "digits", "--yes")
    command = "hptc watch digits --interval 2"
    printed = capture(command.split(), project, _variables(), columns=_COLUMNS)
    running = [frame for frame in frames(printed) if "running" in frame]
    frame = running[len(running) * 2 // 3]
    return draw("", f"{prompt('hptc watch digits')}\n{frame}", columns=_COLUMNS)


def _run(project: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=project, env=_variables(), check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

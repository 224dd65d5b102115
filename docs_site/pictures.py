"""The pictures in docs/pictures/, and how each is drawn from real output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from docs_site import demo_project
from docs_site.architecture import architecture_picture
from docs_site.browser import open_page
from docs_site.demo_project import environment, run_and_draw
from docs_site.png import with_palette
from docs_site.review_comment import comment_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_SPEC = "direct-marketing-xgboost"
_RUN = f"hptc local run {_SPEC} --channel train=data/train --channel validation=data/validation"


def _check(place: Path) -> str:
    project = demo_project.create(place)
    demo_project.break_range(project)
    return run_and_draw(project, "hptc check", columns=78)


def _diff(place: Path) -> str:
    project = _changed(place)
    return run_and_draw(project, "hptc diff", columns=108)


def _search_space(place: Path) -> str:
    project = _changed(place)
    command = ["hptc", "preview", _SPEC, "--plot", "plot.svg"]
    subprocess.run(command, cwd=project, env=environment(), check=True, capture_output=True)
    return (project / "plot.svg").read_text(encoding="utf-8")


def _local_run(place: Path) -> str:
    project = _changed(place)
    demo_project.write_data(project)
    command = f"hptc local run {_SPEC} --trials 6 --resume"
    _rehearse(project)
    return run_and_draw(project, command, columns=112)


def _trained(place: Path, *commands: str) -> Path:
    """A project whose tuning job has run on this machine, and commands after it."""
    project = _changed(place)
    demo_project.write_data(project)
    for command in (_RUN, *commands):
        subprocess.run(
            command.split(), cwd=project, env=environment(), check=True, capture_output=True
        )
    return project


def _dashboard(place: Path, browser: Browser) -> bytes:
    command = ["hptc", "local", "results", _SPEC, "--dashboard"]
    with subprocess.Popen(
        command, cwd=_trained(place), env=environment(), stdout=subprocess.PIPE, text=True
    ) as serving:
        try:
            address = serving.stdout.readline().strip() if serving.stdout is not None else ""
            page = open_page(browser, width=1280, height=860, scale=1)
            page.goto(f"{address}/studies/0", wait_until="networkidle")
            page.wait_for_timeout(3_000)  # its charts are animated
            return with_palette(page.screenshot())
        finally:
            serving.terminate()


def _report(place: Path, browser: Browser) -> bytes:
    project = _trained(place, f"hptc local report {_SPEC} -o report.html")
    page = open_page(browser, width=1000, height=860, scale=1)
    page.goto((project / "report.html").as_uri())
    return with_palette(page.screenshot())


def _plan(place: Path) -> str:
    return _in_the_sandbox(place, "plan")


def _watch(place: Path) -> str:
    return _in_the_sandbox(place, "watch")


def _in_the_sandbox(place: Path, name: str) -> str:
    """A picture that `docs_site.aws_session` draws, as a client of the sandbox."""
    drawn = place / f"{name}.svg"
    sandbox = ["hptc", "sandbox", "--train", "--account", "123456789012", "--"]
    command = [*sandbox, sys.executable, "-m", "docs_site.aws_session", name, str(drawn)]
    subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return drawn.read_text(encoding="utf-8")


def _changed(place: Path) -> Path:
    project = demo_project.create(place)
    demo_project.break_range(project)
    demo_project.mend_range(project)
    return project


def _rehearse(project: Path) -> None:
    command = f"{_RUN} --trials 1"
    subprocess.run(command.split(), cwd=project, env=environment(), check=True, capture_output=True)


PICTURES: Mapping[str, Callable[[Path], str]] = {
    "check.svg": _check,
    "diff.svg": _diff,
    "search-space.svg": _search_space,
    "architecture.svg": lambda _: architecture_picture(),
}
"""Pictures that are the same whenever they are drawn, by a function that takes an empty folder."""
PICTURES_OF_RUNS: Mapping[str, Callable[[Path], str]] = {
    "local-run.svg": _local_run,
    "plan.svg": _plan,
    "watch.svg": _watch,
}
"""Pictures of training, whose times and values differ from run to run."""
BROWSER_PICTURES: Mapping[str, Callable[[Path, Browser], bytes]] = {
    "review-comment.png": lambda _, browser: comment_picture(browser),
    "report.png": _report,
    "dashboard.png": _dashboard,
}
"""Pictures of pages."""

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
from docs_site.demo_project import BROKEN, CHANGED, environment, run, run_and_draw
from docs_site.png import with_palette
from docs_site.review_comment import comment_picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_SPEC = "direct-marketing-xgboost"
_RUN = f"hptc local run {_SPEC} --channel train=data/train --channel validation=data/validation"


def _check(scratch: Path) -> str:
    project = demo_project.create(scratch, BROKEN)
    return run_and_draw(project, "hptc check", columns=78)


def _diff(scratch: Path) -> str:
    project = demo_project.create(scratch, CHANGED)
    return run_and_draw(project, "hptc diff", columns=108)


def _search_space(scratch: Path) -> str:
    project = demo_project.create(scratch, CHANGED)
    run(project, f"hptc preview {_SPEC} --plot plot.svg")
    return (project / "plot.svg").read_text(encoding="utf-8")


def _local_run(scratch: Path) -> str:
    project = _with_data(scratch)
    run(project, f"{_RUN} --trials 1")
    return run_and_draw(project, f"hptc local run {_SPEC} --trials 6 --resume", columns=112)


def _report(scratch: Path, browser: Browser) -> bytes:
    project = _trained(scratch)
    run(project, f"hptc local report {_SPEC} -o report.html")
    page = open_page(browser, width=1000, height=860, scale=1)
    page.goto((project / "report.html").as_uri())
    return with_palette(page.screenshot())


def _dashboard(scratch: Path, browser: Browser) -> bytes:
    command = ["hptc", "local", "results", _SPEC, "--dashboard"]
    with subprocess.Popen(
        command, cwd=_trained(scratch), env=environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            address = server.stdout.readline().strip() if server.stdout is not None else ""
            page = open_page(browser, width=1280, height=860, scale=1)
            page.goto(f"{address}/studies/0", wait_until="networkidle")
            page.wait_for_timeout(3_000)  # its charts are animated
            return with_palette(page.screenshot())
        finally:
            server.terminate()


def _trained(scratch: Path) -> Path:
    """A project whose tuning job has run on this machine."""
    project = _with_data(scratch)
    run(project, _RUN)
    return project


def _with_data(scratch: Path) -> Path:
    project = demo_project.create(scratch, CHANGED)
    demo_project.write_data(project)
    return project


def _plan(scratch: Path) -> str:
    return _in_the_sandbox(scratch, "plan")


def _watch(scratch: Path) -> str:
    return _in_the_sandbox(scratch, "watch")


def _in_the_sandbox(scratch: Path, name: str) -> str:
    """A picture that `docs_site.aws_session` draws, as a client of the sandbox."""
    file = scratch / f"{name}.svg"
    sandbox = ["hptc", "sandbox", "--train", "--account", "123456789012", "--"]
    command = [*sandbox, sys.executable, "-m", "docs_site.aws_session", name, str(file)]
    subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return file.read_text(encoding="utf-8")


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

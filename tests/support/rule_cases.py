"""The cases of tests/rules: one file per rule, with `---` between cases.

A case is a spec, merged over a base spec. Its first line names the base, as in
`# bad (xgboost): a misspelled name`; without a name the base is `custom-image`. A case over the
base `request` is a JSON merge patch over a request in the API's own form. A first line such as
`# policy: {budget_usd: 2}` sets the project's policy for the case, and `# infrastructure: {…}` the
infrastructure of its environment. Each line that a diagnostic points at has `# error: CODE` or
`# warning: CODE`; a case expects exactly these. For a request case only the codes are compared, not
the lines.
"""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hptc.compiler.layers import merged
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.metrics.rehearsal import rehearse_sample
from hptc.project import project_file
from hptc.project.project_file import PROJECT_VERBATIM, Project, ProjectFile
from hptc.reference.rule_pages import REQUEST_BASE, base_text
from hptc.rules import RULES
from hptc.rules.rule import DEFAULT_BASE, Example, Rule
from hptc.source.document import parse_document
from tests.support.documents import constructed, data
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "rules"
_TITLE = re.compile(r"# (?:bad|good)(?: \(([a-z-]+)\))?: ")
_POLICY = "# policy: "
_INFRASTRUCTURE = "# infrastructure: "
Expected = list[tuple[int, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of one file."""

    file: str
    title: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"

    @property
    def base(self) -> str:
        """The name of the base that the case is merged over."""
        title = _TITLE.match(self.text)
        return (title and title[1]) or DEFAULT_BASE

    @property
    def expected(self) -> Expected:
        """The (line, severity, code) of every mark; the line is 0 in a request case."""
        marks = []
        for number, line in enumerate(self.text.splitlines(), 1):
            for severity, codes in re.findall(
                r"\b(error|warning): (HPT\d{3}(?:, HPT\d{3})*)", line
            ):
                place = 0 if self.base == REQUEST_BASE else number
                marks += [(place, severity, code) for code in codes.split(", ")]
        return sorted(marks)


def cases() -> list[Case]:
    """Every case of every file."""
    return [
        Case(file=path.stem, title=text.splitlines()[0].removeprefix("# "), text=text)
        for path in sorted(FOLDER.glob("HPT*.yaml"))
        for text in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]


@cache
def compile_case(text: str, base: str = DEFAULT_BASE, rules: tuple[Rule, ...] = RULES) -> Outcome:
    """Compile a case, merged over a base. Several tests look at each one."""
    if base == REQUEST_BASE:
        request = json.dumps(merged(_data(base_text(base)), _data(text)))
        return compile_text(request, "case.json", Workspace(rules=rules))
    workspace = Workspace(rules=rules, rehearse=rehearse_sample)
    return compile_text(text, "case.yaml", workspace, _project_of(text, base))


def example_as_spec(example: Example) -> tuple[Any, Project]:
    """An example as one whole spec, and the project of its cases."""
    base, own = _data(base_text(example.base)), _data(example.text)
    if "training_jobs" in own:
        base.pop("training_job")
    return merged(base, {"name": "example", **own}), _project_of(example.text, example.base)


def _project_of(text: str, base: str) -> Project:
    """The project of a case or an example, with what its first line sets."""
    setting = text.partition("\n")[0].removeprefix("# ")
    project = project_text(base)
    if text.startswith(_POLICY):
        project = f"{project}{setting}\n"
    elif text.startswith(_INFRASTRUCTURE):
        project = re.sub(r"infrastructure: \{.*\}", setting, project)
    return _project(project)


def project_text(base: str = DEFAULT_BASE) -> str:
    """The hptc.yaml of tests/rules, with a base as the defaults of its specs."""
    head, defaults, _ = (FOLDER / "hptc.yaml").read_text("utf-8").partition("\ndefaults:\n")
    return head + defaults + textwrap.indent(base_text(base), "  ")


@cache
def _project(text: str) -> Project:
    project, diagnostics = project_file.load(FOLDER / "hptc.yaml")
    assert project is not None, diagnostics
    document, faults = parse_document(text, project.document.file)
    assert not faults, faults
    own = ProjectFile.model_validate(constructed(document, verbatim=PROJECT_VERBATIM))
    return replace(project, document=document, file=own)


def _data(text: str) -> Any:
    return data(text, verbatim=PROJECT_VERBATIM)


def reported(compiled: Outcome, base: str = DEFAULT_BASE) -> Expected:
    """The diagnostics of a compile, in the form of `Case.expected`."""
    return sorted(
        (
            0 if base == REQUEST_BASE else diagnostic.span.line,
            diagnostic.severity.value,
            diagnostic.code,
        )
        for diagnostic in compiled.diagnostics
    )

"""Reads the cases of this folder: one file a rule, `---` between cases.

A case is a spec, merged over the defaults of hptc.yaml beside it, or, when its first comment says
`request`, a JSON merge patch over the base's request in the API's own form. A first comment such
as `policy: {budget_usd: 2}` is the project's policy for the case, and `infrastructure: {…}` is the
infrastructure of its environment. Every line that a diagnostic
points at carries `# error: CODE` or `# warning: CODE`; a case expects these and nothing else. The
lines of a request case are not compared, its codes are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from hptc.compiler.layers import merged
from hptc.compiler.outcome import Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.metrics.rehearsal import rehearse_sample
from hptc.project import project_file
from hptc.project.project_file import Project, ProjectFile
from hptc.source import document as source
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "rules"
_MARK = re.compile(r"#.*?\b(error|warning): (HPT\d{3})(?:, (HPT\d{3}))*")
_POLICY = "# policy: "
_INFRASTRUCTURE = "# infrastructure: "
Expected = list[tuple[int, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document of one file."""

    file: str
    title: str
    text: str
    is_request: bool

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"

    @property
    def expected(self) -> Expected:
        """(line, severity, code) of every mark; line 0 in a request case."""
        found = []
        for number, line in enumerate(self.text.splitlines(), 1):
            for severity, codes in re.findall(
                r"\b(error|warning): (HPT\d{3}(?:, HPT\d{3})*)", line
            ):
                place = 0 if self.is_request else number
                found += [(place, severity, code) for code in codes.split(", ")]
        return sorted(found)


def cases() -> list[Case]:
    """Every case of every file."""
    found = []
    for path in sorted(FOLDER.glob("HPT*.yaml")):
        for text in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            title = text.splitlines()[0].removeprefix("# ")
            found.append(
                Case(file=path.stem, title=title, text=text, is_request=title.startswith("request"))
            )
    return found


def compile_case(text: str, *, is_request: bool = False) -> Outcome:
    """Compile a text over the base of this folder; `# request` at its start also says that."""
    is_request = is_request or text.startswith("# request")
    base, diagnostics = project_file.load(FOLDER / "hptc.yaml")
    assert base is not None, diagnostics
    if text.startswith(_POLICY):
        policy = text.partition("\n")[0].removeprefix("# ")
        base = _with_text(base, f"{base.document.text}\n{policy}\n")
    if text.startswith(_INFRASTRUCTURE):
        line = text.partition("\n")[0].removeprefix("# ")
        base = _with_text(base, re.sub(r"infrastructure: \{.*\}", line, base.document.text))
    if not is_request:
        workspace = Workspace(rehearse=rehearse_sample)
        return compile_text(text, "case.yaml", workspace, base)
    request = succeeded(compile_text("{}", "base.yaml", Workspace(), base)).request
    document, _ = source.parse(text, "patch.yaml")
    patch, _ = source.construct(document)
    filled = (
        json.dumps(merged(request, patch))
        .replace("${hptc:execution_role_arn}", "arn:aws:iam::111122223333:role/example")
        .replace("${hptc:artifact_bucket}", "artifacts")
    )
    return compile_text(filled, "case.json", Workspace())


def _with_text(base: Project, text: str) -> Project:
    """The base project with another hptc.yaml."""
    document, faults = source.parse(text, "hptc.yaml")
    data, more = source.construct(document)
    assert not faults + more, (faults, more)
    return replace(base, document=document, file=ProjectFile.model_validate(data))


def found(compiled: Outcome, *, is_request: bool = False) -> Expected:
    """What a compile found, in the form of `Case.expected`."""
    return sorted(
        (0 if is_request else d.span.line, d.severity.value, d.code) for d in compiled.diagnostics
    )

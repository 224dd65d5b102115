"""The lines of diagnostics: secrets in them are masked, and nothing else."""

from __future__ import annotations

import pytest

from hptc.compiler.locations import without_secrets
from hptc.diagnostics import Diagnostic, Severity, Span

LINE = "token: abcdef  # ours"


def at(column: int, end_column: int, *, end_line: int = 3, source: str = LINE) -> Span:
    """A place in the third line of a file."""
    return Span(
        file="a.yaml",
        line=3,
        column=column,
        end_line=end_line,
        end_column=end_column,
        source=source,
    )


def shown(spans: list[Span], secrets: list[Span]) -> list[str]:
    diagnostics = [
        Diagnostic(code="HPT208", severity=Severity.ERROR, message="x", span=span) for span in spans
    ]
    return [finding.span.source for finding in without_secrets(diagnostics, secrets)]


@pytest.mark.parametrize(
    ("secrets", "line"),
    [
        pytest.param([], LINE, id="none"),
        pytest.param([at(8, 14)], "token: ******  # ours", id="a value"),
        pytest.param([at(8, 3, end_line=5)], "token: **************", id="over several lines"),
        pytest.param([at(8, 10), at(12, 14)], "token: **cd**  # ours", id="two in a line"),
        pytest.param([at(8, 40)], "token: **************", id="a line that is cut"),
    ],
)
def test_a_secret_is_masked_in_each_finding_of_its_line(secrets: list[Span], line: str) -> None:
    assert shown([at(1, 6), at(8, 14)], secrets) == [line, line]


def test_other_lines_and_files_stay() -> None:
    above = Span(file="a.yaml", line=2, column=1, end_line=2, end_column=2, source="abcdef")
    other = Span(file="b.yaml", line=3, column=1, end_line=3, end_column=2, source="abcdef")
    assert shown([above, other], [at(8, 14)]) == ["abcdef", "abcdef"]

"""Answers are shown as text and as HTML in which no text of a spec or of AWS is markup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

import hptc
from hptc.api.answers import Answer
from hptc.api.extras import require
from hptc.diagnostics import Diagnostic, Severity, Span
from hptc.errors import OperationError
from hptc.jobs.decisions import AlreadySubmitted, NotSubmitted, Submitted
from hptc.render.notebooks import bullets, fragment, table
from tests.support.repositories import Repository
from tests.support.specs import PROJECT, SPEC

MAX_ROWS = 50

MARKUP = '<script>alert("1")</script>\x1b[31m&'
TAGS = {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


class Tags(HTMLParser):
    """The tags of a fragment, and whether each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[tuple[str, str | None]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.open.append(tag)
        self.attributes.update(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_harmless(html: str) -> None:
    parser = Tags()
    parser.feed(html)
    assert parser.seen <= TAGS
    assert parser.open == []
    assert parser.attributes <= {("style", "text-align: left")}
    assert "\x1b" not in html


def findings(message: str) -> hptc.Findings:
    span = Span(file=message, line=1, column=1, end_line=1, end_column=2, source=message)
    diagnostic = Diagnostic(
        code="HPT203", severity=Severity.ERROR, message=message, span=span, help=message
    )
    return hptc.Findings(diagnostics=(diagnostic,), files=(message,))


def submissions(text: str) -> hptc.Submissions:
    return hptc.Submissions(
        submitted=(Submitted(name=text, arn=text, region="us-east-1", request={}),),
        unchanged=(AlreadySubmitted(name=text, arn=text, region="us-east-1", status=text),),
        refused=(NotSubmitted(name=text, file=text, error=OperationError(text, help=text)),),
    )


def compiled(text: str) -> hptc.CompiledSpec:
    return hptc.CompiledSpec(
        name=text, file=text, environment=text, job_name=text, digest=text, request={}
    )


@pytest.mark.parametrize("make", [findings, submissions, compiled])
def test_text_is_escaped(make: Callable[[str], Answer]) -> None:
    answer = make(MARKUP)
    assert_harmless(answer._repr_html_())
    assert "&lt;script&gt;" in answer._repr_html_()
    assert "\x1b" not in repr(answer)
    assert "\n" not in repr(answer)


def test_a_long_table_is_cut() -> None:
    html = table(("a",), [(number,) for number in range(MAX_ROWS + 2)])
    assert html.count("<td") == MAX_ROWS
    assert "and 2 more rows" in html
    assert table(("a",), []) == bullets(()) == ""
    assert_harmless(fragment(MARKUP, html, bullets([MARKUP])))


def test_an_answer_is_frozen_and_counts() -> None:
    answer = findings("wrong")
    with pytest.raises(FrozenInstanceError):
        answer.suppressed = 1  # type: ignore[misc]
    assert answer.summary == "checked 1 file: 1 error"
    assert repr(answer) == "<Findings: checked 1 file: 1 error>"
    assert (len(answer.errors), len(answer.warnings)) == (1, 0)


def test_submissions_raise_what_was_refused() -> None:
    answer = submissions("job")
    assert repr(answer) == "<Submissions: 1 submitted, 1 already submitted, 1 refused>"
    assert answer.names == ("job", "job")
    with pytest.raises(OperationError, match="job"):
        answer.raise_if_refused()
    hptc.Submissions(submitted=(), unchanged=(), refused=()).raise_if_refused()


def test_secrets_of_a_spec_are_hidden_in_a_comparison(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "repository")
    repository.write("hptc.yaml", PROJECT)
    spec = repository.write("specs/churn.yaml", SPEC)
    repository.git("add", ".")
    repository.git("commit", "--quiet", "-m", "first")
    secret = "AKIA" + "Q3EGUJ7WXYZ2ABCD"
    changed = SPEC.replace("num_round: 200", f"num_round: 100\n    api_key: {secret}")
    spec.write_text(changed, "utf-8")
    comparison = hptc.load_project(repository.root).diff(against="HEAD")
    html = comparison._repr_html_()
    assert "num_round" in html
    assert secret not in html + str(comparison) + repr(comparison) + comparison.markdown()
    assert_harmless(html)


def test_a_cost_is_a_small_table(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    project = hptc.load_project(tmp_path)
    [cost] = project.cost()
    assert isinstance(cost.usd, Decimal)
    assert cost.assumptions
    assert_harmless(cost._repr_html_())
    assert_harmless(project._repr_html_())


def test_an_extra_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(hptc.UsageError, match=r"dataframe\(\) needs no_such_module") as raised:
        require("no_such_module", "pandas", subject="dataframe()")
    assert raised.value.help == "run `pip install 'hptc[pandas]'`"

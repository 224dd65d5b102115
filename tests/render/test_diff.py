"""A review as text, Markdown, JSON and annotations."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled, Outcome
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.cost.bound import CostBound, cost_bound
from hptc.diagnostics import Diagnostic, Severity
from hptc.diff.changes import Change, Growth, Impact, Kind
from hptc.diff.maximum_costs import with_costs
from hptc.diff.review import Comparison, LastRun, Review, Side, SpecDiff, review
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.render.diff import Format, render_diff
from hptc.render.diff_markdown import MARKER, render_markdown
from hptc.render.diff_titles import TITLES, growth_text
from hptc.render.diff_verdicts import VERDICTS, tone
from hptc.text import code_span
from tests.support.golden import Golden
from tests.support.paths import ROOT
from tests.support.prices import price_table
from tests.support.trees import PROJECT
from tests.support.trees import SPEC as SEARCH

MAX_BYTES = 65_000

SPEC = SEARCH.replace("{type: Categorical, values: [gbtree, dart]}", "gbtree")

LOOSE = PROJECT.replace("infrastructure:", "policy: {budget_usd: 500}\n    infrastructure:")
TIGHT = PROJECT.replace("infrastructure:", "policy: {budget_usd: 100}\n    infrastructure:")


def loaded(folder: Path, text: str) -> Project:
    path = folder / "hptc.yaml"
    path.write_text(text, encoding="utf-8")
    project, diagnostics = project_file.load(path)
    assert project is not None, diagnostics
    document = replace(project.document, file="hptc.yaml")
    return replace(project, document=document)


def spec(text: str, within: Project, file: str = "specs/trees.yaml") -> Outcome:
    return compile_text(text, file, Workspace(), within)


def named(name: str, text: str = SPEC) -> str:
    return text.replace("name: trees", f"name: {name}")


OTHER = (
    SPEC.replace("max: 0.1, scaling", "max: 0.3, scaling")
    .replace("min: 1e-3", "min: 1e-4")
    .replace("num_round: 200", "num_round: {type: Integer, min: 50, max: 400}")
    .replace("booster: gbtree", "booster: dart")
    .replace("enable_network_isolation: true", "enable_network_isolation: false")
    .replace("churn/validation/", "shared/validation/")
    .replace("ml.m5.xlarge", "ml.m5.2xlarge")
    .replace("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 50")
    .replace("team: growth", "team: risk")
)
BROKEN = named("broken", SPEC).replace("strategy: Bayesian", "strategy: Bayes")
DEAR = named("dear", SPEC).replace("ml.m5.xlarge", "ml.m5.2xlarge")
TAGGED = named("tagged").replace("team: growth", "team: risk @octocat")


def over_budget(outcome: Outcome) -> Outcome:
    """A spec that violates the policy but has a request, so that it can be compared."""
    place = outcome.layers.span(("limits", "max_number_of_training_jobs"))
    refusal = Diagnostic(
        code="HPT801",
        severity=Severity.ERROR,
        message="the search may cost $20.60, but the budget is $12.00",
        span=place,
    )
    return replace(outcome, diagnostics=(*outcome.diagnostics, refusal))


@pytest.fixture
def everything(tmp_path: Path) -> Review:
    """One spec of each kind: changed, added, removed, broken, tagged; and hptc.yaml."""
    old, new = loaded(tmp_path, TIGHT), loaded(tmp_path, LOOSE)
    before = [
        spec(SPEC, old),
        spec(named("gone"), old, "specs/gone.yaml"),
        spec(named("broken"), old, "specs/broken.yaml"),
        spec(named("same"), old, "specs/same.yaml"),
        spec(named("dear"), old, "specs/dear.yaml"),
        spec(named("tagged"), old, "specs/tagged.yaml"),
    ]
    after = [
        spec(OTHER, new),
        spec(named("fresh"), new, "specs/fresh.yaml"),
        spec(BROKEN, new, "specs/broken.yaml"),
        spec(named("same"), new, "specs/same.yaml"),
        over_budget(spec(DEAR, new, "specs/dear.yaml")),
        spec(TAGGED, new, "specs/tagged.yaml"),
    ]
    # `fresh` is `gone` under another name and file: the same content.
    sides = []
    for label, project, outcomes in (
        ("main (1a2b3c4)", old, before),
        ("the working tree", new, after),
    ):
        environment = project.environment("dev")
        assert environment is not None
        environments = {"hptc.yaml": environment}
        sides.append(Side(label=label, compiled=tuple(outcomes), environments=environments))
    return review(sides[0], sides[1])


EMPTY = Review(old="main (1a2b3c4)", new="the working tree", specs=(), compared=14)


@pytest.mark.parametrize("form", Format)
def test_golden(everything: Review, form: Format, golden: Golden) -> None:
    reviewed = with_last_run(with_costs(everything, _cost))
    golden(f"diff/everything.{form.value}", render_diff(reviewed, form))


def with_last_run(reviewed: Review) -> Review:
    """The review with a last tuning job of `trees`."""
    values = ("booster", "gbtree"), *((f"h{number}", str(number)) for number in range(7))
    run = LastRun(
        job="trees-3c226aeb",
        status="Completed",
        ended=datetime(2026, 11, 20, 23, 59, tzinfo=UTC),
        metric="validation:auc",
        value=0.93125,
        hyperparameters=values,
        outside=("booster",),
    )
    specs = []
    for outcome in reviewed.specs:
        if outcome.name == "trees":
            outcome = replace(
                outcome,
                comparisons=tuple(
                    replace(comparison, last_run=run) for comparison in outcome.comparisons
                ),
            )
        specs.append(outcome)
    return replace(reviewed, specs=tuple(specs))


PRICES = price_table(m5_xlarge="0.50", m5_2xlarge="1.00")


def _cost(outcome: Compiled) -> CostBound:
    return cost_bound(
        outcome.job, "us-east-1", price_table() if outcome.name == "tagged" else PRICES
    )


@pytest.mark.parametrize("form", Format)
def test_no_changes(form: Format, golden: Golden) -> None:
    text = render_diff(EMPTY, form)
    golden(f"diff/nothing.{form.value}", text)
    if form in (Format.TEXT, Format.MARKDOWN):
        lines = [line for line in text.splitlines() if line and line != MARKER]
        assert len(lines) == 1
        assert "no change in meaning" in lines[0]


@pytest.mark.parametrize("form", Format)
def test_the_verdict_is_in_the_first_line(everything: Review, form: Format) -> None:
    first = render_diff(everything, form).splitlines()[0]
    if form in (Format.TEXT, Format.MARKDOWN):
        assert "hptc diff: does not compile" in first


def test_the_worst_comes_first(everything: Review) -> None:
    ranks = [spec.impact.rank for spec in everything.specs if spec.impact is not None]
    assert ranks == sorted(ranks)
    assert everything.specs[0].name == "broken"
    assert everything.specs[-1].name == "tagged"
    assert [outcome.name for outcome in everything.specs].count("fresh") == 1


def test_colors_are_optional(everything: Review) -> None:
    plain, colored = (render_diff(everything, Format.TEXT, color=on) for on in (False, True))
    assert "\033[" not in plain
    assert re.sub(r"\033\[[0-9;]*m", "", colored) == plain


def test_every_word_is_there() -> None:
    assert set(TITLES) == set(Kind)
    assert set(VERDICTS) == set(Impact)


def test_the_docs_list_all_verdicts_worst_first() -> None:
    page = (ROOT / "docs/review.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) ([^|`]+) \| `([a-z]+)` \|", page, re.MULTILINE)
    marks = {"bad": "🔴", "some": "🟡", "good": "🟢"}
    assert rows == [(marks[tone(impact)], VERDICTS[impact], impact.value) for impact in Impact]


@pytest.mark.parametrize(
    ("growth", "expected"),
    [
        (Growth(ratio=2.0), "2 times as wide"),
        (Growth(ratio=0.2471), "0.247 times as wide"),
        (Growth(decades=1.0), "+1 decade"),
        (Growth(decades=-1.0), "-1 decade"),
        (Growth(decades=0.477121), "+0.477 decades"),
        (Growth(), ""),
    ],
)
def test_growth(growth: Growth, expected: str) -> None:
    assert growth_text(growth) == expected


def changed(change: Change, count: int = 1, *, name: str = "x", file: str = "x.yaml") -> SpecDiff:
    return SpecDiff(
        name=name,
        file=file,
        changes=(change,) * count,
        comparisons=(Comparison(environment="dev", old=None, new=None),),
    )


def page_of(*specs: SpecDiff) -> Review:
    return replace(EMPTY, specs=specs)


HOSTILE = [
    "@octocat",
    "a | b",
    "a \\| b",
    "<script>alert(1)</script>",
    "</details>",
    "```\nrm -rf\n```",
    "`",
    "`a``b`",
    "\033[31mred\033[0m",
    "line\nbreak\r\n| new | row |",
    "[link](https://example.com)",
    "![image](https://example.com/x.png)",
    "-->",
    "\u202eback",
    "&lt;b&gt;",
    "::error::x",
    "%0A::error::x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_text_in_markdown(text: str) -> None:
    change = Change(kind=Kind.TAG, path=("tags", text), subject=text, old=text, new=text, note=text)
    page = render_markdown(page_of(changed(change, name=text)))
    outside = re.sub(r"<summary><code>[^<>]*</code>", "<summary>", page)
    outside = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", outside)
    for sign in ("@octocat", "<script", "rm -rf", "](http", "\033", "\u202e", "-->\n\n|"):
        assert sign not in outside
    assert outside.count("</details>") == outside.count("<details>") == 1
    for line in page.splitlines():
        if line.startswith("|"):
            cells = re.sub(r"\\\|", "", line).count("|") - 1
            assert cells == 2, line


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_stays_in_its_line_elsewhere(text: str) -> None:
    change = Change(kind=Kind.TAG, path=("tags", text), subject=text, old=text, new=text)
    reviewed = page_of(changed(change, name=text, file=text))
    lines = render_diff(reviewed, Format.TEXT).splitlines()
    assert len(lines) == 4
    assert "\033" not in "".join(lines)
    (command,) = render_diff(reviewed, Format.GITHUB).splitlines()
    assert command.startswith("::notice file=")
    assert json.loads(render_diff(reviewed, Format.JSON))["specs"][0]["name"] == text


@pytest.mark.parametrize("character", ["a", "é", "😀", "`", "|", "&", "<", "\0", "\n"])
@pytest.mark.parametrize(
    ("specs", "changes", "length"),
    [(1, 1, 1_000_000), (1, 5_000, 300), (1_000, 1, 200), (300, 30, 1_000), (20, 20, 20)],
)
def test_a_comment_fits_for_any_change(
    character: str, specs: int, changes: int, length: int
) -> None:
    text = character * length
    change = Change(
        kind=Kind.PERMISSIONS_BROADENED, path=(), subject=text, old=text, new=text, note=text
    )
    diffs = tuple(changed(change, changes, name=f"s{n}{text}") for n in range(specs))
    result = replace(page_of(*diffs), project=(change,) * changes, notes=(text,), old=text)
    page = render_markdown(result)
    assert len(page.encode()) <= MAX_BYTES
    assert page.splitlines()[0].startswith("🔴 **hptc diff: broadens permissions**")
    assert page.endswith(f"{MARKER}\n")
    shown = page.count("<details>") - 1
    if shown < specs:
        assert f"{specs - shown:,} more spec" in page


def test_what_is_left_out_is_counted() -> None:
    change = Change(kind=Kind.TAG, path=("tags",), subject="t", old="a", new="b")
    page = render_markdown(page_of(*(changed(change, 150, name=f"s{n}") for n in range(120))))
    assert re.search(r"[0-9]+ more changes", page)
    assert re.search(r"[0-9]+ more specs changed", page)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "`a`"), ("", ""), (" ", ""), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("abcdef", "`abc…`")],
)
def test_code(text: str, expected: str) -> None:
    assert code_span(text, 4) == expected


def test_json_has_what_a_program_needs(everything: Review) -> None:
    data = json.loads(render_diff(everything, Format.JSON))
    assert data["version"] == 1
    assert data["impact"] == "breaks"
    by_name = {spec["name"]: spec for spec in data["specs"]}
    assert by_name["trees"]["is_new_job"]
    widened = [
        change for change in by_name["trees"]["changes"] if change["kind"] == "range-widened"
    ]
    assert widened[0]["decades"] == pytest.approx(1.477121)
    assert by_name["broken"]["findings"]


def test_the_page_about_it_shows_a_real_comment(everything: Review, request: object) -> None:
    """docs/review.md contains the Markdown of a change to one spec."""
    (trees,) = (
        outcome for outcome in with_costs(everything, _cost).specs if outcome.name == "trees"
    )
    result = render_markdown(replace(everything, specs=(trees,), project=()))
    path = ROOT / "docs" / "review.md"
    before, start, rest = path.read_text(encoding="utf-8").partition("````markdown\n")
    _, end, after = rest.partition("````\n")
    whole = f"{before}{start}{result}{end}{after}"
    assert start
    assert end
    if request.config.getoption("--update-golden"):  # type: ignore[attr-defined]
        path.write_text(whole, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == whole, "docs/review.md: `make golden`"

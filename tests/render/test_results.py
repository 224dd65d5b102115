"""The results of a tuning job as text, Markdown, JSON and CSV."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from io import StringIO

import pytest

from hptc.catalog.prices import packaged
from hptc.render.results import render_results, results_markdown
from hptc.render.results_data import results_csv, results_json
from hptc.render.results_words import bound_text
from hptc.results.gather import ReadOptions, read_results
from hptc.results.hyperparameter_importance import Importance
from hptc.results.range_evidence import BestAtBound
from hptc.results.training_results import Results, without_secret_values
from tests.support.golden import Golden
from tests.support.paths import GOLDEN, ROOT
from tests.support.tuned_jobs import END, SECRET, SPEC, SPOT, tuned

AT_BOUND = BestAtBound(
    definition="", name="depth", bound="min", value="3", at_bound=9, best=9, wider="1"
)
DOCS = ROOT / "docs" / "results.md"
IMPORTANCE = Importance(
    definition="",
    shares=(("eta", 0.89), ("momentum", 0.13), ("optimizer", 0.04), ("max_depth", 0.02)),
    r_squared=0.79,
)


def results(text: str = SPEC, status: str = "Completed", jobs: int = 100) -> Results:
    tuning, name = tuned(text, status=status, training_jobs=jobs)
    options = ReadOptions(top=10)
    job_results = read_results(tuning, name, packaged(), options=options, now=END)
    return replace(without_secret_values(job_results), importance=(IMPORTANCE,))


@pytest.mark.parametrize(
    ("case", "text", "status"),
    [
        ("completed", SPEC, "Completed"),
        ("spot", SPOT, "Completed"),
        ("running", SPEC, "InProgress"),
    ],
    ids=["completed", "spot", "running"],
)
def test_text(golden: Golden, case: str, text: str, status: str) -> None:
    golden(f"results/{case}.txt", render_results(results(text, status)))


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (
            AT_BOUND,
            (
                "widen `depth` below 3, such as to 1: all of the best 9 training jobs are at its "
                "minimum"
            ),
        ),
        (
            replace(AT_BOUND, value="1", wider=None, limit="0 means no limit", at_bound=8),
            (
                "`depth` is best at 1, and 0 means no limit: 8 of the best 9 training jobs are at "
                "its minimum"
            ),
        ),
        (
            replace(AT_BOUND, bound="max", value="1", wider=None),
            "`depth` is best at 1: all of the best 9 training jobs are at its maximum",
        ),
    ],
    ids=["wider", "limit", "end of the scale"],
)
def test_a_range_is_only_to_be_widened_if_there_are_further_values(
    evidence: BestAtBound, text: str
) -> None:
    assert bound_text(evidence) == text


def test_markdown(golden: Golden) -> None:
    golden("results/completed.md", results_markdown(results(), top=3))


def test_json(golden: Golden) -> None:
    golden("results/completed.json", results_json(results(), top=2))


def test_csv(golden: Golden) -> None:
    golden("results/completed.csv", results_csv(results(jobs=12)))


def test_json_and_csv_have_every_training_job() -> None:
    job_results = results()
    data = json.loads(results_json(job_results))
    assert data["version"] == 1
    assert [training_job["name"] for training_job in data["training_jobs"]] == [
        x.name for x in job_results.ranked
    ]
    rows = list(csv.DictReader(StringIO(results_csv(job_results))))
    assert [row["name"] for row in rows] == [
        training_job.name for training_job in job_results.ranked
    ]
    assert rows[0]["hyperparameters.eta"] == dict(job_results.ranked[0].hyperparameters)["eta"]
    assert rows[-1]["objective"] == ""


def test_no_training_jobs_yet() -> None:
    tuning, name = tuned(status="InProgress")
    tuning.training_jobs[name] = []
    job_results = read_results(tuning, name, packaged(), options=ReadOptions(), now=END)
    text = render_results(job_results)
    assert "InProgress, 0 training jobs" in text
    assert "no training job reported the objective" in text
    assert "the best 0" not in text
    assert json.loads(results_json(job_results))["training_jobs"] == []
    assert len(results_csv(job_results).splitlines()) == 1


@pytest.mark.parametrize(
    "hostile",
    ["<img src=x>", "```<img src=x>`", "`<img src=x>", "``<img src=x>` `", "a\n# <img src=x>"],
)
def test_no_text_is_markup_in_markdown(hostile: str) -> None:
    job_results = results(jobs=30)
    origin = replace(job_results.status.origin, spec=hostile, commit=hostile)
    (at_bound,) = job_results.at_bounds
    job_results = replace(
        job_results,
        status=replace(job_results.status, origin=origin, failure_reason=hostile),
        at_bounds=(replace(at_bound, name=hostile, definition=hostile),),
        importance=(Importance(definition=hostile, shares=((hostile, 0.5),), r_squared=0.5),),
    )
    markdown = results_markdown(job_results)
    code = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
    outside = "\n".join(code.sub("", line) for line in markdown.splitlines())
    assert "img" in outside
    assert not re.search(r"(?<!\\)<img", outside)
    assert "\n# " not in markdown


def test_outside_of_aws_there_is_no_cost() -> None:
    tuning, name = tuned()
    tuning.region = "local"
    job_results = read_results(tuning, name, packaged(), options=ReadOptions(), now=END)
    text = render_results(job_results)
    assert "none: the training jobs ran on this machine" in text
    assert "$" not in text
    assert " cost " not in text.split("\n\n")[1]


def test_no_line_of_text_is_cut_or_wrapped_in_the_table() -> None:
    lines = render_results(results(), width=40).splitlines()
    assert any(line.endswith("churn-35eff545-024-a72991b9") for line in lines)


def test_hostile_values_stay_on_their_line() -> None:
    bad = '"=HYPERLINK(1)|`x`\\e[31m<b>"'
    job_results = results(SPEC.replace("[adam, sgd, lamb]", f"[{bad}, adam, {SECRET}]"))
    for text in (
        render_results(job_results),
        results_markdown(job_results),
        results_csv(job_results),
    ):
        assert SECRET not in text
    assert "\x1b" not in render_results(job_results)
    cells = [
        row["hyperparameters.optimizer"]
        for row in csv.DictReader(StringIO(results_csv(job_results)))
    ]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    table = [line for line in results_markdown(job_results).splitlines() if line.startswith("| `")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert SECRET not in results_json(job_results)


def test_the_documentation_shows_what_is_printed() -> None:
    text = DOCS.read_text("utf-8")
    assert (GOLDEN / "results" / "completed.txt").read_text("utf-8").split("\n\n4 failed")[
        0
    ] in text
    spec = (GOLDEN / "results" / "next.yaml").read_text("utf-8")
    assert spec[: spec.index("  algorithm:")] in text

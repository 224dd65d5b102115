"""The spec that follows a tuning job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.catalog.prices import packaged
from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.request.tuning_job import CategoricalRange, NumericRange, Range, TuningJob
from hptc.results.follow_up import FollowUp, follow_up
from hptc.results.gather import ReadOptions, read_results
from hptc.results.training_results import Results
from hptc.rules import RULES
from hptc.rules.engine import check
from hptc.rules.rule import Context
from hptc.service.lookup import described_request
from tests.support.fake_service import FakeTuning
from tests.support.golden import Golden
from tests.support.specs import standalone
from tests.support.tuned_jobs import END, SPEC, tuned
from tests.support.tuned_jobs import compiled as compiled_spec

OPTIONS = ReadOptions(top=0, reads_logs=False)
BOOSTED = (
    standalone("boosted")
    .replace("max: 0.5", "max: 1")
    .replace(
        "{built_in: xgboost, version: 1.7-1, input_mode: File}",
        "{training_image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1}",
    )
)


def of(
    tuning: FakeTuning,
    name: str,
    parents: dict[str, TuningJob] | None = None,
    *,
    has_new_data: bool = False,
) -> FollowUp:
    return follow_up(
        described_request(tuning, name),
        results_of(tuning, name),
        parents or {},
        has_new_data=has_new_data,
    )


def results_of(tuning: FakeTuning, name: str) -> Results:
    return read_results(tuning, name, packaged(), options=OPTIONS, now=END)


def compiled(next_spec: FollowUp) -> Compiled:
    """The follow-up, which passes `check`."""
    outcome = compile_text(next_spec.text, "next.yaml", Workspace())
    assert isinstance(outcome, Compiled), outcome.diagnostics
    return outcome


def range_of(next_spec: FollowUp, name: str) -> Range:
    (definition,) = compiled(next_spec).job.definitions
    return next(range_ for range_ in definition.ranges if range_.name == name)


def test_the_whole_spec(golden: Golden) -> None:
    golden("results/next.yaml", of(*tuned()).text)


def test_it_passes_check_with_the_rules_about_its_parent() -> None:
    tuning, name = tuned()
    next_spec = of(tuning, name)
    outcome = compiled(next_spec)
    parent = results_of(tuning, name).job
    context = Context(
        job=outcome.job, request=outcome.request, parents={name: parent}, spec_name="next"
    )
    request = compiled_spec().request
    before = check(Context(job=parent, request=request, spec_name="churn"), RULES)
    known = {(finding.code, finding.message) for finding in before}
    assert [
        finding for finding in check(context, RULES) if (finding.code, finding.message) not in known
    ] == []
    assert next_spec.findings == ()


def test_content_names_the_tuning_job_and_only_what_changed_differs() -> None:
    tuning, name = tuned()
    outcome = compiled(of(tuning, name))
    assert outcome.pinned_name is None
    assert outcome.job.name.startswith("churn-next-")
    before, after = compiled_spec().job.definitions[0], outcome.job.definitions[0]
    assert replace(after, ranges=before.ranges) == before
    assert outcome.job.max_number_of_training_jobs == 100
    assert outcome.job.early_stopping == "Auto"


def test_a_range_is_widened_where_the_best_values_are_at_its_bound() -> None:
    range_ = range_of(of(*tuned()), "eta")
    assert isinstance(range_, NumericRange)
    assert range_.min == "0.0001"
    assert (
        "# widened: all of the best 9 are at the minimum; it was 1e-3 to 0.5" in of(*tuned()).text
    )


def test_a_range_is_narrowed_around_the_best_values() -> None:
    next_spec = of(*tuned())
    range_ = range_of(next_spec, "momentum")
    assert isinstance(range_, NumericRange)
    assert 0.8 < float(range_.min) < float(range_.max) < 0.995
    assert "narrowed: the best 9 have 0.910883 to 0.984019; it was 0.5 to 0.999" in next_spec.text


def test_a_hyperparameter_without_effect_keeps_its_range() -> None:
    range_ = range_of(of(*tuned()), "dropout")
    assert isinstance(range_, NumericRange)
    assert (range_.min, range_.max) == ("0", "0.6")
    assert isinstance(range_of(of(*tuned()), "optimizer"), CategoricalRange)


def test_a_range_is_not_widened_beyond_what_the_algorithm_accepts() -> None:
    next_spec = of(*tuned(BOOSTED, best_eta=1))
    range_ = range_of(next_spec, "eta")
    assert isinstance(range_, NumericRange)
    assert range_.max == "1"
    assert float(range_.min) > 0.001
    reason = "not widened, although the best values are at a bound: XGBoost accepts no larger value"
    assert f"# {reason}" in next_spec.text


def test_too_few_training_jobs_change_no_range() -> None:
    next_spec = of(*tuned(training_jobs=5))
    assert next_spec.changes == ()
    assert (
        "# The ranges are as before: there is not enough evidence to change them." in next_spec.text
    )
    assert compiled(next_spec).job.warm_start is not None


def test_new_data() -> None:
    next_spec = of(*tuned(), has_new_data=True)
    warm_start = compiled(next_spec).job.warm_start
    assert warm_start is not None
    assert warm_start.type == "TransferLearning"
    assert "# TransferLearning: the data has changed." in next_spec.text


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (
            "strategy: Bayesian",
            "strategy: Hyperband\nhyperband: {min_resource: 1, max_resource: 20}",
            "No warm start: AWS documents none for Hyperband.",
        ),
        ("strategy: Bayesian", "strategy: Bayesian\nautotune: Enabled", "No warm start: AWS "),
    ],
)
def test_no_warm_start_where_aws_documents_none(old: str, new: str, note: str) -> None:
    text = SPEC.replace("early_stopping: Auto\n", "").replace(old, new)
    next_spec = of(*tuned(text))
    assert note in next_spec.text
    assert compiled(next_spec).job.warm_start is None


def test_several_algorithms_have_no_warm_start_but_own_ranges() -> None:
    single = SPEC[SPEC.index("training_job:\n") + len("training_job:\n") :]
    body = "".join(f"  {line}\n" for line in single.splitlines())
    head = SPEC[: SPEC.index("training_job:\n")]
    next_spec = of(*tuned(f"{head}training_jobs:\n  one:\n{body}  two:\n{body}"))
    outcome = compiled(next_spec)
    assert outcome.job.warm_start is None
    assert "No warm start: a parent has a single algorithm." in next_spec.text
    widened = [
        range_.min
        for definition in outcome.job.definitions
        for range_ in definition.ranges
        if isinstance(range_, NumericRange) and range_.name == "eta"
    ]
    assert widened == ["0.0001", "0.0001"]
    assert next_spec.text.count("# widened: ") == 2


def test_a_grid_is_followed_by_a_bayesian_search() -> None:
    text = SPEC.replace("strategy: Bayesian", "strategy: Grid").replace(
        "limits: {max_number_of_training_jobs: 100, max", "limits: {max"
    )
    lines = [line for line in text.splitlines(keepends=True) if "scaling" not in line]
    text = "".join(line for line in lines if "Integer" not in line)
    next_spec = of(*tuned(text, training_jobs=3))
    job = compiled(next_spec).job
    assert (job.strategy, job.max_number_of_training_jobs) == ("Bayesian", 3)
    assert "# Bayesian instead of Grid: a grid would repeat what it has tried." in next_spec.text


@pytest.mark.parametrize(("number", "kept"), [("max_number_of_training_jobs: 4, ", 4), ("", None)])
def test_a_search_keeps_its_number_of_training_jobs(number: str, kept: int | None) -> None:
    """Or none: only what follows a grid gets one that was not there."""
    text = SPEC.replace("max_number_of_training_jobs: 100, ", number)
    job = compiled(of(*tuned(text, training_jobs=3))).job
    assert job.max_number_of_training_jobs == kept


def test_a_random_seed_is_not_used_again() -> None:
    text = SPEC.replace("strategy: Bayesian", "strategy: Random\nrandom_seed: 5")
    next_spec = of(*tuned(text))
    assert compiled(next_spec).job.random_seed is None
    assert "# No random seed: " in next_spec.text


def test_the_training_jobs_of_the_parents_count() -> None:
    next_spec = of(*tuned(SPEC.replace("jobs: 100", "jobs: 700")))
    assert compiled(next_spec).job.max_number_of_training_jobs == 50
    assert "# 50 training jobs instead of 700: " in next_spec.text


@pytest.mark.parametrize(
    ("number", "expected"), [(374, 374), (375, 375), (376, 374), (748, 2), (749, 1)]
)
def test_there_are_750_training_jobs_with_those_of_the_parent(number: int, expected: int) -> None:
    next_spec = of(*tuned(SPEC.replace("jobs: 100", f"jobs: {number}"), training_jobs=30))
    assert compiled(next_spec).job.warm_start is not None
    assert compiled(next_spec).job.max_number_of_training_jobs == expected
    assert (" instead of " in next_spec.text) == (number > 375)


def test_no_warm_start_without_room_for_a_training_job() -> None:
    next_spec = of(*tuned(SPEC.replace("jobs: 100", "jobs: 750")))
    assert compiled(next_spec).job.warm_start is None
    assert compiled(next_spec).job.max_number_of_training_jobs == 750
    assert (
        "# No warm start: the maximum is 750 training jobs, with those of the parents."
        in next_spec.text
    )


def test_no_warm_start_without_an_objective() -> None:
    tuning, name = tuned()
    tuning.training_jobs[name] = [
        replace(training_job, metric_value=None) for training_job in tuning.training_jobs[name]
    ]
    next_spec = of(tuning, name)
    assert compiled(next_spec).job.warm_start is None
    assert "# No warm start: no training job reported the objective." in next_spec.text
    assert next_spec.changes == ()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("IdenticalDataAndAlgorithm", ["first", "second"]), ("TransferLearning", [])],
)
def test_the_parents_of_the_parent(kind: str, expected: list[str]) -> None:
    text = f"{SPEC}warm_start: {{type: {kind}, parents: [first, second, deleted]}}\n"
    parent = replace(compiled_spec().job, max_number_of_training_jobs=20)
    tuning, name = tuned(text)
    next_spec = of(tuning, name, {"first": parent, "second": parent})
    warm_start = compiled(next_spec).job.warm_start
    assert warm_start is not None
    assert list(warm_start.parents) == [name, *expected]
    assert warm_start.type == "IdenticalDataAndAlgorithm"


@pytest.mark.parametrize(
    ("number", "expected"), [(162, 5), (163, 4), (216, 4), (217, 3), (649, 2), (650, 1)]
)
def test_as_many_parents_as_there_is_room_for(number: int, expected: int) -> None:
    """At most five, and one training job is left for the new tuning job."""
    names = ["first", "second", "third", "fourth", "fifth"]
    text = f"{SPEC}warm_start: {{type: IdenticalDataAndAlgorithm, parents: [{', '.join(names)}]}}\n"
    parent = replace(compiled_spec().job, max_number_of_training_jobs=number)
    tuning, name = tuned(text)
    next_spec = of(tuning, name, dict.fromkeys(names, parent))
    warm_start = compiled(next_spec).job.warm_start
    assert warm_start is not None
    assert list(warm_start.parents) == [name, *names][:expected]
    assert ("with the parents of the tuning job" in next_spec.text.lower()) == (expected > 1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("churn", "churn-next"),
        ("churn-next", "churn-next-2"),
        ("churn-next-9", "churn-next-10"),
    ],
)
def test_names_count(name: str, expected: str) -> None:
    assert of(*tuned(SPEC.replace("name: churn", f"name: {name}"))).name == expected


def test_a_category_that_no_good_training_job_has_is_left_out() -> None:
    tuning, name = tuned()
    listed = tuning.training_jobs[name]
    best = sorted(listed, key=lambda job: job.metric_value or 0)[-10:]
    tuning.training_jobs[name] = [
        replace(
            job,
            tuned_hyperparameters=tuple(
                (key, ("adam" if job in best else "sgd") if key == "optimizer" else value)
                for key, value in job.tuned_hyperparameters
            ),
        )
        for job in listed
    ]
    next_spec = of(tuning, name)
    range_ = range_of(next_spec, "optimizer")
    assert isinstance(range_, CategoricalRange)
    assert range_.values == ("adam", "lamb")
    assert '# without "sgd": tried 86 times, but not among the best 9' in next_spec.text

"""The values that XGBoost accepts, by the tables: inside passes, just outside fails."""

from __future__ import annotations

import pytest

from hptc.catalog import images
from hptc.catalog.accepted_values import Hyperparameter, Interval
from hptc.catalog.algorithms import Algorithm, algorithm, possible_versions

VERSIONS = images.repository_versions("sagemaker-xgboost")


def xgboost(version: str) -> Algorithm:
    known = algorithm("xgboost", version)
    assert known is not None
    return known


def hyperparameter_named(name: str, version: str = "1.7-1") -> Hyperparameter:
    hyperparameter = xgboost(version).hyperparameter(name)
    assert hyperparameter is not None
    return hyperparameter


NUMBERS = [
    (version, hyperparameter.name)
    for version in VERSIONS
    for hyperparameter in xgboost(version).hyperparameters
    if hyperparameter.interval is not None
]


@pytest.mark.parametrize(("version", "name"), NUMBERS)
def test_inside_an_interval_passes_and_outside_fails(version: str, name: str) -> None:
    hyperparameter = hyperparameter_named(name, version)
    interval, step = hyperparameter.interval, 1.0 if hyperparameter.kind == "integer" else 1e-6
    assert interval is not None
    ends = (
        (interval.minimum, interval.excludes_minimum, step),
        (interval.maximum, interval.excludes_maximum, -step),
    )
    for end, is_excluded, inward in ends:
        if end is not None:
            assert hyperparameter.accepts(written(end, hyperparameter)) is not is_excluded
            assert hyperparameter.accepts(written(end + inward, hyperparameter))
            assert not hyperparameter.accepts(written(end - inward, hyperparameter))


def written(number: float, hyperparameter: Hyperparameter) -> str:
    return str(int(number)) if hyperparameter.kind == "integer" else repr(float(number))


WORDS = [
    (version, hyperparameter.name)
    for version in VERSIONS
    for hyperparameter in xgboost(version).hyperparameters
    if hyperparameter.kind in ("choice", "list")
]


@pytest.mark.parametrize(("version", "name"), WORDS)
def test_listed_words_pass_and_others_fail(version: str, name: str) -> None:
    hyperparameter = hyperparameter_named(name, version)
    assert hyperparameter.scalar.values
    for word in hyperparameter.scalar.values:
        assert hyperparameter.accepts(word)
        assert not hyperparameter.accepts(f"{word}x")
        assert not hyperparameter.accepts(f" {word}")
        assert hyperparameter.accepts(f"{word},{word}") is (hyperparameter.kind == "list")


@pytest.mark.parametrize("version", images.versions("xgboost"))
def test_every_version_is_certain_but_the_first(version: str) -> None:
    known = xgboost(version)
    assert known.certainty == ("documented" if version == "1" else "certain")
    assert len({hyperparameter.name for hyperparameter in known.hyperparameters}) == len(
        known.hyperparameters
    )
    assert {hyperparameter.certainty for hyperparameter in known.hyperparameters} == {
        known.certainty
    }
    for dependency in known.dependencies:
        for subject in dependency.subjects:
            if subject.kind == "hyperparameter":
                assert known.hyperparameter(subject.name) is not None, dependency.id


@pytest.mark.parametrize(
    ("name", "text", "is_accepted"),
    [
        pytest.param("max_depth", "6", True, id="integer"),
        pytest.param("max_depth", " +6_0 ", True, id="as-python-reads-it"),
        pytest.param("max_depth", "6.0", False, id="fraction"),
        pytest.param("max_depth", "", False, id="empty"),
        pytest.param("gamma", "1e3", True, id="exponent"),
        pytest.param("gamma", "inf", True, id="infinite-where-unbounded"),
        pytest.param("eta", "inf", False, id="infinite"),
        pytest.param("eta", "nan", True, id="nan-is-in-every-interval"),
        pytest.param("eval_metric", "error@0.7,map@3", True, id="threshold"),
        pytest.param("eval_metric", "error @ 0.7", True, id="threshold-with-blanks"),
        pytest.param("eval_metric", "rmse@0.7", False, id="no-threshold"),
        pytest.param("eval_metric", "error@high", False, id="threshold-is-a-number"),
        pytest.param("monotone_constraints", "(1, 0, -1)", True, id="tuple"),
        pytest.param("monotone_constraints", "[1]", True, id="list"),
        pytest.param("monotone_constraints", "1", False, id="not-a-list"),
        pytest.param("monotone_constraints", "(1, 2)", False, id="another-element"),
        pytest.param("monotone_constraints", "(1,) * 3", True, id="expression"),
        pytest.param("monotone_constraints", "(a, 1)", False, id="unknown-name"),
        pytest.param("monotone_constraints", "(1,", False, id="not-python"),
        pytest.param("monotone_constraints", "(" * 9000, False, id="too-deep"),
        pytest.param("interaction_constraints", "[[1, 2], [3]]", True, id="nested"),
        pytest.param("interaction_constraints", "[[0]]", False, id="from-1"),
        pytest.param("interaction_constraints", "[1, 2]", False, id="flat"),
        pytest.param("interaction_constraints", "[['a']]", False, id="names"),
    ],
)
def test_texts_as_the_container_reads_them(name: str, text: str, is_accepted: bool) -> None:
    assert hyperparameter_named(name).accepts(text) is is_accepted


@pytest.mark.parametrize(
    ("name", "text", "is_accepted"),
    [
        pytest.param("max_depth", "6.0", True, id="whole"),
        pytest.param("max_depth", "6.5", False, id="fraction"),
        pytest.param("csv_weights", "2", False, id="outside"),
    ],
)
def test_texts_that_only_the_guide_describes(name: str, text: str, is_accepted: bool) -> None:
    assert hyperparameter_named(name, "1").accepts(text) is is_accepted


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        pytest.param(Interval(minimum=0, maximum=1), "from 0 to 1", id="closed"),
        pytest.param(
            Interval(minimum=0, maximum=1, excludes_minimum=True),
            "above 0 and at most 1",
            id="half-open",
        ),
        pytest.param(
            Interval(minimum=1, maximum=2, excludes_minimum=True, excludes_maximum=True),
            "above 1 and below 2",
            id="open",
        ),
        pytest.param(Interval(minimum=1), "at least 1", id="from"),
        pytest.param(Interval(maximum=9), "at most 9", id="to"),
        pytest.param(Interval(), "", id="any"),
    ],
)
def test_interval_in_words(interval: Interval, text: str) -> None:
    assert interval.text == text


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        pytest.param("silent", "0.90-1", "1.0-1", id="removed"),
        pytest.param("monotone_constraints", "1.0-1", "3.2-0", id="added"),
        pytest.param("single_precision_histogram", "1.2-1", "1.5-1", id="added-and-removed"),
        pytest.param("reg_alpha", "0.90-2", "3.2-0", id="alias"),
        pytest.param("_nfold", "1.2-1", "1.2-1", id="one-version"),
    ],
)
def test_versions_of_a_name(name: str, first: str, last: str) -> None:
    having = [version for version in VERSIONS if xgboost(version).hyperparameter(name) is not None]
    assert (having[0], having[-1]) == (first, last)
    assert having == list(VERSIONS[VERSIONS.index(first) : VERSIONS.index(last) + 1])


@pytest.mark.parametrize(
    ("repository", "version", "expected"),
    [
        pytest.param("sagemaker-xgboost", "1.7-1", ["1.7-1"], id="known"),
        pytest.param("xgboost", None, ["1"], id="one-version-in-the-old-repository"),
        pytest.param("sagemaker-xgboost", None, [None] * 10, id="any-of-the-new-one"),
        pytest.param("pytorch-training", None, [], id="a-framework"),
        pytest.param("example", None, [], id="unknown"),
    ],
)
def test_possible_versions(
    repository: str, version: str | None, expected: list[str | None]
) -> None:
    assert [algorithm.version for algorithm in possible_versions(repository, version)] == expected

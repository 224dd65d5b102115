"""Conditions and dependencies between settings."""

from __future__ import annotations

from typing import get_args

import pytest

from hptc.catalog.algorithms import algorithm, algorithm_names
from hptc.catalog.setting_dependencies import Clause, Operator, Subject, Usage

A, B = Subject("hyperparameter", "a"), Subject("hyperparameter", "b")
CASES: tuple[tuple[Operator, tuple[str, ...], str | None, bool, bool], ...] = (
    ("present", (), "x", True, False),
    ("absent", (), "x", False, True),
    ("in", ("x", "y"), "x", True, False),
    ("in", ("x", "y"), "z", False, False),
    ("in_or_absent", ("x",), "z", False, True),
    ("not_in_or_absent", ("x",), "x", False, True),
    ("not_in_or_absent", ("x",), "z", True, True),
    ("present_and_not_in", ("x",), "z", True, False),
    ("present_and_not_in", ("x",), "x", False, False),
    ("starts_with_any", ("bin:", "rank:"), "rank:map", True, False),
    ("starts_with_any", ("bin:",), "reg:x", False, False),
    ("has_element", ("x",), "y,x", True, False),
    ("has_element", ("x",), "xy", False, False),
    ("has_element_or_absent", ("x",), "y", False, True),
    ("elements_in", ("x", "y"), "y,x", True, False),
    ("elements_in", ("x", "y"), "y,z", False, False),
    ("lacks_elements", ("x",), "y,x", False, True),
    ("lacks_elements", ("x",), "y", True, True),
    ("first_element_not_in", ("x",), "x,y", False, False),
    ("first_element_not_in", ("x",), "y,x", True, False),
    ("length_equals", ("1",), "x", True, False),
    ("length_equals", ("1",), "x,y", False, False),
    ("count_of_elements_in_at_most", ("x", "y"), "x,z", True, False),
    ("count_of_elements_in_at_most", ("x", "y"), "x,y", False, False),
    ("at_least", ("2",), "2", True, False),
    ("at_least", ("2",), "1.5", False, False),
    ("at_most", ("2",), "2", True, False),
    ("at_most", ("2",), "3", False, False),
    ("greater_than", ("2",), "2", False, False),
    ("greater_than", ("2",), "2.1", True, False),
    ("less_than", ("2",), "2", False, False),
    ("less_than", ("2",), "1", True, False),
    ("less_than_hyperparameter", ("b",), "4", True, False),
    ("less_than_hyperparameter", ("b",), "5", False, False),
    ("at_most_hyperparameter", ("b",), "5", True, False),
    ("at_most_hyperparameter", ("b",), "6", False, False),
)


@pytest.mark.parametrize(("operator", "values", "value", "truth", "when_absent"), CASES)
def test_truth(
    operator: Operator, values: tuple[str, ...], value: str, truth: bool, when_absent: bool
) -> None:
    clause = Clause(subject=A, operator=operator, values=values, at_most=1)
    assert clause.truth({A: value, B: "5"}) is truth
    assert clause.truth({B: "5"}) is when_absent
    unknown = {"present": True, "absent": False}.get(operator)
    assert clause.truth({A: None, B: "5"}) is unknown


def test_every_operator_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(get_args(Operator))


def test_a_comparison_with_an_unknown_or_unreadable_number_is_undecided() -> None:
    clause = Clause(subject=A, operator="less_than_hyperparameter", values=("b",))
    assert clause.truth({A: "4"}) is None
    assert clause.truth({A: "4", B: None}) is None
    assert clause.truth({A: "four", B: "5"}) is None


def test_a_dependency_is_violated_only_if_all_is_known() -> None:
    known = algorithm("xgboost", "1.7-1")
    assert known is not None
    dependency = next(
        dependency
        for dependency in known.dependencies
        if dependency.id == "monotone-needs-tree-method"
    )
    constraints = Subject("hyperparameter", "monotone_constraints")
    method = Subject("hyperparameter", "tree_method")
    assert dependency.violated({constraints: "(1,)"}) == dependency.requirements[0]
    assert dependency.violated({constraints: "(1,)", method: "auto"}) is not None
    assert dependency.violated({constraints: "(1,)", method: "hist"}) is None
    assert dependency.violated({constraints: "(1,)", method: None}) is None
    assert dependency.violated({method: "auto"}) is None


def test_a_usage_is_unmet_only_if_no_possible_value_meets_it() -> None:
    adam = Clause(subject=A, operator="in", values=("adam",))
    usage = Usage(hyperparameters=("beta",), conditions=(adam,))
    assert usage.unmet({A: ["sgd", "nag"]}) == adam
    assert usage.unmet({}) == adam
    assert usage.unmet({A: ["sgd", "adam"]}) is None
    assert usage.unmet({A: ["sgd", None]}) is None
    by_default = Clause(subject=A, operator="in_or_absent", values=("adam",))
    assert Usage(hyperparameters=("beta",), conditions=(by_default,)).unmet({}) is None


def test_every_condition_of_a_usage_counts() -> None:
    conditions = (
        Clause(subject=A, operator="present"),
        Clause(subject=B, operator="not_in_or_absent", values=("x",)),
    )
    usage = Usage(hyperparameters=("beta",), conditions=conditions)
    assert usage.unmet({B: ["y"]}) == conditions[0]
    assert usage.unmet({A: [None], B: ["x"]}) == conditions[1]
    assert usage.unmet({A: [None]}) is None


@pytest.mark.parametrize("name", algorithm_names())
def test_usages_are_about_hyperparameters_of_the_algorithm(name: str) -> None:
    of_catalog = algorithm(name)
    assert of_catalog is not None
    for usage in of_catalog.usages:
        for hyperparameter in usage.hyperparameters:
            assert of_catalog.hyperparameter(hyperparameter) is not None
        for clause in usage.conditions:
            known = of_catalog.hyperparameter(clause.subject.name)
            assert clause.subjects == (clause.subject,)
            if clause.subject.kind == "hyperparameter":
                assert known is not None
                assert [value for value in clause.values if not known.accepts(value)] == []

"""Which mutations are made and sampled, and which tests run on one."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.mutation_testing.collected_tests import is_module_loaded, names_used_on_import
from tests.mutation_testing.equivalent_mutations import EQUIVALENT
from tests.mutation_testing.function_names import function_at, named_functions
from tests.mutation_testing.mutations import mutations, package_of, sample
from tests.mutation_testing.selection import Entered, select, within
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("a < b", ["a <= b"], id="less"),
        pytest.param("a >= b != c", ["a > b != c", "a >= b == c"], id="chained"),
        pytest.param("a is None", ["a is not None"], id="is"),
        pytest.param("x not in y", ["x in y"], id="not in"),
        pytest.param("a and b and c", ["a or b and c", "a and b or c"], id="and"),
        pytest.param("not a", ["a"], id="not"),
        pytest.param("not (a or b)", ["(a or b)", "not (a and b)"], id="not in front of brackets"),
        pytest.param("f(True)", ["f(False)"], id="boolean"),
        pytest.param("é = 'é', 9", ["é = 'é', 10", "é = 'é', 8"], id="number after wide text"),
        pytest.param("zip(a, b, strict=True)", [], id="strict"),
        pytest.param("@dataclass(frozen=True)\nclass A:\n    x: int", [], id="decorator"),
        pytest.param("a: Literal[1] = b", [], id="annotation"),
        pytest.param(
            "a: Annotated[A, B(c=True)]",
            ["a: Annotated[A, B(c=False)]"],
            id="call in an annotation",
        ),
        pytest.param("f'{a + 1}'", [], id="f-string"),
    ],
)
def test_mutations(source: str, expected: list[str]) -> None:
    assert [mutation.apply(source) for mutation in mutations(source, "a.py")] == expected


def test_a_sample_depends_on_its_seed_alone() -> None:
    first = sample(("cost",), 10, 1)
    assert len({(mutation.file, mutation.line) for mutation in first}) == 10
    assert sample(("cost",), 10, 1) == first
    assert sample(("cost",), 10, 2) != first


def test_a_sample_has_no_equivalent_mutations() -> None:
    for entry in EQUIVALENT:
        source = (ROOT / entry.file).read_text("utf-8")
        sampled = [mutation.on_line(source) for mutation in mutations(source, entry.file)]
        assert (entry.line, entry.mutated) in sampled, f"{entry.file} changed: {entry.line}"


def test_a_slow_test_keeps_no_other_out_of_a_selection() -> None:
    seconds = {"a": 3.0, "b": 62.0, "c": 4.0, "d": 5.0}
    chosen = within(list(seconds), seconds, 10.0)
    assert (chosen.tests, chosen.seconds) == (("a", "c"), 7.0)
    assert within(["b", "a"], seconds, 10.0).tests == ("b",)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("MAX = 1\ndef f(): return MAX", set()),
        ("MAX = 1\ndef f(most=MAX): return most", {"MAX"}),
        ("LAST = MAX - 1", {"MAX"}),
        ("class A:\n    most: int = MAX\n    def f(self): return MIN", {"int", "MAX"}),
        ("@limited(MAX)\nasync def f(): return MIN", {"limited", "MAX"}),
        ("LONGEST = limits.MAX", {"limits", "MAX"}),
    ],
)
def test_names_that_are_used_when_a_module_is_imported(source: str, expected: set[str]) -> None:
    """A new value of a constant reaches its users only if none of them ran on import."""
    assert set(names_used_on_import(ast.parse(source))) == expected


def test_a_function_has_a_name_that_stays_when_lines_move() -> None:
    tree = ast.parse("class A:\n  @x\n  def f(self):\n    async def g(): pass\n\ndef h(): pass\n")
    lines = {function.qualified_name: function.first_line for function in named_functions(tree)}
    assert lines == {"A.f": 2, "A.f.g": 4, "h": 6}
    at = [function_at(tree, line) for line in range(1, 7)]
    names = [None if function is None else function.qualified_name for function in at]
    assert names == [None, "A.f", "A.f", "A.f.g", None, "h"]


@pytest.mark.parametrize(
    ("file", "function", "code"),
    [
        ("hptc/project/kms_keys.py", "is_alias", "HPT522"),
        ("hptc/request/named_resources.py", "_access_point", "HPT505"),
    ],
    ids=["directly", "through other functions"],
)
def test_tests_of_the_rules_that_use_a_function_come_first(
    file: str, function: str, code: str
) -> None:
    source = (ROOT / file).read_text("utf-8")
    line = source.partition(f"def {function}(")[0].count("\n") + 1
    tests = {f"tests/rules/test_rules.py::test_case[{rule}: bad]": 1.0 for rule in ("HPT100", code)}
    entered = Entered(tests, {f"{file}:{function}": frozenset(tests)}, {})
    first, *_ = select(entered, file, source, line)
    assert [code in test for test in first.tests] == [True, False]


def test_packages_have_their_share_of_a_sample() -> None:
    chosen = Counter(
        mutation.package for mutation in sample(("cost", "rules", "local/search"), 20, 1)
    )
    assert chosen.total() == 20
    assert chosen["rules"] > chosen["local/search"] > chosen["cost"] > 0
    assert package_of("hptc/local/search/bayesian.py") == "local/search"
    assert package_of("hptc/local/stand_ins/blobs.py") == "local"


def test_every_test_next_to_a_module_runs_before_a_mutation_survives() -> None:
    file = "hptc/cost/bound.py"
    source = (ROOT / file).read_text("utf-8")
    line = source.partition("def cost_bound(")[0].count("\n") + 1
    near = {f"tests/cost/test_bound.py::test_{number}": 9.0 for number in range(20)}
    far = {f"tests/cli/test_{number}.py::test": 8.0 for number in range(20)}
    tests = near | far
    entered = Entered(tests, {f"{file}:cost_bound": frozenset(tests)}, {})
    run = [test for group in select(entered, file, source, line) for test in group.tests]
    assert set(near) <= set(run)
    assert len(run) == len(set(run)) < len(tests)


def test_a_constant_is_tested_by_the_file_of_tests_of_its_module_first() -> None:
    """These need not enter a function of the module."""
    file = "hptc/spec/tuning_spec.py"
    source = (ROOT / file).read_text("utf-8")
    line = source.partition('    "environment": True')[0].count("\n") + 1
    tests = {"tests/spec/test_tuning_spec.py::test": 1.0, "tests/cli/test_check.py::test": 0.1}
    entered = Entered(tests, {}, {file: frozenset(["tests/cli/test_check.py::test"])})
    assert [selection.tests for selection in select(entered, file, source, line)][:2] == [
        ("tests/spec/test_tuning_spec.py::test",), ("tests/cli/test_check.py::test",)
    ]  # fmt: skip


def test_a_field_is_tested_by_the_tests_of_the_functions_that_use_it() -> None:
    """These need not enter a method of its class."""
    file = "hptc/metrics/metric_results.py"
    source = (ROOT / file).read_text("utf-8")
    line = source.partition("    matches: int")[0].count("\n") + 1
    tests = {"tests/metrics/test_rehearsal.py::test": 1.0, "tests/cli/test_metrics.py::test": 1.0}
    user, other = (frozenset([test]) for test in tests)
    functions = {"hptc/metrics/rehearsal.py:_with_similar": user}
    entered = Entered(tests, functions, {file: other})
    assert entered.tests_of(file, source, line) == user | other
    assert entered.tests_of(file, source, line + 1) == other


def test_a_module_that_is_not_imported_with_the_tests_is_known() -> None:
    assert is_module_loaded(ROOT / "tests/support/paths.py")
    assert not is_module_loaded(ROOT / "hptc/no_such_module.py")

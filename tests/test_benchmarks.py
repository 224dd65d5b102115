"""The benchmarks run at their smallest sizes; a failing one hides neither its reason nor others."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main, text
from benchmarks.collected_tests import names_used_on_import
from benchmarks.equivalent_mutations import EQUIVALENT
from benchmarks.measure import Failure, Growth, Note, Ratio, Row, attempt
from benchmarks.mutation_tests import Entered, select, within
from benchmarks.mutations import mutations, package_of, sample
from tests.support.paths import ROOT


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARKS)
def test_runs_in_its_short_form(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = main(["--short", name])
    out, err = capsys.readouterr()
    assert code == 0, out + err
    assert f"running {name}" in err
    assert out.strip()


@pytest.mark.slow
def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--short", "compilation"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "running compilation" in done.stderr
    assert done.stdout.strip()


def fails(folder: Path, *, is_short: bool) -> Iterator[Row]:
    yield Note(text=f"short: {is_short}")
    raise ValueError("no such stack")


def passes(folder: Path, *, is_short: bool) -> Iterator[Row]:
    assert folder.is_dir()
    yield Ratio(claim="ours / floor", ours=3.0, floor=2.0, aim=1.2)


def test_a_failure_has_its_reason_and_the_rest_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], {"first": fails, "second": passes}) == 1
    printed = capsys.readouterr().out
    assert "short: False\nFAILED first\n    ValueError at " in printed
    assert "no such stack" in printed
    assert "3.00     2.00    1.50 aim 1.2 MISSED" in printed
    assert printed.endswith("\n1 failed\n")


def test_a_missed_aim_is_not_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["second"], {"first": fails, "second": passes}) == 0
    assert "FAILED" not in capsys.readouterr().out


def test_an_unknown_name_is_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["third"], {"first": fails})
    assert raised.value.code == 2
    assert "unknown benchmark: third; choose from first" in capsys.readouterr().err


def test_a_failed_process_shows_what_it_wrote() -> None:
    def run() -> Row:
        subprocess.run(
            [sys.executable, "-c", "import sys; sys.exit('cannot synthesize')"],
            check=True,
            capture_output=True,
            text=True,
        )
        return Note(text="")

    row = attempt("synth", run)
    assert isinstance(row, Failure)
    assert row.reason.endswith("exited with 1\ncannot synthesize")


def test_growth_is_relative_to_the_smallest_size() -> None:
    row = Growth(command="check", seconds={100: 0.5, 400: 2.2, 1600: 16.0}, aim=1.2)
    assert row.milliseconds_per_spec == 5.0
    assert row.relative == {100: 1.0, 400: pytest.approx(1.1), 1600: pytest.approx(2.0)}
    assert text(row).split()[1:3] == ["5.0", "ms"]
    assert text(row).endswith("100: 1.00  400: 1.10  1,600: 2.00  aim 1.2 MISSED")
    assert text(row, has_aims=False).endswith("1,600: 2.00")


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
    assert [each.apply(source) for each in mutations(source, "a.py")] == expected


def test_a_sample_depends_on_its_seed_alone() -> None:
    first = sample(("cost",), 10, 1)
    assert len({each.line for each in first}) == 10
    assert sample(("cost",), 10, 1) == first
    assert sample(("cost",), 10, 2) != first


def test_a_sample_has_no_equivalent_mutations() -> None:
    for each in EQUIVALENT:
        source = (ROOT / each.file).read_text("utf-8")
        found = [mutation.on_line(source) for mutation in mutations(source, each.file)]
        assert (each.line, each.mutated) in found, f"{each.file} changed: {each.line}"


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


@pytest.mark.parametrize(
    ("file", "function", "code"),
    [
        ("hptc/project/kms_keys.py", "is_alias", "HPT522"),
        ("hptc/request/job_facts.py", "_access_point", "HPT505"),
    ],
    ids=["directly", "through other functions"],
)
def test_tests_of_the_rules_that_use_a_function_come_first(
    file: str, function: str, code: str
) -> None:
    source = (ROOT / file).read_text("utf-8")
    line = source.partition(f"def {function}(")[0].count("\n") + 1
    tests = {f"tests/rules/test_rules.py::test_case[{each}: bad]": 1.0 for each in ("HPT100", code)}
    entered = Entered(tests, {f"{file}:{line}": frozenset(tests)}, {})
    first, *_ = select(entered, file, source, line)
    assert [code in test for test in first.tests] == [True, False]


def test_packages_have_their_share_of_a_sample() -> None:
    chosen = Counter(each.package for each in sample(("cost", "rules", "local/search"), 20, 1))
    assert chosen.total() == 20
    assert chosen["rules"] > chosen["local/search"] > chosen["cost"] > 0
    assert package_of("hptc/local/search/bayesian.py") == "local/search"
    assert package_of("hptc/local/stand_ins/blobs.py") == "local"

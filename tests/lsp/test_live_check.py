"""What `check_open` finds is what `hptc check` prints, and it raises nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from pygls.workspace import PositionCodec

from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.workspace import Workspace
from hptc.lsp.live_check import check_open
from hptc.lsp.protocol_diagnostics import to_protocol
from tests.support.paths import ROOT
from tests.support.specs import PROJECT, SPEC


def test_the_specs_of_this_repository_have_the_findings_of_check() -> None:
    paths = sorted((ROOT / "specs").glob("*.yaml"))
    texts = {path.resolve(): path.read_text("utf-8") + "typo: 1\n" for path in paths}
    results = check_open(texts)
    assert results.crashes == ()
    assert len(texts) > 10
    for path in texts:
        expected = merged_diagnostics(compile_in_all_environments([str(path)], Workspace()))
        new = [
            diagnostic for diagnostic in results.diagnostics[path] if "`typo`" in diagnostic.message
        ]
        assert len(new) == 1
        assert {diagnostic.message for diagnostic in expected} <= {
            diagnostic.message for diagnostic in results.diagnostics[path]
        }


def test_a_crash_in_one_file_does_not_hide_the_others(tmp_path: Path) -> None:
    def crash() -> NoReturn:
        raise RuntimeError("a bug")

    path = (tmp_path / "spec.yaml").resolve()
    results = check_open({path: "name: a\nstrateg: Random\ntraining_job: {}\n"}, crash)
    assert "HPT101" in {finding.code for finding in results.diagnostics[path]}
    assert len(results.crashes) == 1
    assert "RuntimeError: a bug" in results.crashes[0]


def test_a_price_table_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(PROJECT + "policy: {budget_usd: 5}\n", "utf-8")
    (tmp_path / "prices.json").write_text("[]", "utf-8")
    path = (tmp_path / "spec.yaml").resolve()
    [diagnostic] = check_open({path: SPEC}).diagnostics[path]
    assert "prices.json" in diagnostic.message
    assert diagnostic.is_error


def test_a_text_that_is_too_large_is_a_finding(tmp_path: Path) -> None:
    path = (tmp_path / "spec.yaml").resolve()
    text = "name: a\ntraining_job: {}\n" + "#" * 1_000_000
    [diagnostic] = check_open({path: text}).diagnostics[path]
    assert diagnostic.message.startswith("larger than")


def test_no_link_to_a_page_that_does_not_exist(tmp_path: Path) -> None:
    path = (tmp_path / "spec.yaml").resolve()
    text = "name: a\nstrateg: Random\ntraining_job: {}\n"
    diagnostic, *_ = check_open({path: text}).diagnostics[path]
    shown = to_protocol(diagnostic, text.split("\n"), PositionCodec(), lambda name: (name, ()))
    assert shown.code_description is None
    assert shown.code == diagnostic.code

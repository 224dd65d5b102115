"""The permissions of a compiled spec need an environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.compiler.permissions_report import permissions_report
from hptc.errors import UsageError
from tests.support.outcomes import succeeded
from tests.support.rule_cases import compile_case


def test_the_report_names_its_environment() -> None:
    compiled = succeeded(compile_case("{}"))
    assert compiled.environment is not None
    report = permissions_report(compiled)
    assert (report.spec, report.environment) == (compiled.name, compiled.environment.name)
    assert (report.account, report.region) == (
        compiled.environment.account,
        compiled.environment.region,
    )


def test_without_an_environment_there_is_no_report() -> None:
    compiled = replace(succeeded(compile_case("{}")), environment=None)
    with pytest.raises(UsageError, match="it has no environment"):
        permissions_report(compiled)

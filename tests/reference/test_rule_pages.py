"""The generated pages are up to date, and every fact of the catalog has a decision."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from hptc.reference.rule_pages import page, pages, summary
from hptc.rules import RULES
from hptc.rules.codes import CODES
from tests.support.paths import ROOT

RULES_PAGE = ROOT / "docs" / "rules.md"
CATALOG_PAGE = ROOT / "docs" / "catalog.md"
DATA = ROOT / "tests" / "data" / "catalog.yaml"

WORDS = {
    "shape": "shape",
    "online": "online",
    "accepted": "accepted",
    "not": "not checked",
}
ROWS_OF = {
    # How many facts each letter of the catalog has, so that none is lost.
    "N": 9, "X": 15, "S": 18, "L": 16, "P": 23, "A": 10, "H": 12, "M": 28, "I": 42, "O": 10,
    "R": 33, "T": 13, "V": 16, "B": 6, "W": 16, "K": 5, "U": 3, "G": 5, "Z": 7,
}  # fmt: skip

RULES_HEAD = """\
# Rules

Everything that `hptc check` reports, with examples. This page is generated from the docstrings of
the rules; `hptc explain CODE` prints one of its sections. An *error* is rejected by AWS or certain
to fail. A *warning* is accepted, but it costs money, is ignored or usually fails.

The examples of a rule are merged over one of the [base specs](#base-specs) at the end of this page.
A first line such as `# policy: {…}` or `# infrastructure: {…}` is part of hptc.yaml.

To suppress a finding, add `# hptc: ignore[HPT203] reason` to its line, or on its own line above it.
`--select` and `--ignore` take code prefixes. Findings about the file, the language and the API
model (up to HPT106) can't be suppressed or ignored.

| codes | about |
|---|---|
| HPT0xx | files and syntax |
| HPT1xx | the spec language, the API model, and the structure of requests |
| HPT2xx | search space and strategy |
| HPT3xx | algorithms, objectives and metrics |
| HPT4xx | limits, resources, time and data |
| HPT5xx | security |
| HPT6xx | names and tags |
| HPT7xx | warm start |
| HPT8xx | policy and cost |
| HPT9xx | the AWS account: [`--online`](online.md) |

"""

CATALOG_HEAD = """\
# What AWS requires, and which rule checks it

The facts about CreateHyperParameterTuningJob that hptc is based on, beyond the basic shape of a
request. Each is checked by the [rules](rules.md) next to it, or:

- **shape**: by HPT101 to HPT106, from the installed botocore model
- **online**: only with an AWS account, by `hptc check --online` or the service itself
- **accepted**: not checked, because SageMaker accepts it
- **not checked**: not checked for another reason, which the row gives

"""


def facts() -> dict[str, dict[str, tuple[str, str]]]:
    """Per heading, (what checks it, the fact) by ID."""
    read = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    return {
        heading: {
            name: tuple(part.strip() for part in line.split(";", 1)) for name, line in rows.items()
        }
        for heading, rows in read.items()
    }


FACTS = {name: fact for rows in facts().values() for name, fact in rows.items()}


def rules_page() -> str:
    return RULES_HEAD + pages()


def catalog_page() -> str:
    parts = [CATALOG_HEAD]
    for heading, rows in facts().items():
        lines = [
            f"| {name} | {meaning} | {_decided(who)} |" for name, (who, meaning) in rows.items()
        ]
        parts.append(f"## {heading}\n\n| ID | fact | checked by |\n|---|---|---|\n")
        parts.append("\n".join(lines) + "\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def _decided(who: str) -> str:
    return WORDS.get(who, who)


@pytest.mark.parametrize(
    ("path", "result"), [(RULES_PAGE, rules_page), (CATALOG_PAGE, catalog_page)],
    ids=["rules", "catalog"],
)  # fmt: skip
def test_page_is_up_to_date(path: Path, result: object, request: pytest.FixtureRequest) -> None:
    assert callable(result)
    text = result()
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name}: `make golden`"


def test_every_code_has_a_page_and_a_line() -> None:
    page = pages()
    for entry in (*CODES, *RULES):
        assert f"\n## {entry.code}: " in f"\n{page}"
        assert summary(entry.code) not in ("", entry.code)


def test_a_page_prints_each_base_of_its_examples_once() -> None:
    assert page("HPT313").count("\n### Base `xgboost`\n") == 1
    assert pages().count("\n### Base `xgboost`\n") == 1
    several = page("HPT452")
    assert "Bad, merged over the base [`file-system`](#base-file-system):" in several
    assert "Good, merged over the base [`custom-image`](#base-custom-image):" in several
    assert several.count("\n### Base `") == 2


def test_every_fact_is_listed_once() -> None:
    lines: dict[str, list[int]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        name, separator, _ = line.strip().partition(": ")
        if separator and not line.startswith("#"):
            lines[name[0]].append(int(name[1:]))
    assert lines == {letter: list(range(1, count + 1)) for letter, count in ROWS_OF.items()}


def test_every_fact_has_a_decision_and_a_meaning() -> None:
    codes = {rule.code for rule in RULES}
    for name, (who, meaning) in FACTS.items():
        assert who in WORDS or set(who.split(", ")) <= codes, f"{name}: {who}"
        assert meaning, name


def test_the_catalog_and_the_rules_agree() -> None:
    decided: dict[str, list[str]] = defaultdict(list)
    for rule in RULES:
        for name in rule.catalog:
            decided[name].append(rule.code)
    listed = {name: who.split(", ") for name, (who, _) in FACTS.items() if who not in WORDS}
    assert {name: sorted(codes) for name, codes in decided.items()} == {
        name: sorted(codes) for name, codes in listed.items()
    }

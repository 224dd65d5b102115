"""The rule pages are the generator's, and each fact of the catalogue is decided by someone."""

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
CATALOGUE_PAGE = ROOT / "docs" / "catalogue.md"
DATA = ROOT / "tests" / "data" / "catalogue.yaml"

WORDS = {
    "shape": "shape",
    "online": "online",
    "accepted": "accepted",
    "not": "left out",
}
ROWS_OF = {
    # How many facts each letter of the catalogue has, so that none is lost.
    "N": 9, "X": 15, "S": 18, "L": 16, "P": 22, "A": 10, "H": 8, "M": 21, "I": 31, "O": 10, "R": 28,
    "T": 13, "V": 12, "B": 6, "W": 15, "K": 5, "U": 3, "G": 5, "Z": 7,
}  # fmt: skip

RULES_HEAD = """\
# Rules

Everything that `hptc check` can say, with an example of each. Made from the rules' own docstrings:
`hptc explain CODE` shows one of these pages. An *error* is refused by AWS or certain to fail; a
*warning* is accepted, but it costs, is ignored or usually goes wrong.

A finding that you have decided on is suppressed on its line, or on a line of its own above it:
`# hptc: ignore[HPT203] why`. `--select` and `--ignore` take the beginnings of codes. What the file,
the language and AWS's own model demand (up to HPT106) can be neither suppressed nor left out.

| codes | about |
|---|---|
| HPT0xx | the file and its syntax |
| HPT1xx | the spec language, and what AWS's model of the request demands |
| HPT2xx | the search space and the strategy |
| HPT3xx | algorithms, objectives and metrics |
| HPT4xx | limits, resources, time and data |
| HPT5xx | security |
| HPT6xx | names and tags |
| HPT7xx | warm starts |
| HPT8xx | the project's policy, and cost |
| HPT9xx | what only an account can tell: [`--online`](online.md) |

"""

CATALOGUE_HEAD = """\
# What AWS demands, and who decides it

The facts about CreateHyperParameterTuningJob that hptc was made from, beyond what is a request at
all. Each is decided by the [rules](rules.md) named beside it, or:

- **shape**: the installed botocore model says it, so HPT101 to HPT106 do;
- **online**: only an account can tell, so nothing is said offline;
- **accepted**: AWS takes it, so no rule refuses it;
- **left out**: nothing that a check could decide; the row says why.

"""


def facts() -> dict[str, dict[str, tuple[str, str]]]:
    """Per heading, (who decides, the meaning) by id."""
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


def catalogue_page() -> str:
    parts = [CATALOGUE_HEAD]
    for heading, rows in facts().items():
        lines = [
            f"| {name} | {meaning} | {_decided(who)} |" for name, (who, meaning) in rows.items()
        ]
        parts.append(f"## {heading}\n\n| id | what | decided by |\n|---|---|---|\n")
        parts.append("\n".join(lines) + "\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def _decided(who: str) -> str:
    return WORDS.get(who, who)


@pytest.mark.parametrize(
    ("path", "made"), [(RULES_PAGE, rules_page), (CATALOGUE_PAGE, catalogue_page)],
    ids=["rules", "catalogue"],
)  # fmt: skip
def test_the_page_is_what_the_generator_makes(
    path: Path, made: object, request: pytest.FixtureRequest
) -> None:
    assert callable(made)
    text = made()
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name}: `make golden`"


def test_every_code_has_a_page_and_a_line() -> None:
    page = pages()
    for entry in (*CODES, *RULES):
        assert f"\n## {entry.code}: " in f"\n{page}"
        assert summary(entry.code) not in ("", entry.code)


def test_a_page_prints_each_base_of_its_examples_once() -> None:
    assert page("HPT309").count("\n### Base `xgboost`\n") == 1
    assert pages().count("\n### Base `xgboost`\n") == 1
    several = page("HPT452")
    assert "Bad, merged over the base [`file-system`](#base-file-system):" in several
    assert "Good, merged over the base [`custom-image`](#base-custom-image):" in several
    assert several.count("\n### Base `") == 2


def test_every_fact_is_listed_once() -> None:
    found: dict[str, list[int]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        name, separator, _ = line.strip().partition(": ")
        if separator and not line.startswith("#"):
            found[name[0]].append(int(name[1:]))
    assert found == {letter: list(range(1, count + 1)) for letter, count in ROWS_OF.items()}


def test_every_fact_has_a_decision_and_a_meaning() -> None:
    codes = {rule.code for rule in RULES}
    for name, (who, meaning) in FACTS.items():
        assert who in WORDS or set(who.split(", ")) <= codes, f"{name}: {who}"
        assert meaning, name


def test_the_catalogue_and_the_rules_agree() -> None:
    decided: dict[str, list[str]] = defaultdict(list)
    for rule in RULES:
        for name in rule.catalogue:
            decided[name].append(rule.code)
    listed = {name: who.split(", ") for name, (who, _) in FACTS.items() if who not in WORDS}
    assert {name: sorted(codes) for name, codes in decided.items()} == {
        name: sorted(codes) for name, codes in listed.items()
    }

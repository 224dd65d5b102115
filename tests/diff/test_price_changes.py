"""Lower prices, with which more expensive tuning jobs pass a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.catalog.prices import PriceTable, RegionPrices, render_prices
from hptc.diff.changes import Impact, Kind
from hptc.diff.price_changes import price_changes
from hptc.diff.sides import review_refs
from tests.support.prices import price_table
from tests.support.repositories import Repository
from tests.support.trees import PROJECT, SPEC


def of(table: PriceTable) -> RegionPrices:
    return table.regions["us-east-1"]


OLD = price_table(m5_xlarge="0.50", p3_2xlarge="4.00")


@pytest.mark.parametrize(
    ("new", "texts"),
    [
        (price_table(m5_xlarge="0.50", p3_2xlarge="0.04"), ("ml.p3.2xlarge $4.00", "$0.04")),
        (
            price_table(m5_xlarge="0.1", p3_2xlarge="0.2", volume="0.1"),
            ("ml.m5.xlarge $0.50", "$0.1, and 2 more"),
        ),
    ],
)
def test_lower_prices(new: PriceTable, texts: tuple[str, str]) -> None:
    (change,) = price_changes(of(OLD), of(new))
    assert (change.kind, change.impact) == (Kind.PRICES_LOWERED, Impact.POLICY)
    assert (change.subject, change.old, change.new) == ("prices.json", *texts)


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        price_table(m5_xlarge="0.60", p3_2xlarge="4.00"),
        price_table(m5_xlarge="0.50", volume=None),
    ],
    ids=["the same", "higher", "unknown, which no budget accepts"],
)
def test_other_prices(new: PriceTable) -> None:
    assert list(price_changes(of(OLD), of(new))) == []


def test_without_a_budget() -> None:
    assert list(price_changes(None, of(OLD))) == list(price_changes(of(OLD), None)) == []


@pytest.mark.parametrize(
    ("policy", "expected"), [("policy: {budget_usd: 90}\n", [Kind.PRICES_LOWERED]), ("", [])]
)
def test_a_review_of_prices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, expected: list[Kind]
) -> None:
    repository = Repository.create(tmp_path / "repository")
    monkeypatch.chdir(repository.root)
    files = {"hptc.yaml": PROJECT + policy, "specs/trees.yaml": SPEC}
    repository.commit("first", files | {"prices.json": render_prices(OLD)})
    repository.write("prices.json", render_prices(price_table(m5_xlarge="0.01")))
    assert [change.kind for change in review_refs([]).project] == expected

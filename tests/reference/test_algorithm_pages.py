"""docs/algorithms.md is up to date, and each page has what an author needs."""

from __future__ import annotations

import re

import pytest

from hptc.catalog import algorithms
from hptc.reference.algorithm_pages import algorithm_page, algorithm_pages
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "algorithms.md"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(algorithm_pages(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == algorithm_pages(), (
        "docs/algorithms.md: `make golden`"
    )


@pytest.mark.parametrize("name", algorithms.algorithm_names())
def test_every_fact_is_on_the_page(name: str) -> None:
    algorithm = algorithms.algorithm(name)
    page = algorithm_page(name)
    assert algorithm is not None
    assert page is not None
    for channel in algorithm.channels:
        assert all(f"`{name}`" in page for name in channel.names)
    for metric in algorithm.metrics:
        assert f"| `{metric.name}` | {metric.direction} |" in page
        assert metric.regex is None or f"`{metric.regex}`" in page
    for known in algorithm.hyperparameters:
        assert f"| `{known.name}`" in page
        words = (*known.scalar.values, *known.also) if known.kind == "choice" else known.also
        assert all(f"`{word}`" in page for word in words if word)


@pytest.mark.parametrize("name", algorithms.algorithm_names())
def test_a_page_in_a_terminal_has_no_relative_link(name: str) -> None:
    links = re.findall(r"\]\(([^)]*)\)", algorithm_page(name) or "")
    assert all(link.startswith("https://") for link in links)
    algorithm = algorithms.algorithm(name)
    assert algorithm is not None
    assert bool(links) == (algorithm.kind == "jumpstart")


def test_no_page() -> None:
    assert algorithm_page("pytorch-training") is None

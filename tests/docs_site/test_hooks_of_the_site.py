"""Links and pages of the site that differ from those on GitHub."""

from __future__ import annotations

import pytest

from docs_site.hooks import DOCS, linked
from docs_site.rule_families import rule_pages
from tests.support.paths import ROOT

REPOSITORY = "https://github.com/hptc/hptc"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](cost.md)", "[a](cost.md)"),
        ("[a](cost.md#prices)", "[a](cost.md#prices)"),
        ("[a](../SECURITY.md)", "[a](security.md)"),
        ("[a](../README.md#on-a-real-account)",
         f"[a]({REPOSITORY}/blob/main/README.md#on-a-real-account)"),
        ("[a](../specs)", f"[a]({REPOSITORY}/tree/main/specs)"),
        ("![a\nb](pictures/check.svg)", "![a\nb](pictures/check.svg)"),
        ("[`a`](../cdk/app.py)", f"[`a`]({REPOSITORY}/blob/main/cdk/app.py)"),
        ("[a](rules.md#hpt203-x)", "[a](rules-2xx.md#hpt203-x)"),
        ("[a](rules.md#base-xgboost)", "[a](rules-bases.md#base-xgboost)"),
        ("[a](rules.md)", "[a](rules.md)"),
        ("[a](#b) [c](https://d.e)", "[a](#b) [c](https://d.e)"),
        ("```\n[a](../specs)\n```", "```\n[a](../specs)\n```"),
    ],
)  # fmt: skip
def test_a_link(link: str, expected: str) -> None:
    assert linked(link, DOCS, "a.md") == expected


def test_a_link_to_nothing_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert linked("[a](../absent.md)", DOCS, "a.md") == "[a](../absent.md)"
    assert "a.md links to ../absent.md, which does not exist" in caplog.text


def test_the_rules_are_split_by_family() -> None:
    text = (ROOT / "docs/rules.md").read_text("utf-8")
    pages = rule_pages(text)
    assert sorted(pages) == sorted(
        ["rules.md", "rules-bases.md", *(f"rules-{digit}xx.md" for digit in range(10))]
    )
    assert pages["rules-2xx.md"].startswith("# HPT2xx: search space and strategy\n\n## HPT201: ")
    assert "(rules-bases.md#base-custom-image)" in pages["rules-2xx.md"]
    assert "| [HPT2xx](rules-2xx.md) |" in pages["rules.md"]
    assert "- [HPT203](rules-2xx.md#hpt203-" in pages["rules.md"]
    assert pages["rules-bases.md"].startswith("# Base specs\n")

"""The lines that are shown for a metric whose expression matches none."""

from __future__ import annotations

import pytest

from hptc.metrics.similar_lines import excerpt, similar_lines

LOG = (
    "loading 400 rows",
    "Accuracy will be printed",
    "epoch 0: train accuracy 0.71",
    "epoch 0: Validation accuracy 0.70",
    "epoch 1: train accuracy 0.73",
    "epoch 1: validation accuracy 0.72",
)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        pytest.param("validation:accuracy", [4, 6], id="the most words"),
        pytest.param("accuracy", [3, 4, 5], id="no more than three"),
        pytest.param("ACCURACY", [3, 4, 5], id="any case"),
        pytest.param("rows_total", [1], id="one of the words"),
        pytest.param("loss", [], id="none"),
        pytest.param("a:%", [], id="a name without words"),
    ],
)
def test_similar_lines(name: str, lines: list[int]) -> None:
    assert similar_lines(name, LOG) == lines


def test_a_word_far_to_the_right_is_shown() -> None:
    line = f"{'2026-01-01 ' * 20}loss 0.5"
    assert excerpt("loss", line) == "…1 2026-01-01 2026-01-01 loss 0.5"
    assert excerpt("loss", "epoch 1 loss 0.5") == "epoch 1 loss 0.5"
    assert excerpt("loss", "0.5") == "0.5"
    both = f"val {'-' * 30} loss"
    assert excerpt("val_loss", both) == both
    assert excerpt("val_loss", f" {both}") == f" {both}"


def test_an_excerpt_begins_24_characters_before_the_word() -> None:
    assert excerpt("loss", f"{'-' * 24}loss") == f"{'-' * 24}loss"
    assert excerpt("loss", f"{'-' * 25}loss") == f"…{'-' * 24}loss"


def test_the_first_2000_characters_of_a_line_are_searched() -> None:
    last, cut = f"{'1' * 1996}loss", f"{'1' * 1997}loss"
    assert similar_lines("loss", [cut, last]) == [2]
    assert excerpt("loss", last) == f"…{'1' * 24}loss"
    assert excerpt("loss", cut) == cut

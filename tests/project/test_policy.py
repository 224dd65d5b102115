"""The bounds of the policy's limits in hptc.yaml."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hptc.project.policy import Policy


@pytest.mark.parametrize(
    ("key", "smallest", "too_small"),
    [
        ("budget_usd", 0.01, 0.0),
        ("budget_usd_per_month", 0.01, 0.0),
        ("max_number_of_training_jobs", 1, 0),
        ("max_parallel_training_jobs", 1, 0),
        ("spot_required_above", 0, -1),
    ],
)
def test_the_smallest_limit(key: str, smallest: float, too_small: float) -> None:
    assert getattr(Policy.model_validate({key: smallest}), key) == smallest
    with pytest.raises(ValidationError):
        Policy.model_validate({key: too_small})

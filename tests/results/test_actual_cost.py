"""What AWS bills for a training job of one of several definitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hptc.cost.bound import cost_bound
from hptc.results.actual_cost import billing, shown_usd
from hptc.service.tuning_jobs import TrainingJob
from tests.support.prices import PRICES
from tests.support.specs import WITHOUT_PARENT, compiled

START = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(("definition", "usd"), [("small", "1.06"), ("large", "2.06")])
def test_each_definition_has_the_cost_of_its_instances(
    tmp_path: Path, definition: str, usd: str
) -> None:
    small = WITHOUT_PARENT.partition("training_jobs:\n")[2].partition("autotune")[0]
    large = small.replace("small", "large").replace("ml.m5.xlarge", "ml.m5.2xlarge")
    job = compiled(tmp_path, WITHOUT_PARENT.replace(small, small + large)).job
    ended = TrainingJob(
        name="a", status="Completed", started=START, ended=START + timedelta(hours=1)
    )
    bill = billing(ended, definition, cost_bound(job, "us-east-1", PRICES), None)
    assert shown_usd(bill.usd) == Decimal(usd)

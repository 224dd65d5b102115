"""Prices chosen for mental arithmetic.

A month of 28 days has 672 hours, so $0.672 per GB-month is $0.001 per GB-hour: 30 GB cost $0.03
per hour, and 50 GB cost $0.05.
"""

from __future__ import annotations

import json

from hptc.catalog.prices import PriceTable, parse_prices


def price_table(*, volume: str | None = "0.672", **hourly: str) -> PriceTable:
    row = {"date": "2026-10-01", "sources": ["by hand"]}
    instances = {
        f"ml.{name.replace('_', '.')}": {"usd_per_hour": price, **row}
        for name, price in hourly.items()
    }
    region = {"instances": instances}
    if volume is not None:
        region["volume"] = {"usd_per_gb_month": volume, **row}  # type: ignore[dict-item]
    text = json.dumps({"version": 1, "regions": {"us-east-1": region}})
    return parse_prices(text, "prices.json")


PRICES = price_table(m5_xlarge="0.50", m5_2xlarge="1.00", p3_2xlarge="4.00", g5_xlarge="1.40")

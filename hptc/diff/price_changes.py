"""Lower prices in a project's prices.json, which let more expensive tuning jobs pass its budget."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from hptc.catalog.prices import FILE_NAME, RegionPrices
from hptc.diff.changes import Change, Kind

_VOLUMES = "volumes"


def price_changes(old: RegionPrices | None, new: RegionPrices | None) -> Iterator[Change]:
    """The change from higher prices to lower ones, if there is a budget in both versions."""
    if old is None or new is None:
        return
    lower = [
        (name, f"${was:f}", f"${becomes:f}")
        for name, was in _dollars(old).items()
        if (becomes := _dollars(new).get(name)) is not None and becomes < was
    ]
    if not lower:
        return
    name, before, after = lower[0]
    others = f", and {len(lower) - 1:,} more" if len(lower) > 1 else ""
    yield Change(
        kind=Kind.PRICES_LOWERED,
        path=("policy", "budget_usd"),
        subject=FILE_NAME,
        old=f"{name} {before}",
        new=f"{after}{others}",
        note="the budget is checked at these prices",
    )


def _dollars(prices: RegionPrices) -> dict[str, Decimal]:
    volume = {} if prices.volume is None else {_VOLUMES: prices.volume.usd}
    return {name: price.usd for name, price in prices.instances.items()} | volume

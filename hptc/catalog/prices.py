"""Prices of SageMaker training: a Region and an instance type in, dollars with their date out.

Two tables of one form: data/prices.json of the package, which is small and ages, and a project's
prices.json beside hptc.yaml, which `hptc prices refresh` writes and which is reviewed like code. A
Region that the project's table has is read there and nowhere else. What a table does not have is
unknown: it is never 0 and never guessed.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hptc.errors import UsageError
from hptc.source.filesystem import DISK, Files

FILE_NAME = "prices.json"
VERSION = 1

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?\Z")
_AGAIN = "`hptc prices refresh` writes it anew"
_HIGHEST = Decimal(100_000)  # US dollars an hour: more is a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price in US dollars: of an instance for an hour, or of a gigabyte for a month."""

    usd: Decimal
    date: str  # 2026-09-25, or 2026-09 where the day is not known
    region: str
    origin: str  # the table that has it
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPrices:
    """The prices of one Region, on demand.

    Spot has none of its own: AWS bills fewer seconds at the same rate
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).
    """

    instances: Mapping[str, Price] = field(default_factory=dict)
    volume: Price | None = None  # of a gigabyte of a training job's volume, for a month


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices by Region."""

    regions: Mapping[str, RegionPrices]

    def instance(self, region: str, instance_type: str) -> Price | None:
        """An instance's price for an hour of training; None when it is not known."""
        return self._region(region).instances.get(instance_type)

    def volume(self, region: str) -> Price | None:
        """A gigabyte's price for a month of a training job's volume; None when it is not known."""
        return self._region(region).volume

    def over(self, under: PriceTable) -> PriceTable:
        """This table, and of another one the Regions that this one lacks."""
        return PriceTable(regions={**under.regions, **self.regions})

    def _region(self, region: str) -> RegionPrices:
        return self.regions.get(region, RegionPrices())


@functools.cache
def packaged() -> PriceTable:
    """The table of the package."""
    path = Path(__file__).parent / "data" / FILE_NAME
    return parse_prices(path.read_text(encoding="utf-8"), "hptc's own table")


def load_prices(root: Path | None, files: Files = DISK) -> PriceTable:
    """The prices of a project: its own file over the package's table.

    Raises UsageError for a file that can't be read.
    """
    return own_prices(root, files).over(packaged()) if root is not None else packaged()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPrices:
    """The prices of projects, for a run over many specs: the file of each project is read once."""

    files: Files = DISK
    _tables: dict[Path | None, PriceTable] = field(default_factory=dict, repr=False)

    def of(self, root: Path | None) -> PriceTable:
        """What `load_prices` returns for a project's root. Raises UsageError as it does."""
        if root not in self._tables:
            self._tables[root] = load_prices(root, self.files)
        return self._tables[root]


def own_prices(root: Path, files: Files = DISK) -> PriceTable:
    """What a project's own file says; nothing without one."""
    path = root / FILE_NAME
    if not files.is_file(path):
        return PriceTable(regions={})
    return parse_prices(files.read(str(path)), FILE_NAME, shown=str(path))


def parse_prices(text: str, origin: str, *, shown: str = "") -> PriceTable:
    """Read a table's text. Raises UsageError that names the place of what is wrong."""
    reader = _Reader(origin, shown or origin)
    try:
        # Numbers stay texts until they are prices: a float would round.
        data = json.loads(text, parse_float=str, parse_int=str)
    except (json.JSONDecodeError, RecursionError) as error:
        raise reader.fault("", f"is not JSON: {error}") from None
    return reader.table(data)


@dataclass(frozen=True, slots=True)
class _Reader:
    origin: str
    shown: str

    def fault(self, place: str, what: str) -> UsageError:
        at = f"{self.shown}: {place}: " if place else f"{self.shown}: "
        return UsageError(at + what, help=_AGAIN)

    def table(self, data: Any) -> PriceTable:
        top = self.mapping(data, "")
        if top.get("version") != str(VERSION):
            raise self.fault("version", f"is {top.get('version')!r}, but this hptc reads {VERSION}")
        regions = self.mapping(top.get("regions"), "regions")
        return PriceTable(regions={name: self.region(name, raw) for name, raw in regions.items()})

    def region(self, name: str, raw: Any) -> RegionPrices:
        entry = self.mapping(raw, f"regions.{name}")
        place = f"regions.{name}"
        return RegionPrices(
            instances=self.hourly(entry.get("instances"), f"{place}.instances", name),
            volume=self.price(entry["volume"], f"{place}.volume", "usd_per_gb_month", name)
            if "volume" in entry
            else None,
        )

    def hourly(self, raw: Any, place: str, region: str) -> dict[str, Price]:
        entries = self.mapping(raw if raw is not None else {}, place)
        return {
            name: self.price(entry, f"{place}.{name}", "usd_per_hour", region)
            for name, entry in entries.items()
        }

    def price(self, raw: Any, place: str, unit: str, region: str) -> Price:
        entry = self.mapping(raw, place)
        date, sources = entry.get("date"), entry.get("sources", [])
        try:
            usd = Decimal(str(entry.get(unit)))
        except InvalidOperation:
            raise self.fault(f"{place}.{unit}", f"{entry.get(unit)!r} is no number") from None
        if not (usd.is_finite() and 0 < usd < _HIGHEST):
            raise self.fault(f"{place}.{unit}", f"{usd} is no price")
        if not isinstance(date, str) or _DATE.match(date) is None:
            raise self.fault(f"{place}.date", f"{date!r} is no date such as 2026-09-25")
        if not isinstance(sources, list):
            raise self.fault(f"{place}.sources", "is no list")
        return Price(
            usd=usd,
            date=date,
            region=region,
            origin=self.origin,
            sources=tuple(str(source) for source in sources),
        )

    def mapping(self, raw: Any, place: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise self.fault(place, "is no JSON object")
        return raw


def render_prices(table: PriceTable) -> str:
    """A table as the text of a file: sorted, so that its diff shows what changed."""
    regions = {
        name: {
            **({"volume": _row(prices.volume, "usd_per_gb_month")} if prices.volume else {}),
            "instances": _rows(prices.instances),
        }
        for name, prices in sorted(table.regions.items())
    }
    return json.dumps({"version": VERSION, "regions": regions}, indent=1) + "\n"


def _rows(prices: Mapping[str, Price]) -> dict[str, Any]:
    return {name: _row(prices[name], "usd_per_hour") for name in sorted(prices)}


def _row(price: Price, unit: str) -> dict[str, Any]:
    return {unit: f"{price.usd.normalize():f}", "date": price.date, "sources": list(price.sources)}

"""Prices of SageMaker training by Region and instance type, in US dollars and with their dates.

There are two tables with the same format: data/prices.json in the package, which is small and can
be outdated, and a project's prices.json next to hptc.yaml, which `hptc prices refresh` writes and
which is reviewed like code. If the project's table has a Region, only its prices apply there. A
price that is in no table is unknown: it is never 0 and never guessed.
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
from hptc.frozen import frozen
from hptc.source.filesystem import DISK, Files

FILE_NAME = "prices.json"
VERSION = 1

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?\Z")
_HELP = "`hptc prices refresh` rewrites it"
_MAX_USD = Decimal(100_000)  # per hour; anything higher is a typo


@frozen
class Price:
    """A price in US dollars: of an instance per hour, or of a volume per GB-month."""

    usd: Decimal
    date: str  # 2026-09-25, or 2026-09 if the day is unknown
    region: str
    origin: str  # the table it comes from
    sources: tuple[str, ...] = ()


@frozen
class RegionPrices:
    """The on-demand prices of one Region.

    Managed spot training has no separate prices: AWS bills fewer seconds at the same rate
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html).
    """

    instances: Mapping[str, Price] = field(default_factory=dict)
    volume: Price | None = None  # of training volumes, per GB-month


@frozen
class PriceTable:
    """Prices by Region."""

    regions: Mapping[str, RegionPrices]

    def instance(self, region: str, instance_type: str) -> Price | None:
        """The price of an instance per hour of training; None if unknown."""
        return self._region(region).instances.get(instance_type)

    def volume(self, region: str) -> Price | None:
        """The price of training volumes per GB-month; None if unknown."""
        return self._region(region).volume

    def over(self, under: PriceTable) -> PriceTable:
        """This table, with the Regions that only another table has."""
        return PriceTable(regions={**under.regions, **self.regions})

    def _region(self, region: str) -> RegionPrices:
        return self.regions.get(region, RegionPrices())


@functools.cache
def packaged() -> PriceTable:
    """The table in the package."""
    path = Path(__file__).parent / "data" / FILE_NAME
    return parse_prices(path.read_text(encoding="utf-8"), "hptc's own table")


def load_prices(root: Path | None, files: Files = DISK) -> PriceTable:
    """The prices of a project: its own file over the package's table.

    Raises UsageError if the file can't be read.
    """
    return own_prices(root, files).over(packaged()) if root is not None else packaged()


@frozen
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
    """The prices in a project's own file; empty without one."""
    path = root / FILE_NAME
    if not files.is_file(path):
        return PriceTable(regions={})
    return parse_prices(files.read(str(path)), FILE_NAME, shown=str(path))


def parse_prices(text: str, origin: str, *, shown: str = "") -> PriceTable:
    """Parse a table. Raises UsageError with the location of the error."""
    reader = _Reader(origin, shown or origin)
    try:
        # Numbers stay strings until they are prices, because a float would round them.
        data = json.loads(text, parse_float=str, parse_int=str)
    except (json.JSONDecodeError, RecursionError) as error:
        raise reader.fault("", f"is not JSON: {error}") from None
    return reader.table(data)


@dataclass(frozen=True, slots=True)
class _Reader:
    origin: str
    shown: str

    def fault(self, location: str, problem: str) -> UsageError:
        at = f"{self.shown}: {location}: " if location else f"{self.shown}: "
        return UsageError(at + problem, help=_HELP)

    def table(self, data: object) -> PriceTable:
        top = self.mapping(data, "")
        if top.get("version") != str(VERSION):
            raise self.fault(
                "version", f"is {top.get('version')!r}, but this version of hptc supports {VERSION}"
            )
        regions = self.mapping(top.get("regions"), "regions")
        return PriceTable(regions={name: self.region(name, raw) for name, raw in regions.items()})

    def region(self, name: str, raw: object) -> RegionPrices:
        entry = self.mapping(raw, f"regions.{name}")
        location = f"regions.{name}"
        return RegionPrices(
            instances=self.hourly(entry.get("instances"), f"{location}.instances", name),
            volume=self.price(entry["volume"], f"{location}.volume", "usd_per_gb_month", name)
            if "volume" in entry
            else None,
        )

    def hourly(self, raw: object, location: str, region: str) -> dict[str, Price]:
        entries = self.mapping(raw if raw is not None else {}, location)
        return {
            name: self.price(entry, f"{location}.{name}", "usd_per_hour", region)
            for name, entry in entries.items()
        }

    def price(self, raw: object, location: str, unit: str, region: str) -> Price:
        entry = self.mapping(raw, location)
        date, sources = entry.get("date"), entry.get("sources", [])
        try:
            usd = Decimal(str(entry.get(unit)))
        except InvalidOperation:
            raise self.fault(f"{location}.{unit}", f"{entry.get(unit)!r} is not a number") from None
        if not (usd.is_finite() and 0 < usd < _MAX_USD):
            raise self.fault(f"{location}.{unit}", f"{usd} is not a valid price")
        if not isinstance(date, str) or _DATE.match(date) is None:
            raise self.fault(f"{location}.date", f"{date!r} is not a date such as 2026-09-25")
        if not isinstance(sources, list):
            raise self.fault(f"{location}.sources", "is not a list")
        return Price(
            usd=usd,
            date=date,
            region=region,
            origin=self.origin,
            sources=tuple(str(source) for source in sources),
        )

    def mapping(self, raw: object, location: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise self.fault(location, "is not a JSON object")
        return raw


def render_prices(table: PriceTable) -> str:
    """A table as the text of a file, sorted so that diffs show what changed."""
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

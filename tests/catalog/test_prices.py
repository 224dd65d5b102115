"""Price tables, and the reading of the AWS Price List API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hptc.aws.price_list import fetch_prices
from hptc.aws.retry import Retry
from hptc.catalog.instances import instance
from hptc.catalog.prices import (
    FILE_NAME,
    ProjectPrices,
    load_prices,
    own_prices,
    packaged,
    parse_prices,
    render_prices,
)
from hptc.errors import AwsError, UsageError
from hptc.source.filesystem import Disk
from tests.support.fake_service import FakeTime
from tests.support.paths import ROOT

NOT_OF_TRAINING = {"offer-table", "oregon-studio", "notebook-volumes"}
"""Readings of other parts of SageMaker; every row needs another source too."""

ROW = {"usd_per_hour": "0.23", "date": "2026-09-24", "sources": ["a", "b"]}


class CountingFiles(Disk):
    """The disk, and what was read from it."""

    def __init__(self) -> None:
        self.read_paths: list[str] = []

    def read(self, path: str) -> str:
        self.read_paths.append(path)
        return super().read(path)


def file(**regions: Any) -> str:
    return json.dumps(
        {"version": 1, "regions": {k.replace("_", "-"): v for k, v in regions.items()}}
    )


def one_price(**changes: Any) -> str:
    return file(x={"instances": {"ml.a.b": {**ROW, **changes}}})


class TestPackagedTable:
    """What ships with hptc."""

    def test_every_row_has_two_sources_that_are_described(self) -> None:
        raw = json.loads(
            (ROOT / "hptc" / "catalog" / "data" / FILE_NAME).read_text(encoding="utf-8")
        )
        rows = {
            (region, name): row
            for region, prices in raw["regions"].items()
            for name, row in [*prices["instances"].items(), ("volume", prices.get("volume"))]
            if row is not None
        }
        for place, row in rows.items():
            assert len(set(row["sources"])) == len(row["sources"]) >= 2, place
            assert set(row["sources"]) - NOT_OF_TRAINING, place
        assert {source for row in rows.values() for source in row["sources"]} == set(raw["sources"])
        assert all(source in raw["about"]["beside"] for source in NOT_OF_TRAINING)

    def test_every_type_is_known(self) -> None:
        types = {name for prices in packaged().regions.values() for name in prices.instances}
        assert [name for name in types if instance(name) is None] == []

    @pytest.mark.parametrize(
        ("region", "instance_type", "usd"),
        [
            ("us-east-1", "ml.m5.xlarge", "0.23"),
            ("us-east-1", "ml.g5.2xlarge", "1.515"),
            ("us-east-1", "ml.r7i.4xlarge", "1.2701"),
            ("ap-south-1", "ml.m5.xlarge", "0.242"),
        ],
    )
    def test_prices(self, region: str, instance_type: str, usd: str) -> None:
        price = packaged().instance(region, instance_type)
        assert price is not None
        assert (price.usd, price.region) == (Decimal(usd), region)

    @pytest.mark.parametrize(
        ("region", "instance_type"), [("us-east-1", "ml.x9.xlarge"), ("eu-west-1", "ml.m5.xlarge")]
    )
    def test_missing_price_is_not_guessed(self, region: str, instance_type: str) -> None:
        assert packaged().instance(region, instance_type) is None


class TestProjectTable:
    """prices.json next to hptc.yaml."""

    def test_region_of_the_project_replaces_that_of_the_package(self, tmp_path: Path) -> None:
        row = {**ROW, "usd_per_hour": "0.99"}
        text = file(us_east_1={"instances": {"ml.m5.xlarge": row}})
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        prices = load_prices(tmp_path)
        price = prices.instance("us-east-1", "ml.m5.xlarge")
        assert price is not None
        assert (price.usd, price.origin) == (Decimal("0.99"), "prices.json")
        # The package knows these, but the project's table of the Region is the newer one.
        assert prices.instance("us-east-1", "ml.g5.xlarge") is None
        assert prices.volume("us-east-1") is None
        assert prices.instance("ap-south-1", "ml.m5.xlarge") is not None

    def test_without_a_file_the_packaged_table_applies(self, tmp_path: Path) -> None:
        assert load_prices(tmp_path) == packaged()
        assert load_prices(None) is packaged()

    def test_many_specs_read_the_file_of_each_project_once(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / FILE_NAME).write_text(render_prices(packaged()), encoding="utf-8")
        files = CountingFiles()
        prices = ProjectPrices(files=files)
        roots = [tmp_path / "one", tmp_path / "two", tmp_path / "one", None] * 50
        tables = [prices.of(root) for root in roots]
        assert files.read_paths == [str(tmp_path / name / FILE_NAME) for name in ("one", "two")]
        assert tables[0] is tables[2]
        assert tables[0] == load_prices(tmp_path / "one")
        assert tables[3] is packaged()

    def test_table_round_trips(self, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).write_text(render_prices(packaged()), encoding="utf-8")
        again = render_prices(own_prices(tmp_path))
        assert again == render_prices(packaged())

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "is not JSON"),
            ("[" * 100_000, "is not JSON"),
            ("[]", "is not a JSON object"),
            ('{"version": 2}', "version: is '2', but this version of hptc supports 1"),
            ('{"version": 1}', "regions: is not a JSON object"),
            (one_price(usd_per_hour=0), "0 is not a valid price"),
            (one_price(usd_per_hour=-1), "-1 is not a valid price"),
            (
                one_price(usd_per_hour="NaN"),
                "NaN is not a valid price",
            ),
            (one_price(usd_per_hour="1e99"), "is not a valid price"),
            (one_price(usd_per_hour="x"), "'x' is not a number"),
            (one_price(date="2026"), "not a date such as"),
            (one_price(sources="a"), "sources: is not a list"),
            (file(x={"volume": ROW}), "volume.usd_per_gb_month: None is not a number"),
        ],
    )
    def test_error_has_its_location(self, text: str, message: str, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=message.replace("(", r"\(")) as raised:
            load_prices(tmp_path)
        assert FILE_NAME in raised.value.message
        assert "hptc prices refresh" in raised.value.help

    def test_text_that_is_not_utf8(self, tmp_path: Path) -> None:
        (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
        with pytest.raises(UsageError, match="not UTF-8"):
            load_prices(tmp_path)

    def test_a_number_is_not_rounded(self) -> None:
        text = one_price(usd_per_hour=25.2512883)
        price = parse_prices(text, "x").instance("x", "ml.a.b")
        assert price is not None
        assert price.usd == Decimal("25.2512883")


def product(usage: str, usd: str, *, sku: str = "ABCDEFGH12345678", **more: Any) -> str:
    """A product in the form of the API's documentation: JSON in a string."""
    rate = f"{sku}.JRTCKXETXF.6YS6EN2CT7"
    return json.dumps(
        {
            "product": {
                "productFamily": "ML Instance",
                "attributes": {
                    "servicecode": SERVICE,
                    "servicename": "Amazon SageMaker",
                    "regionCode": "us-east-1",
                    "location": "US East (N. Virginia)",
                    "locationType": "AWS Region",
                    "usagetype": usage,
                    "operation": "RunInstance",
                },
                "sku": sku,
            },
            "serviceCode": SERVICE,
            "terms": {
                "OnDemand": {
                    f"{sku}.JRTCKXETXF": {
                        "sku": sku,
                        "offerTermCode": "JRTCKXETXF",
                        "effectiveDate": "2026-10-01T00:00:00Z",
                        "termAttributes": {},
                        "priceDimensions": {
                            rate: {
                                "rateCode": rate,
                                "unit": "Hrs",
                                "beginRange": "0",
                                "endRange": "Inf",
                                "appliesTo": [],
                                "pricePerUnit": {"USD": usd},
                            }
                        },
                    }
                }
            },
            "version": "20261008000313",
            "publicationDate": "2026-10-08T00:03:13Z",
            **more,
        }
    )


SERVICE = "AmazonSageMaker"
PAGES = [
    [
        product("USE1-Train:ml.m5.xlarge", "0.2300000000", sku="M5"),
        product("USE1-Train:VolumeUsage.gp2", "0.1400000000", sku="GP2"),
        product("USE1-Train:ml.m5.large", "0.0000000000"),  # a free tier
    ],
    [
        product("USE1-TrainingPlanUpfrontFee:ml.p4d.24xlarge", "13.5700000000"),
        product("USE1-TrainWarmPool:ml.m5.xlarge", "0.9900000000"),
        product("USE1-Host:ml.c5.xlarge", "0.2040000000"),
        product("Train:ml.c5.xlarge", "0.2040000000"),
        product("USE1-Train:ml.g5.xlarge", "1.0000000000"),
        product("USE1-Train:ml.g5.xlarge", "1.4080000000"),  # listed twice: the dearer
        product("USE1-Train:ml.p3.2xlarge", "3.825", terms={"Reserved": {}}),
        "{}",
    ],
]


@dataclass
class FakePriceList:
    """GetProducts with pages in memory, after raising the `refusals`."""

    pages: list[list[str]] = field(default_factory=lambda: PAGES)
    refusals: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def get_products(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        if self.refusals:
            code = self.refusals.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetProducts")
        at = int(request.get("NextToken", "0"))
        more = {"NextToken": str(at + 1)} if at + 1 < len(self.pages) else {}
        return {"FormatVersion": "aws_v1", "PriceList": self.pages[at], **more}


def quick() -> Retry:
    time = FakeTime()
    return Retry(sleep=time.sleep, clock=time.clock, random=lambda: 0.5)


class TestRefresh:
    """The AWS Price List API."""

    def test_prices_of_training(self) -> None:
        client = FakePriceList()
        table = fetch_prices(client, ["us-east-1"], quick())
        assert {name: str(p.usd) for name, p in table.regions["us-east-1"].instances.items()} == {
            "ml.m5.xlarge": "0.23",
            "ml.c5.xlarge": "0.204",
            "ml.g5.xlarge": "1.408",
        }
        volume = table.volume("us-east-1")
        assert volume is not None
        assert str(volume.usd) == "0.14"
        price = table.instance("us-east-1", "ml.m5.xlarge")
        assert price is not None
        assert (price.date, price.sources) == (
            "2026-10-08",
            ("AWS Price List API, SKU M5, 20261008000313",),
        )

    def test_every_page_is_requested_for_the_region(self) -> None:
        client = FakePriceList()
        fetch_prices(client, ["us-east-1"], quick())
        assert [request.get("NextToken") for request in client.requests] == [None, "1"]
        for request in client.requests:
            assert request["ServiceCode"] == "AmazonSageMaker"
            assert {"Type": "EQUALS", "Field": "regionCode", "Value": "us-east-1"} in (
                request["Filters"]
            )

    def test_rendered_file_is_stable(self) -> None:
        table = fetch_prices(FakePriceList(), ["us-east-1"], quick())
        text = render_prices(table)
        assert parse_prices(text, "prices.json") == table
        assert render_prices(parse_prices(text, "prices.json")) == text

    def test_throttling_is_retried(self) -> None:
        client = FakePriceList(refusals=["ThrottlingException", "ThrottlingException"])
        assert fetch_prices(client, ["us-east-1"], quick()).volume("us-east-1") is not None

    def test_rejection_is_an_aws_error(self) -> None:
        client = FakePriceList(refusals=["AccessDeniedException"])
        with pytest.raises(AwsError) as raised:
            fetch_prices(client, ["us-east-1"], quick())
        assert "pricing:GetProducts" in raised.value.help

    def test_region_without_prices_is_an_error(self) -> None:
        with pytest.raises(AwsError, match="no prices in US dollars for training in mars-1"):
            fetch_prices(FakePriceList(pages=[[]]), ["mars-1"], quick())

"""Reads the prices of SageMaker training in a Region from the AWS Price List API.

The API has endpoints in a few Regions and returns the prices of all
(https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html). The
usage type identifies a product: `USE1-Train:ml.m5.xlarge`, `USE1-Train:VolumeUsage.gp2`. Nothing is
written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Protocol

from hptc.aws.aws_errors import aws_error
from hptc.aws.connection import client_config
from hptc.aws.retry import Retry
from hptc.catalog.images import partition
from hptc.catalog.prices import FILE_NAME, Price, PriceTable, RegionPrices
from hptc.errors import AwsError

SERVICE_CODE = "AmazonSageMaker"
API_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1"}
"""https://docs.aws.amazon.com/general/latest/gr/billing.html"""

_ACTION = "pricing:GetProducts"
_KIND = "Train:"
_USAGE = re.compile(r"(?:[A-Z0-9]+-)?Train:(.+)")
_VOLUME = "VolumeUsage.gp2"
_PAGE = 100


class PriceList(Protocol):
    """The part of the Price List API that hptc uses; tests replace it with a fake."""

    def get_products(self, **request: Any) -> Mapping[str, Any]:
        """One page of products.

        https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
        """


def price_list(region: str) -> PriceList:
    """The API endpoint with the prices of a Region. Raises AwsError without credentials."""
    import boto3

    home = API_REGIONS.get(partition(region))
    if home is None:
        raise AwsError(
            f"the AWS Price List API has no prices for {region}",
            help=f"add its prices to {FILE_NAME} by hand",
        )
    try:
        client: PriceList = boto3.session.Session().client(
            "pricing", region_name=home, config=client_config()
        )
    except Exception as error:
        raise aws_error(error, _ACTION, region=home) or error from None
    return client


def fetch_prices(client: PriceList, regions: Iterable[str], retry: Retry) -> PriceTable:
    """The current prices of Regions. Raises AwsError if a call fails or a Region has no prices."""
    return PriceTable(regions={region: _region(client, region, retry) for region in regions})


def _region(client: PriceList, region: str, retry: Retry) -> RegionPrices:
    retry.progress(f"reading the prices of {region}")
    prices: dict[str, Price] = {}
    for product in _products(client, region, retry):
        usage, price = _price(product, region)
        # If AWS lists a product twice, a bound needs the higher price.
        if price is not None and (usage not in prices or price.usd > prices[usage].usd):
            prices[usage] = price
    instances = {usage: price for usage, price in prices.items() if usage.startswith("ml.")}
    if not instances:
        raise AwsError(
            f"the AWS Price List API has no prices in US dollars for training in {region}",
            help="check the name of the Region",
        )
    return RegionPrices(instances=instances, volume=prices.get(_VOLUME))


def _products(client: PriceList, region: str, retry: Retry) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {
        "ServiceCode": SERVICE_CODE,
        "FormatVersion": "aws_v1",
        "MaxResults": _PAGE,
        "Filters": [
            {"Type": "EQUALS", "Field": "regionCode", "Value": region},
            {"Type": "CONTAINS", "Field": "usagetype", "Value": _KIND},
        ],
    }
    while True:
        page = retry.call(partial(_page, client, request, region))
        for text in page.get("PriceList", []):
            yield _parsed(text)
        token = page.get("NextToken")
        if not token:
            return
        request = {**request, "NextToken": token}


def _page(client: PriceList, request: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    try:
        return client.get_products(**request)
    except Exception as error:
        raise aws_error(error, _ACTION, region=region) or error from None


def _parsed(text: object) -> Mapping[str, Any]:
    product = json.loads(text) if isinstance(text, str) else text
    return product if isinstance(product, dict) else {}


def _price(product: Mapping[str, Any], region: str) -> tuple[str, Price | None]:
    """The usage of a product and its price; None if it has none or is not for training."""
    description = product.get("product", {})
    usage = _USAGE.fullmatch(str(description.get("attributes", {}).get("usagetype", "")))
    amounts = [
        amount
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term.get("priceDimensions", {}).values()
        if (amount := _amount(dimension)) is not None
    ]
    published = str(product.get("publicationDate", ""))[: len("2026-09-25")]
    if usage is None or not amounts or not published:
        return "", None
    source = f"AWS Price List API, SKU {description.get('sku', '')}, {product.get('version', '')}"
    return usage[1], Price(
        usd=max(amounts), date=published, region=region, origin=FILE_NAME, sources=(source,)
    )


def _amount(dimension: Mapping[str, Any]) -> Decimal | None:
    try:
        usd = Decimal(str(dimension.get("pricePerUnit", {}).get("USD")))
    except InvalidOperation:
        return None
    # A price of 0 is a free tier, or a price that AWS publishes elsewhere.
    return usd.normalize() if usd.is_finite() and usd > 0 else None

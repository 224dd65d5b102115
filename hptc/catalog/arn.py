"""Parses Amazon Resource Names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

from typing import Self

from hptc.frozen import frozen

_PARTS = 6


@frozen
class ARN:
    """The parts of an ARN. `str()` writes it back; any part but `service` may be empty.

    Parts are not validated: they may contain wildcards or references such as `${hptc:data_bucket}`.
    """

    partition: str
    service: str
    region: str = ""
    account: str = ""
    resource: str

    def __str__(self) -> str:
        return ":".join(
            ("arn", self.partition, self.service, self.region, self.account, self.resource)
        )

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse an ARN; None for any other text."""
        parts = text.split(":", _PARTS - 1)
        if len(parts) < _PARTS or parts[0] != "arn":
            return None
        _, partition, service, region, account, resource = parts
        return cls(
            partition=partition,
            service=service,
            region=region,
            account=account,
            resource=resource,
        )

"""Links to the AWS console, in each partition."""

from __future__ import annotations

from urllib.parse import quote

from hptc.catalog.arn import ARN

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""The console's address behind the Region:
https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html"""


def tuning_job_link(arn: str) -> str | None:
    """The page of a tuning job in the console; None for an ARN of another partition or form.

    The ARN of a tuning job on this machine has no Region, but the word `local`.
    """
    parsed = ARN.parse(arn)
    if parsed is None or parsed.partition not in _CONSOLES or "-" not in (parsed.region or ""):
        return None
    _, _, name = parsed.resource.partition("/")
    region = quote(parsed.region)
    host = f"{region}.{_CONSOLES[parsed.partition]}"
    return f"https://{host}/sagemaker/home?region={region}#/hyper-tuning-jobs/{quote(name)}"

"""HPT525: training jobs that probably need the internet, in a network without access to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from hptc.catalog import downloads
from hptc.diagnostics import Finding, RequestPath
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in
from hptc.request.tuning_job import CategoricalRange, Definition
from hptc.rules.rule import Context, Rule, warning

_ISOLATED = "they have network isolation"
_IN_VPC = "they run in the VPC that hptc creates, which has no NAT gateway by design"


@warning("HPT525", "V15")
def probable_download_without_internet(rule: Rule, context: Context) -> Iterator[Finding]:
    """Training jobs probably download a model or packages, but have no internet access.

    A name such as `distilbert-base-uncased` as `model_name` is usually one in the Hugging Face Hub,
    and `PIP_INDEX_URL` is where pip gets packages. With network isolation, or in the VPC that hptc
    creates, neither can be reached: the VPC has no NAT gateway, so that no data can leave it. Copy
    the model or the wheels to Amazon S3 and read them from an input channel, or use `network:
    absent`. The rule does not report training jobs that set `HF_HUB_OFFLINE=1` or have an input
    channel such as `model`, and networks that hptc does not create
    (https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html).

    Bad:
        training_job:
          enable_network_isolation: true
          hyperparameters: {model_name: distilbert-base-uncased}

    Good:
        training_job:
          enable_network_isolation: true
          hyperparameters: {model_name: /opt/ml/input/data/model}
          inputs:
            model: {s3: "s3://example/distilbert-base-uncased/"}
    """
    for definition in context.job.definitions:
        network = _network_without_internet(definition, context)
        if not network or built_in(definition) is not None:
            continue
        for value, path in _models(definition):
            yield rule.finding(
                f"the training jobs probably download `{value}`, but {network}",
                path,
                label="not reachable",
                help=_advice(
                    "copy it to S3 as an input channel `model`, and set this to "
                    "/opt/ml/input/data/model",
                    definition,
                ),
            )
        for name, host in _indexes(definition, context):
            yield rule.finding(
                f"the training jobs probably install packages from {host}, but {network}",
                definition.path / "Environment" / name,
                label="not reachable",
                help=_advice(
                    "copy the wheels to S3 as an input channel for PIP_FIND_LINKS", definition
                ),
            )


def _network_without_internet(definition: Definition, context: Context) -> str:
    """Why training jobs have no internet access, as the end of a sentence; empty if unknown."""
    if definition.is_isolated:
        return _ISOLATED
    network = context.environment.infrastructure.network if context.environment else None
    if network is None or not network.is_managed or definition.vpc is None:
        return ""
    return _IN_VPC if all(map(has_reference, definition.vpc.subnets)) else ""


def _advice(copy: str, definition: Definition) -> str:
    other = "turn isolation off" if definition.is_isolated else "use `network: absent`"
    return f"{copy}; or {other}"


def _models(definition: Definition) -> Iterator[tuple[str, RequestPath]]:
    """The models and datasets that are probably downloaded from a hub."""
    if downloads.is_offline(definition.environment) or any(
        downloads.has_model(channel.name) for channel in definition.channels
    ):
        return
    for member, values in (
        ("StaticHyperParameters", definition.static),
        ("Environment", definition.environment),
    ):
        for name, text in values.items():
            value = _unquoted(text)
            if downloads.names_a_model(name) and downloads.is_in_a_hub(value):
                yield value, definition.path / member / name
    for range_ in definition.ranges:
        if isinstance(range_, CategoricalRange) and downloads.names_a_model(range_.name):
            for index, text in enumerate(range_.values):
                value = _unquoted(text)
                if downloads.is_in_a_hub(value):
                    yield value, range_.path / "Values" / index
                    break


def _unquoted(text: str) -> str:
    """The string that a script gets from JSON encoding."""
    if not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def _indexes(definition: Definition, context: Context) -> Iterator[tuple[str, str]]:
    """(environment variable, host) of the package indexes that can't be reached."""
    network = context.environment.infrastructure.network if context.environment else None
    endpoints = network.interface_endpoints if network is not None else []
    for name, url in downloads.package_indexes(definition.environment).items():
        host = _host(url)
        has_endpoint = any("codeartifact" in endpoint for endpoint in endpoints)
        is_reachable = ".codeartifact." in host and has_endpoint
        if host and (definition.is_isolated or not is_reachable):
            yield name, host


def _host(url: str) -> str:
    """The host of a URL, without user and password."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


RULES = (probable_download_without_internet,)

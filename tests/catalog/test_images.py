"""The tables of AWS images, and the image URIs that are composed, parsed and identified."""

import json
import re
from importlib.resources import files
from pathlib import Path

import botocore
import pytest

from hptc.catalog import images
from hptc.catalog.images import Identified, Image, ImageProblem

DIGEST = "sha256:" + "0123456789abcdef" * 4

CLOSED = [
    (name, version, region)
    for name in (*images.algorithm_names(), *images.framework_names())
    for version in images.versions(name)
    for region in images.regions(name, version)
]
FREE = [
    (name, region)
    for name in images.framework_names()
    if not images.versions(name)
    for region in images.regions(name)
]

# Each URI as AWS itself publishes it: the Developer Guide's "Docker Registry Paths and Example
# Code" pages, and the tests of aws/sagemaker-spark and aws/sagemaker-python-sdk.
PUBLISHED = {
    ("xgboost", "1.7-1", "us-east-1"): (
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    ),
    ("xgboost", "1.7-1", "us-west-2"): (
        "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1"
    ),
    ("xgboost", "1.0-1", "eu-west-1"): (
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3"
    ),
    ("xgboost", "1.5-1", "cn-north-1"): (
        "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.5-1"
    ),
    ("xgboost", "1", "us-gov-west-1"): (
        "226302683700.dkr.ecr.us-gov-west-1.amazonaws.com/xgboost:1"
    ),
    ("xgboost", "1", "ap-southeast-2"): (
        "544295431143.dkr.ecr.ap-southeast-2.amazonaws.com/xgboost:1"
    ),
    ("kmeans", "1", "us-west-2"): "174872318107.dkr.ecr.us-west-2.amazonaws.com/kmeans:1",
    ("kmeans", "1", "us-gov-west-1"): "226302683700.dkr.ecr.us-gov-west-1.amazonaws.com/kmeans:1",
    ("kmeans", "1", "cn-north-1"): "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/kmeans:1",
    ("kmeans", "1", "us-iso-east-1"): "490574956308.dkr.ecr.us-iso-east-1.c2s.ic.gov/kmeans:1",
    ("forecasting-deepar", "1", "us-east-1"): (
        "522234722520.dkr.ecr.us-east-1.amazonaws.com/forecasting-deepar:1"
    ),
    ("forecasting-deepar", "1", "cn-north-1"): (
        "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/forecasting-deepar:1"
    ),
    ("blazingtext", "1", "us-gov-west-1"): (
        "226302683700.dkr.ecr.us-gov-west-1.amazonaws.com/blazingtext:1"
    ),
    ("lda", "1", "us-east-2"): "999911452149.dkr.ecr.us-east-2.amazonaws.com/lda:1",
    ("sagemaker-scikit-learn", "1.2-1", "us-west-1"): (
        "746614075791.dkr.ecr.us-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    ),
    ("sagemaker-scikit-learn", "1.2-1", "us-gov-west-1"): (
        "414596584902.dkr.ecr.us-gov-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    ),
    ("sagemaker-scikit-learn", "1.4-2-py312", "ap-south-1"): (
        "720646828776.dkr.ecr.ap-south-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-py312-cpu-py3"
    ),
}


@pytest.mark.parametrize(
    ("key", "uri"), PUBLISHED.items(), ids=["-".join(key) for key in PUBLISHED]
)
def test_uri_is_the_published_one(key: tuple[str, str, str], uri: str) -> None:
    assert images.image_uri(*key) == uri


@pytest.mark.parametrize(
    ("name", "tag", "region", "uri"),
    [
        pytest.param(
            "pytorch-training",
            "2.8.0-gpu-py312-cu129-ubuntu22.04-sagemaker",
            "us-west-2",
            "763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-training:"
            "2.8.0-gpu-py312-cu129-ubuntu22.04-sagemaker",
            id="pytorch",
        ),
        pytest.param(
            "tensorflow-training",
            "2.19.0-cpu-py312",
            "cn-northwest-1",
            "727897471807.dkr.ecr.cn-northwest-1.amazonaws.com.cn/"
            "tensorflow-training:2.19.0-cpu-py312",
            id="tensorflow-china",
        ),
        pytest.param(
            "mxnet-training",
            "1.9.0-cpu-py38",
            "us-gov-east-1",
            "446045086412.dkr.ecr.us-gov-east-1.amazonaws.com/mxnet-training:1.9.0-cpu-py38",
            id="mxnet-gov",
        ),
        pytest.param(
            "sagemaker-scikit-learn",
            "1.2-1-cpu-py3",
            "eu-central-1",
            "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
            id="scikit-learn-by-tag",
        ),
    ],
)
def test_framework_image_has_the_authors_tag(name: str, tag: str, region: str, uri: str) -> None:
    assert images.framework_image_uri(name, tag, region) == uri


@pytest.mark.parametrize(
    ("name", "version", "region", "field", "value", "some_valid", "not_valid"),
    [
        pytest.param(
            "xgbost", "1.7-1", "us-east-1", "name", "xgbost", "xgboost", "sagemaker-xgboost",
            id="misspelled-name",
        ),
        pytest.param(
            "pytorch-training", "2.8.0", "us-east-1", "name", "pytorch-training", "kmeans",
            "pytorch-training", id="framework-with-free-tags",
        ),
        pytest.param(
            "xgboost", "latest", "us-east-1", "version", "latest", "1.7-1", "latest", id="latest",
        ),
        pytest.param(
            "xgboost", "1.7-1-cpu-py3", "us-east-1", "version", "1.7-1-cpu-py3", "1.7-1",
            "1.0-1-cpu-py3", id="tag-for-version",
        ),
        pytest.param("kmeans", "2", "us-east-1", "version", "2", "1", "2", id="unknown-version"),
        pytest.param(
            "lda", "1", "sa-east-1", "region", "sa-east-1", "us-east-1", "sa-east-1",
            id="lda-is-in-few-regions",
        ),
        pytest.param(
            "xgboost", "1", "il-central-1", "region", "il-central-1", "eu-west-1", "il-central-1",
            id="first-xgboost-is-not-in-newer-regions",
        ),
    ],
)  # fmt: skip
def test_problem_lists_the_valid_values(
    name: str, version: str, region: str, field: str, value: str, some_valid: str, not_valid: str
) -> None:
    problem = images.image_uri(name, version, region)
    assert isinstance(problem, ImageProblem)
    assert (problem.field, problem.value) == (field, value)
    assert some_valid in problem.valid
    assert not_valid not in problem.valid


@pytest.mark.parametrize(
    ("name", "tag", "region", "field"),
    [
        pytest.param("torch", "2.8.0", "us-east-1", "name", id="unknown-name"),
        pytest.param("kmeans", "1", "us-east-1", "name", id="algorithm"),
        pytest.param("sagemaker-scikit-learn", "1.2-1", "us-east-1", "version", id="no-such-tag"),
        pytest.param("autogluon-training", "1.5.0", "cn-north-1", "region", id="not-in-china"),
    ],
)
def test_an_unknown_framework_image_is_a_problem(
    name: str, tag: str, region: str, field: str
) -> None:
    problem = images.framework_image_uri(name, tag, region)
    assert isinstance(problem, ImageProblem)
    assert problem.field == field
    assert problem.valid


def test_every_known_image_is_identified_as_itself() -> None:
    for name, version, region in CLOSED:
        uri = images.image_uri(name, version, region)
        assert isinstance(uri, str)
        identified = images.identify(uri)
        assert identified is not None, uri
        kind = "algorithm" if name in images.algorithm_names() else "framework"
        assert (identified.kind, identified.name, identified.version) == (kind, name, version)
        assert identified.image.region == region


def test_every_framework_is_identified_in_every_region() -> None:
    for name, region in FREE:
        uri = images.framework_image_uri(name, "1.0-cpu", region)
        assert isinstance(uri, str)
        identified = images.identify(uri)
        assert identified is not None, uri
        assert (identified.kind, identified.name, identified.version) == ("framework", name, None)


def test_identify_keeps_a_tag_or_digest_that_the_table_does_not_list() -> None:
    registry = "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost"
    for suffix in (":latest", f"@{DIGEST}", ""):
        identified = images.identify(registry + suffix)
        assert isinstance(identified, Identified)
        assert (identified.kind, identified.name, identified.version) == (
            "algorithm",
            "xgboost",
            None,
        )


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1", id="own-account"
        ),
        pytest.param(
            "246618743249.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            id="account-of-another-region",
        ),
        pytest.param(
            "246618743249.dkr.ecr.us-west-2.amazonaws.com/mine/sagemaker-xgboost:1.7-1",
            id="repository-under-a-prefix",
        ),
        pytest.param(
            "246618743249.dkr.ecr.us-west-2.amazonaws.com/kmeans:1", id="account-of-another-image"
        ),
        pytest.param(
            "450853457545.dkr.ecr.cn-north-1.amazonaws.com/sagemaker-xgboost:1.7-1",
            id="domain-of-another-partition",
        ),
        pytest.param("docker.io/library/xgboost:1.7-1", id="not-ecr"),
    ],
)
def test_any_other_image_is_not_identified(uri: str) -> None:
    assert images.identify(uri) is None


@pytest.mark.parametrize(
    ("uri", "repository", "tag", "digest"),
    [
        pytest.param("app", "app", None, None, id="bare"),
        pytest.param("app:v1", "app", "v1", None, id="tag"),
        pytest.param(f"app@{DIGEST}", "app", None, DIGEST, id="digest"),
        pytest.param(f"app:v1@{DIGEST}", "app", "v1", DIGEST, id="tag-and-digest"),
        pytest.param("team/sub/my-app_2:V1.0_x", "team/sub/my-app_2", "V1.0_x", None, id="path"),
    ],
)
def test_ecr_uri_is_parsed(uri: str, repository: str, tag: str | None, digest: str | None) -> None:
    assert images.parse_image(f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{uri}") == Image(
        account="123456789012",
        region="eu-west-1",
        url_suffix="amazonaws.com",
        repository=repository,
        tag=tag,
        digest=digest,
    )


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("", id="empty"),
        pytest.param("python:3.12", id="docker-hub"),
        pytest.param("public.ecr.aws/docker/library/python:3.12", id="public-ecr"),
        pytest.param("12345.dkr.ecr.us-east-1.amazonaws.com/app:1", id="short-account"),
        pytest.param("123456789012.dkr.ecr.us-east-1.example.com/app:1", id="other-domain"),
        pytest.param("https://123456789012.dkr.ecr.us-east-1.amazonaws.com/app", id="scheme"),
        pytest.param("123456789012.dkr.ecr.us-east-1.amazonaws.com/App:1", id="upper-case"),
        pytest.param("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1\n", id="newline"),
        pytest.param("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:", id="empty-tag"),
        pytest.param("123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:1", id="digest"),
        pytest.param("123456789012.dkr.ecr.us-east-1.amazonaws.com/", id="no-repository"),
    ],
)
def test_anything_else_is_not_an_ecr_uri(uri: str) -> None:
    assert images.parse_image(uri) is None


@pytest.mark.parametrize(
    ("uri", "part", "value"),
    [
        pytest.param("https://{host}/app:1", "scheme", "https://", id="scheme"),
        pytest.param("12345678901.dkr.ecr.us-east-1.amazonaws.com/app", "account", "12345678901",
                     id="short-account"),
        pytest.param(".dkr.ecr.us-east-1.amazonaws.com/app", "account", "", id="no-account"),
        pytest.param("{account}.dkr.ecr.xx-west-2.amazonaws.com/app", "region", "xx-west-2",
                     id="unknown-region"),
        pytest.param("{account}.dkr.ecr.US-EAST-1.amazonaws.com/app", "region", "US-EAST-1",
                     id="uppercase-region"),
        pytest.param("{account}.dkr.ecr.us-east-1.amazonaws.com.cn/app", "domain",
                     "amazonaws.com.cn", id="domain-of-another-partition"),
        pytest.param("{account}.dkr.ecr.us-east-1.on.aws/app", "domain", "on.aws",
                     id="dual-stack-domain"),
        pytest.param("{account}.dkr-ecr.eusc-de-east-1.on.aws/app", "domain", "on.aws",
                     id="no-dual-stack"),
        pytest.param("{host}", "repository", "", id="no-repository"),
        pytest.param("{host}/App", "repository", "App", id="uppercase-repository"),
        pytest.param("{host}/team//app", "repository", "team//app", id="two-slashes"),
        pytest.param("{host}/app:1:2", "tag", "1:2", id="two-tags"),
        pytest.param("{host}/app:-1", "tag", "-1", id="tag-starts-with-hyphen"),
        pytest.param("{host}/app:1 ", "tag", "1 ", id="space"),
        pytest.param("{host}/app@sha256:abc", "digest", "sha256:abc", id="short-digest"),
        pytest.param("{host}/app@" + DIGEST.upper(), "digest", DIGEST.upper(), id="uppercase"),
        pytest.param("{host}/app@" + DIGEST + "@" + DIGEST, "digest", DIGEST + "@" + DIGEST,
                     id="two-digests"),
    ],
)  # fmt: skip
def test_a_malformed_uri_has_the_part_that_is_wrong(uri: str, part: str, value: str) -> None:
    account = "123456789012"
    host = f"{account}.dkr.ecr.us-east-1.amazonaws.com"
    problem = images.read_image(uri.format(account=account, host=host))
    assert isinstance(problem, images.URIProblem)
    assert (problem.part, problem.value) == (part, value)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        pytest.param("dkr-ecr.us-east-1.on.aws", "us-east-1", id="aws"),
        pytest.param("dkr-ecr-fips.us-gov-west-1.on.aws", "us-gov-west-1", id="fips"),
        pytest.param("dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1", id="china"),
    ],
)
def test_a_dual_stack_endpoint_is_the_same_registry(host: str, region: str) -> None:
    image = images.parse_image(f"123456789012.{host}/app:1")
    assert image is not None
    assert (image.account, image.region, image.repository) == ("123456789012", region, "app")


def test_an_aws_image_is_identified_by_its_dual_stack_endpoint() -> None:
    identified = images.identify(
        "683313688378.dkr-ecr.us-east-1.on.aws/sagemaker-xgboost:1.7-1-cpu-py3"
    )
    assert identified is not None
    assert (identified.name, identified.version) == ("xgboost", "1.7-1")


def test_a_fips_endpoint_is_the_same_registry() -> None:
    image = images.parse_image("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/app:1")
    assert image is not None
    assert (image.region, image.repository) == ("us-gov-west-1", "app")


def test_partitions_match_botocore() -> None:
    model = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_bytes())
    for partition in model["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                assert images.partition(region) == partition["id"], region
                assert region in images.all_regions()
                assert images.url_suffix(region) == partition["outputs"]["dnsSuffix"], region


def test_table_is_consistent() -> None:
    table = json.loads((files("hptc") / "catalog" / "data" / "images.json").read_bytes())
    assert {"source", "source_date"} <= table["about"].keys()
    used = {entry["registry"] for entry in table["images"]}
    assert used == table["registries"].keys()
    for accounts in table["registries"].values():
        for region, account in accounts.items():
            assert re.fullmatch(r"[a-z]+(-[a-z]+)+-\d", region)
            assert re.fullmatch(r"\d{12}", account), (region, account)
    for entry in table["images"]:
        assert entry["kind"] in {"algorithm", "framework"}
        assert entry["tags"] or entry["kind"] == "framework"


def test_unknown_names_have_no_versions_and_no_regions() -> None:
    assert images.versions("nothing") == ()
    assert images.regions("nothing") == ()
    assert images.regions("kmeans", "2") == ()
    assert len(images.regions("xgboost")) > len(images.regions("xgboost", "1"))

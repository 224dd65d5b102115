"""Where AWS publishes an image that is in the wrong account or repository."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog import images
from hptc.catalog.misplaced_images import misplaced, published_in

DIGEST = "@sha256:" + "0123456789abcdef" * 4
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
PLACES = [
    (repository, region)
    for repository in images.repositories().values()
    for region in repository.registry
]


def us_east_1(account: str, rest: str) -> str:
    return f"{account}.dkr.ecr.us-east-1.amazonaws.com/{rest}"


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        pytest.param(us_east_1("246618743249", "sagemaker-xgboost:1.7-1"), XGBOOST, id="region"),
        pytest.param(us_east_1("683313688378", "xgboost:1.7-1"), XGBOOST, id="repository"),
        pytest.param(us_east_1("811284229777", "xgboost:1.7-1"), XGBOOST, id="version"),
        pytest.param(us_east_1("811284229777", "sagemaker-xgboost:1.7-1"), XGBOOST, id="account"),
        pytest.param(us_east_1("683313688378", "sagemaker-xgbost:1.7-1"), XGBOOST, id="spelling"),
        pytest.param(us_east_1("683313688387", "sagemaker-xgboost:1.7-1"), XGBOOST, id="digits"),
        pytest.param(us_east_1("683313688379", "sagemaker-xgboost:1.7-1"), XGBOOST, id="digit"),
        pytest.param(
            us_east_1("683313688378", "sagemaker-kmeans:1"),
            us_east_1("382416733822", "kmeans:1"),
            id="prefix",
        ),
        pytest.param(
            us_east_1("683313688378", f"kmeans{DIGEST}"),
            us_east_1("382416733822", f"kmeans{DIGEST}"),
            id="digest",
        ),
        pytest.param(
            us_east_1("520713654638", "sagemaker-pytorch:1.2.0-cpu-py3"),
            us_east_1("763104351884", "pytorch-training:1.2.0-cpu-py3"),
            id="framework-version",
        ),
        pytest.param("266724342769.dkr.ecr.sa-east-1.amazonaws.com/lda:1", None, id="no-region"),
    ],
)
def test_right_place(uri: str, right: str | None) -> None:
    problem = misplaced(uri)
    assert problem is not None
    assert problem.uri == right
    assert problem.uri is not None or problem.image.region not in problem.regions


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(us_east_1("111122223333", "sagemaker-xgboost:1.7-1"), id="a-copy"),
        pytest.param(us_east_1("763104351884", "pytorch-inference:2.3.0-cpu-py311"), id="other"),
        pytest.param(us_east_1("763104351884", "pytorch-training-arm64:2.7.0-cpu-py312"), id="arm"),
        pytest.param(us_east_1("763104351884", "tensorflow-training-habana:2.9.1"), id="habana"),
        pytest.param(us_east_1("811284229777", "xgboost:latest"), id="latest"),
        pytest.param(us_east_1("763104351884", "pytorch-training:9.9.0-cpu-py3"), id="newer"),
        pytest.param(us_east_1("683313688378", "sagemaker-xgboost:9.9-9"), id="newer-version"),
        pytest.param("docker.io/library/xgboost:1.7-1", id="not-ecr"),
    ],
)
def test_an_image_that_is_in_its_place(uri: str) -> None:
    assert misplaced(uri) is None


@given(st.sampled_from(PLACES), st.sampled_from(PLACES))
def test_the_account_of_another_place_is_corrected(
    place: tuple[images.Repository, str], other: tuple[images.Repository, str]
) -> None:
    repository, region = place
    tag = next(iter(repository.tags.values()), "1.0")
    right = repository.uri(tag, region)
    assert misplaced(right) is None
    account = other[0].registry[other[1]]
    if account != repository.registry[region]:
        problem = misplaced(right.replace(repository.registry[region], account))
        assert problem is not None
        assert problem.uri == right


def test_published_in_another_region() -> None:
    assert published_in(XGBOOST, "us-west-2") == (
        "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1"
    )
    misplaced_image = us_east_1("246618743249", "sagemaker-xgboost:1.7-1")
    assert published_in(misplaced_image, "us-east-1") == XGBOOST
    assert published_in(us_east_1("111122223333", "sagemaker-xgboost:1.7-1"), "us-west-2") is None
    assert published_in("999911452149.dkr.ecr.us-east-2.amazonaws.com/lda:1", "sa-east-1") is None

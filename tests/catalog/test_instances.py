"""The table of instance types: their processor and local storage."""

import json
from importlib.resources import files

import botocore.session
import pytest

from hptc.catalog import instances
from hptc.catalog.instances import Instance


def training_instance_types() -> list[str]:
    model = botocore.session.Session().get_service_model("sagemaker")
    types: list[str] = model.shape_for("TrainingInstanceType").enum  # type: ignore[attr-defined]
    return types


@pytest.mark.parametrize(
    ("instance_type", "processor", "local_storage_gb"),
    [
        pytest.param("ml.g4dn.xlarge", "gpu", 125, id="g4dn"),
        pytest.param("ml.g5.16xlarge", "gpu", 1900, id="g5"),
        pytest.param("ml.g7e.48xlarge", "gpu", 15200, id="g7e"),
        pytest.param("ml.p5.4xlarge", "gpu", 3800, id="p5-small"),
        pytest.param("ml.p5.48xlarge", "gpu", 30400, id="p5-large"),
        pytest.param("ml.p6-b200.48xlarge", "gpu", 30400, id="family-with-a-hyphen"),
        pytest.param("ml.p6e-gb200.36xlarge", "gpu", 22500, id="grace-blackwell"),
        pytest.param("ml.r5d.24xlarge", "cpu", 3600, id="cpu-with-local-storage"),
        pytest.param("ml.trn1.2xlarge", "trainium", 474, id="trainium"),
    ],
)
def test_local_storage(instance_type: str, processor: str, local_storage_gb: int) -> None:
    instance = instances.instance(instance_type)
    assert instance is not None
    assert instance.processor == processor
    assert instance.has_local_storage
    assert instance.local_storage_gb == local_storage_gb


@pytest.mark.parametrize(
    ("instance_type", "processor"),
    [
        pytest.param("ml.m5.xlarge", "cpu", id="m5"),
        pytest.param("ml.c7i-flex.large", "cpu", id="flex"),
        pytest.param("ml.t3.medium", "cpu", id="t3"),
        pytest.param("ml.p3.2xlarge", "gpu", id="gpu-with-ebs"),
    ],
)
def test_ebs_only(instance_type: str, processor: str) -> None:
    instance = instances.instance(instance_type)
    assert instance is not None
    assert instance.processor == processor
    assert not instance.has_local_storage
    assert instance.local_storage_gb is None


def test_a_new_size_of_a_known_family_has_no_size_yet() -> None:
    assert instances.instance("ml.g5.96xlarge") == Instance(
        type="ml.g5.96xlarge",
        family="g5",
        size="96xlarge",
        processor="gpu",
        has_local_storage=True,
        local_storage_gb=None,
    )


@pytest.mark.parametrize(
    ("instance_type", "family"),
    [
        pytest.param("ml.x99.large", "x99", id="newer-family"),
        pytest.param("ml.p9-z100.large", "p9-z100", id="newer-family-with-a-hyphen"),
        pytest.param("m5.large", None, id="ec2-name"),
        pytest.param("ml.m5", None, id="no-size"),
        pytest.param("ml.m5.large\n", None, id="newline"),
        pytest.param("", None, id="empty"),
    ],
)
def test_an_unknown_type_is_none(instance_type: str, family: str | None) -> None:
    assert instances.instance(instance_type) is None
    assert instances.instance_family(instance_type) == family


def test_every_training_instance_type_has_a_known_family() -> None:
    unknown = [
        instance_type
        for instance_type in training_instance_types()
        if instances.instance(instance_type) is None
    ]
    assert unknown == [], "add their families to hptc/catalog/data/instances.json, see docs/data.md"


def test_types_with_local_storage_of_unknown_size() -> None:
    known = [instances.instance(instance_type) for instance_type in training_instance_types()]
    assert [
        instance.type
        for instance in known
        if instance is not None and instance.has_local_storage and instance.local_storage_gb is None
    ] == ["ml.g7.2xlarge", "ml.g7.4xlarge", "ml.g7.8xlarge"]


def test_table_has_only_training_instance_types() -> None:
    table = json.loads((files("hptc") / "catalog" / "data" / "instances.json").read_bytes())
    assert {"source", "source_date"} <= table["about"].keys()
    listed = {
        f"ml.{family}.{size}"
        for family, entry in table["families"].items()
        for size in entry.get("local_storage_gb", {})
    }
    assert listed <= set(training_instance_types())
    families = {
        instances.instance_family(instance_type) for instance_type in training_instance_types()
    }
    assert table["families"].keys() == families

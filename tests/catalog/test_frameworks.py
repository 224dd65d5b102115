"""Framework containers: their versions, and the tags of their images."""

import json
import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import Tag, Version
from hptc.catalog.instances import Processor

ROWS = [row for name in images.framework_names() for row in frameworks.versions(name)]
IMAGES = [(row, hardware) for row in ROWS for hardware in row.hardware]

# What image_uris.retrieve of the SageMaker SDK returns: the repository, the version, the processor
# of the instance type and the tag. Short versions are the SDK's aliases of these.
OF_THE_SDK: list[tuple[str, str, Processor, str]] = [
    ("autogluon-training", "1.4.0", "gpu", "1.4.0-gpu-py311"),
    ("huggingface-pytorch-training", "4.28.1", "gpu",
     "2.0.0-transformers4.28.1-gpu-py310-cu118-ubuntu20.04"),
    ("huggingface-pytorch-training", "5.3", "gpu",
     "2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04"),
    ("huggingface-tensorflow-training", "4.17.0", "gpu",
     "2.6.3-transformers4.17.0-gpu-py38-cu112-ubuntu20.04"),
    ("mxnet-training", "1.9.0", "cpu", "1.9.0-cpu-py38"),
    ("pytorch-training", "1.13.1", "gpu", "1.13.1-gpu-py39"),
    ("pytorch-training", "2.3", "cpu", "2.3.0-cpu-py311"),
    ("pytorch-training", "2.8", "gpu", "2.8.0-gpu-py312"),
    ("pytorch-training-neuron", "1.11.0", "trainium", "1.11.0-neuron-py38-sdk2.4.0-ubuntu20.04"),
    ("pytorch-trcomp-training", "1.12.0", "gpu", "1.12.0-gpu-py38"),
    ("sagemaker-chainer", "5.0.0", "gpu", "5.0.0-gpu-py3"),
    ("sagemaker-pytorch", "1.1.0", "cpu", "1.1.0-cpu-py3"),
    ("sagemaker-rl-coach-container", "1.0.0", "gpu", "coach-1.0.0-tf-gpu-py3"),
    ("sagemaker-rl-vw-container", "8.7.0", "cpu", "vw-8.7.0-cpu"),
    ("sagemaker-tensorflow", "1.10.0", "cpu", "1.10.0-cpu-py2"),
    ("sagemaker-tensorflow-scriptmode", "1.12", "gpu", "1.12.0-gpu-py3"),
    ("smdistributed-modelparallel", "2.0.1", "gpu", "2.0.1-gpu-py310"),
    ("tensorflow-training", "2.19", "gpu", "2.19.0-gpu-py312"),
]  # fmt: skip

# Complete tags as the pages of AWS's Deep Learning Containers list them.
LISTED = {
    "pytorch-training": (
        "1.4.0-cpu-py36-ubuntu16.04",
        "1.12.1-gpu-py38-cu113-ubuntu20.04-sagemaker",
        "2.0.1-gpu-py310-cu121-ubuntu20.04-sagemaker",
        "2.10-gpu-py313-cu130-ubuntu22.04-sagemaker-v1",
    ),
    "tensorflow-training": (
        "2.0.1-gpu-py36-cu100-ubuntu18.04",
        "2.2.0-cpu-py37-ubuntu18.04-v1.0",
        "2.19-cpu-py312-sagemaker",
    ),
    "autogluon-training": ("1.1.0-cpu-py310-ubuntu20.04-v1.1-2024-05-23-23-18-24",),
    "pytorch-training-neuronx": ("1.13.1-neuronx-py310-sdk2.18.2-ubuntu20.04",),
    "pytorch": ("2.13-cu133-amzn2023-sagemaker",),
}


@pytest.mark.parametrize(("repository", "version", "hardware", "tag"), OF_THE_SDK)
def test_tag_is_that_of_the_sdk(
    repository: str, version: str, hardware: Processor, tag: str
) -> None:
    (row,) = frameworks.find_versions(repository, version)
    assert row.tag(hardware) == tag


@pytest.mark.parametrize(
    ("repository", "tag"), [(name, tag) for name, tags in LISTED.items() for tag in tags]
)
def test_a_listed_tag_is_known(repository: str, tag: str) -> None:
    assert frameworks.tag_problem(repository, tag) is None


@pytest.mark.parametrize(
    ("row", "hardware"), IMAGES, ids=[f"{r.repository}-{r.spellings[0]}-{h}" for r, h in IMAGES]
)
def test_every_composed_tag_is_parsed_and_known(row: Version, hardware: Processor) -> None:
    tag = row.tag(hardware)
    parsed = frameworks.parse_tag(tag)
    assert parsed is not None
    assert (parsed.version, parsed.hardware) == (row.spellings[0], hardware)
    assert frameworks.tag_problem(row.repository, tag) is None
    assert frameworks.repository_of(row.repository, tag) == row.repository


@given(st.sampled_from(IMAGES), st.data())
def test_one_changed_part_of_a_tag_is_reported(
    image: tuple[Version, Processor], data: st.DataObject
) -> None:
    row, hardware = image
    tag = row.tag(hardware)
    parsed = frameworks.parse_tag(tag)
    assert parsed is not None
    changes = {"version": f"99.{tag}", "form": data.draw(st.sampled_from(["latest", "2.3", "a"]))}
    changes["processor"] = tag.replace(f"-{parsed.processor}", "-hpu", 1)
    if parsed.python:
        changes["python"] = tag.replace(f"-{parsed.python}", "-py99", 1)
    if row.listed_suffixes or row.suffixes:
        base = tag.removesuffix(f"-{parsed.suffix}") if parsed.suffix else tag
        changes["suffix"] = f"{base}-cu999-ubuntu99.04"
    part = data.draw(st.sampled_from(sorted(changes)))
    problem = frameworks.tag_problem(row.repository, changes[part])
    assert problem is not None
    assert problem.part == part


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.repository}-{row.spellings[0]}")
def test_a_version_is_found_by_its_full_spelling_alone(row: Version) -> None:
    assert frameworks.find_versions(row.repository, row.spellings[0]) == (row,)
    for alias in row.aliases:
        assert row in frameworks.find_versions(row.repository, alias)


@pytest.mark.parametrize(
    ("name", "version", "repositories"),
    [
        pytest.param("pytorch", "1.1", ("sagemaker-pytorch",), id="old"),
        pytest.param("pytorch", "2.3", ("pytorch-training",), id="pytorch"),
        pytest.param("pytorch", "2.13", ("pytorch",), id="new"),
        pytest.param("tensorflow", "1.12", ("sagemaker-tensorflow-scriptmode",), id="script-mode"),
        pytest.param("tensorflow", "2.19", ("tensorflow-training",), id="tensorflow"),
        pytest.param("huggingface", "4.28.1", ("huggingface-pytorch-training",), id="one-base"),
        pytest.param(
            "huggingface",
            "4.17",
            ("huggingface-pytorch-training", "huggingface-tensorflow-training"),
            id="two-bases",
        ),
        pytest.param("pytorch", "2.30", (), id="not-a-number"),
        pytest.param("torch", "2.3", (), id="unknown-name"),
    ],
)
def test_names_of_the_sdk(name: str, version: str, repositories: tuple[str, ...]) -> None:
    matching = frameworks.find_versions(name, version)
    assert tuple(versions.repository for versions in matching) == repositories


def test_every_repository_has_a_registry_and_versions() -> None:
    for name in images.framework_names():
        assert frameworks.versions(name) or images.versions(name), name
        assert images.regions(name), name
    for name in frameworks.framework_names():
        assert set(frameworks.repositories(name)) <= set(images.framework_names())


def test_a_tag_belongs_to_the_repository_with_its_version() -> None:
    assert frameworks.repository_of("pytorch", "2.3.0-gpu-py311") == "pytorch-training"
    assert frameworks.repository_of("pytorch", "9.9.0-gpu-py311") == "pytorch"
    assert frameworks.repository_of("tensorflow", "9.9.0-gpu-py311") is None
    assert frameworks.repository_of("torch", "2.3.0-gpu-py311") is None


def test_only_p4d_instances_get_the_image_that_they_need() -> None:
    (row,) = frameworks.find_versions("tensorflow-training", "2.3")
    assert row.tag("gpu", ["p4d"]) == "2.3.2-gpu-py37-cu110-ubuntu18.04"
    assert row.tag("gpu", ["p4d", "p3"]) == "2.3.2-gpu-py37"
    assert row.tag("cpu", ["c5"]) == "2.3.2-cpu-py37"


def test_parts_of_a_tag() -> None:
    assert frameworks.parse_tag("2.0.0-transformers4.28.1-gpu-py310-cu118-ubuntu20.04") == Tag(
        version="2.0.0-transformers4.28.1", processor="gpu", python="py310",
        suffix="cu118-ubuntu20.04",
    )  # fmt: skip
    assert frameworks.parse_tag("vw-8.7.0-cpu") == Tag(
        version="vw-8.7.0", processor="cpu", python=None, suffix=""
    )
    for text in ("", "latest", "2.3", "banana-gpu", "2.3.0-py311", "2.3.0-tpu-py311"):
        assert frameworks.parse_tag(text) is None


def test_table_is_consistent() -> None:
    table = json.loads((files("hptc") / "catalog" / "data" / "frameworks.json").read_bytes())
    assert {"source", "source_date"} <= table["about"].keys()
    rows = [row for entry in table["repositories"].values() for row in entry["versions"]]
    used = {row["absent"] for row in rows if "absent" in row}
    assert used == table["absent_regions"].keys()
    for row in ROWS:
        assert row.hardware, row
        assert all(re.fullmatch(r"py\d+", python) for python in row.pythons)
        assert set(row.absent_from) < set(images.regions(row.repository))

"""What specs read from the environment's data bucket, and the commands that upload it."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

from hptc.compiler.deployable import deployable_specs
from hptc.errors import AwsError
from hptc.render.deployment import deployment_json, render_uploads
from hptc.stacks.results import DeployedOutputs, Deployment
from hptc.stacks.uploads import uploads, with_presence
from tests.support.fake_account import FakeInventory
from tests.support.plans import project, spec

OUTPUTS = {"DataBucket": "data-of-ours", "ArtifactBucket": "artifacts"}
FOUNDATION = "hptc-churn-dev"
VALIDATION = (
    "aws s3 sync data/churn/validation/ s3://data-of-ours/churn/validation/ --region us-east-1"
)


def deployment(folder: Path, *, changed: str = FOUNDATION) -> Deployment:
    """A project of two specs that share their training data."""
    train = "s3://{{ data_bucket }}/churn/train/"
    manifest = "s3://{{ data_bucket }}/churn/all.csv"
    elsewhere = "s3://lake/churn/train/"
    compiled = project(
        folder,
        {
            "a": spec("a", ("s3://{{ data_bucket }}/churn/validation/", manifest)),
            "b": spec("b"),
            "c": spec("c", (train, elsewhere)),
        },
    )
    environment = compiled[0].environment
    assert environment is not None
    names = (FOUNDATION, *(f"{FOUNDATION}-{name}" for name in "abc"))
    return Deployment(
        environment=environment,
        stacks=tuple(
            DeployedOutputs(name=name, is_changed=name == changed, outputs={}) for name in names
        ),
        uploads=uploads(environment, deployable_specs(compiled), OUTPUTS),
    )


def test_each_location_once(tmp_path: Path) -> None:
    result = deployment(tmp_path)
    assert [(upload.uri, upload.specs) for upload in result.uploads] == [
        ("s3://data-of-ours/churn/train/", ("a", "b")),
        ("s3://data-of-ours/churn/all.csv", ("a",)),
        ("s3://data-of-ours/churn/validation/", ("b", "c")),
    ]
    assert render_uploads(result).splitlines() == [
        "upload what the specs read, from your own folders instead of data/:",
        "  aws s3 sync data/churn/train/ s3://data-of-ours/churn/train/ --region us-east-1",
        "  aws s3 cp data/churn/all.csv s3://data-of-ours/churn/all.csv --region us-east-1",
        f"  {VALIDATION}",
    ]


def test_text_is_about_changed_stacks_and_json_about_all(tmp_path: Path) -> None:
    result = deployment(tmp_path, changed=f"{FOUNDATION}-c")
    assert [line.split()[4] for line in render_uploads(result).splitlines()[1:]] == [
        "s3://data-of-ours/churn/validation/"
    ]
    assert render_uploads(deployment(tmp_path, changed="")) == ""
    assert json.loads(deployment_json(result))["uploads"][2] == {
        "uri": "s3://data-of-ours/churn/validation/",
        "specs": ["b", "c"],
        "command": VALIDATION,
        "is_there": None,
    }


def test_what_is_in_s3_is_not_uploaded_again(tmp_path: Path) -> None:
    """Nothing changed: the commands of an earlier deployment may be forgotten by now."""
    result = deployment(tmp_path, changed="")
    inventory = FakeInventory(objects=["s3://data-of-ours/churn/train/part-1.csv"])
    checked = replace(result, uploads=with_presence(result.uploads, inventory))
    assert [upload.is_there for upload in checked.uploads] == [True, False, False]
    assert [line.split()[4] for line in render_uploads(checked).splitlines()[1:]] == [
        "s3://data-of-ours/churn/all.csv",
        "s3://data-of-ours/churn/validation/",
    ]
    assert json.loads(deployment_json(checked))["uploads"][0]["is_there"] is True


def test_a_bucket_that_may_not_be_listed_is_asked_once(tmp_path: Path) -> None:
    needed = deployment(tmp_path).uploads
    inventory = FakeInventory(refusals={"count_objects": AwsError("no", code="AccessDenied")})
    assert with_presence(needed, inventory) == needed
    assert inventory.calls == ["count_objects"]


def test_a_bucket_that_is_not_hptcs_gets_none(tmp_path: Path) -> None:
    result = deployment(tmp_path)
    specs = deployable_specs(project(tmp_path, {"b": spec("b")}))
    assert uploads(result.environment, specs, {}) == ()
    chosen = result.environment.infrastructure.model_copy(update={"data_bucket": "lake"})
    assert uploads(replace(result.environment, infrastructure=chosen), specs, OUTPUTS) == ()


def test_a_strange_key_is_quoted(tmp_path: Path) -> None:
    result = deployment(tmp_path)
    upload = replace(result.uploads[0], key="a b/$(x)/", uri="s3://data-of-ours/a b/$(x)/")
    assert shlex.split(upload.command)[3:5] == ["data/a b/$(x)/", "s3://data-of-ours/a b/$(x)/"]

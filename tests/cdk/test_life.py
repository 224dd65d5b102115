"""Changes of stacks: what stays the same, what a change affects, and how many stacks fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hptc.cdk.synth import build, synth_project
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.spec_stacks import spec_stacks
from hptc.request.tuning_job import TuningJob
from tests.support.golden import Golden
from tests.support.jobs import definition, job, s3_input, volume
from tests.support.paths import ROOT
from tests.support.stacks import templates, variant

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cdk")]


def project(folder: Path) -> Path:
    shutil.copytree(ROOT / "specs", folder / "specs")
    shutil.copytree(ROOT / "src", folder / "src")
    shutil.copy(ROOT / "hptc.yaml", folder)
    return folder


def synthesized(root: Path, outdir: Path, environment: str = "dev") -> dict[str, dict[str, Any]]:
    result = synth_project(root, environment, outdir)
    assert result.assembly is not None, result.diagnostics
    return {name: json.loads(text) for name, text in templates(result.assembly).items()}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_names_and_ids_are_stable(name: str, golden: Golden, tmp_path: Path) -> None:
    """A changed line here replaces a deployed resource: update it only if that is intended."""
    lines = []
    for stack, template in synthesized(ROOT, tmp_path, name).items():
        lines.append(stack)
        for kind in ("Parameters", "Resources", "Outputs"):
            for logical_id, entry in template.get(kind, {}).items():
                export = entry.get("Export", {}).get("Name", "")
                lines.append(f"  {kind.lower()} {logical_id} {entry.get('Type', export)}".rstrip())
    golden(f"stacks/ids-{name}.txt", "\n".join(lines) + "\n")


def test_a_spec_that_changes_its_inputs_changes_its_policy_only(tmp_path: Path) -> None:
    root = project(tmp_path)
    before = synthesized(root, tmp_path / "before")
    spec = root / "specs" / "mnist-kmeans.yaml"
    text = spec.read_text(encoding="utf-8")
    assert "/mnist-recordio/train/" in text
    changed = text.replace("/mnist-recordio/train/", "/mnist-recordio/train-2/")
    spec.write_text(changed, encoding="utf-8")
    after = synthesized(root, tmp_path / "after")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == [
        "hptc-demo-dev-mnist-kmeans"
    ]
    old, new = before["hptc-demo-dev-mnist-kmeans"], after["hptc-demo-dev-mnist-kmeans"]
    (different,) = [
        key for key, value in old["Resources"].items() if value != new["Resources"][key]
    ]
    assert old["Resources"][different]["Type"] == "AWS::IAM::Policy"
    # And the digest that tells of it.
    assert old["Outputs"]["Digest"] != new["Outputs"]["Digest"]
    for template in (old, new):
        del template["Resources"][different]["Properties"]["PolicyDocument"]
        del template["Outputs"]["Digest"]
    assert old == new


def test_adding_or_removing_a_spec_changes_no_other_stack(tmp_path: Path) -> None:
    root = project(tmp_path)
    before = synthesized(root, tmp_path / "before")
    (root / "specs" / "mnist-kmeans.yaml").unlink()
    first = root / "specs" / "a-first.yaml"
    text = (root / "specs" / "iris-algorithm-resource.yaml").read_text(encoding="utf-8")
    first.write_text(text.replace("name: iris-algorithm-resource", "name: a-first"), "utf-8")
    after = synthesized(root, tmp_path / "after")
    assert before.keys() - after.keys() == {"hptc-demo-dev-mnist-kmeans"}
    assert after.keys() - before.keys() == {"hptc-demo-dev-a-first"}
    for name in before.keys() & after.keys():
        assert before[name] == after[name]


def search(number: int) -> TuningJob:
    """A tuning job with a large policy: ten channels, checkpoints, keys, and a network."""
    key = "${hptc:kms_key_arn}"
    channels = [
        s3_input(f"s3://${{hptc:data_bucket}}/team-{number}/dataset-{i}/train/") for i in range(10)
    ]
    return job(
        definition(
            **volume(key),
            InputDataConfig=channels,
            OutputDataConfig={
                "S3OutputPath": f"s3://${{hptc:artifact_bucket}}/spec-{number}/",
                "KmsKeyId": key,
            },
            CheckpointConfig={"S3Uri": f"s3://${{hptc:artifact_bucket}}/steps/spec-{number}/"},
            VpcConfig={
                "Subnets": ["${hptc:subnet_id_1}", "${hptc:subnet_id_2}"],
                "SecurityGroupIds": ["${hptc:security_group_id}"],
            },
        )
    )


def test_300_specs_are_within_the_limits(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    chosen = variant("china")
    stacks = spec_stacks(chosen, [(f"spec-{i}", search(i)) for i in range(300)])
    assembly = build(chosen, foundation(chosen), stacks, tmp_path)
    written = templates(assembly)
    assert len(written) == 301 < 2000
    for name, text in written.items():
        template = json.loads(text)
        assert len(name) <= 128
        assert len(text.encode()) < 1_000_000
        assert len(template["Resources"]) <= 500
        assert len(template["Outputs"]) <= 200
        assert len(template.get("Parameters", {})) <= 200
        # 51,200 bytes is the most that needs no upload to a bucket
        assert name == chosen.foundation_stack or len(text.encode()) < 51_200

"""The training code of specs on its way to S3."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from hptc.compiler.outcome import Compiled
from hptc.errors import AwsError
from hptc.jobs.decisions import AlreadySubmitted, Submitted
from hptc.jobs.provenance import Provenance
from hptc.jobs.resolution import resolve_code
from hptc.jobs.submission import dry_run
from hptc.render.jobs import dry_run_notes
from hptc.render.jobs_json import submission_json
from hptc.service.interface import Content
from tests.support.fake_service import FakeStacks, FakeTuning
from tests.support.outcomes import succeeded
from tests.support.specs import STACKS
from tests.support.submissions import submit
from tests.support.training_code import SCRIPT, compile_code

KEY = STACKS["hptc-churn-dev"]["KmsKeyArn"]


@pytest.fixture
def churn(tmp_path: Path) -> Compiled:
    return succeeded(compile_code(tmp_path))


def send(compiled: Compiled, tuning: FakeTuning, messages: list[str] | None = None) -> object:
    return submit(
        compiled,
        tuning,
        FakeStacks(STACKS),
        provenance=lambda _: Provenance(spec=""),
        progress=(messages if messages is not None else []).append,
    )


def test_code_is_uploaded_before_the_job_is_created(churn: Compiled) -> None:
    tuning, messages = FakeTuning(), list[str]()
    assert isinstance(send(churn, tuning, messages), Submitted)
    assert [call for call in tuning.calls if call in ("store", "create")] == ["store", "create"]
    (((bucket, key), (body, kms_key)),) = tuning.objects.items()
    assert (bucket, kms_key) == ("artifacts-dev", KEY)
    (job,) = tuning.jobs.values()
    static = job["TrainingJobDefinition"]["StaticHyperParameters"]
    assert static["sagemaker_submit_directory"] == f'"s3://{bucket}/{key}"'
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(body))) as tar:
        script = tar.extractfile("train.py")
        assert script is not None
        assert script.read().decode() == SCRIPT
    assert messages[0].startswith("uploading src/churn (2 files, ")


def test_the_same_code_is_uploaded_once(churn: Compiled, tmp_path: Path) -> None:
    tuning, messages = FakeTuning(), list[str]()
    send(churn, tuning)
    assert isinstance(send(churn, tuning), AlreadySubmitted)
    assert tuning.calls.count("store") == 1, "an unchanged job needs no code"
    tuning.objects = dict.fromkeys(tuning.objects, (b"", None))
    other = succeeded(compile_code(tmp_path, stopping="  stopping: {max_runtime: 16m}"))
    assert isinstance(send(other, tuning, messages), Submitted)
    assert list(tuning.objects.values()) == [(b"", None)], "nothing is replaced"
    assert messages[0].endswith("already has the code in src/churn")


class RefusesCode(FakeTuning):
    """A bucket that the caller may not write to."""

    def store(self, bucket: str, key: str, content: Content, *, kms_key_id: str | None) -> bool:
        raise AwsError("no access", code="AccessDenied")


def test_without_its_code_no_job_is_created(churn: Compiled) -> None:
    tuning = RefusesCode()
    with pytest.raises(AwsError, match="no access"):
        send(churn, tuning)
    assert tuning.jobs == {}


def test_a_dry_run_says_what_would_be_uploaded(churn: Compiled) -> None:
    tuning = FakeTuning()
    outcome = dry_run(churn, tuning, FakeStacks({}), provenance=lambda _: Provenance(spec=""))
    (note, _) = dry_run_notes(outcome)
    assert note.startswith("would upload src/churn (2 files, ")
    (code,) = json.loads(submission_json(outcome))["code"]
    assert code["uri"].startswith("s3://${hptc:artifact_bucket}/churn/source/")
    assert (code["files"], code["kms_key_id"]) == (2, "${hptc:kms_key_arn}")
    assert tuning.objects == {}


def test_the_place_of_code_does_not_depend_on_the_spec_s_own_stack(churn: Compiled) -> None:
    """`hptc deploy` uploads before it deploys."""
    stacks = FakeStacks({"hptc-churn-dev": STACKS["hptc-churn-dev"]})
    resolution = resolve_code(churn, stacks)
    assert resolution.problem is None
    assert resolution.values == {"artifact_bucket": "artifacts-dev", "kms_key_arn": KEY}

"""`hptc submit` looks for what training jobs would lack before it creates any tuning job."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from hptc.account_checks.cached_queries import CachedQueries
from hptc.account_checks.preflight import preflight
from hptc.cli import run as hptc
from hptc.errors import AwsError
from hptc.jobs.decide import decide
from hptc.jobs.decisions import Submit
from hptc.jobs.snapshot import JobSnapshot
from hptc.sandbox.server import Sandbox
from hptc.service.inventory import SecurityGroup
from tests.support import online_checks
from tests.support.fake_account import FakeAccount
from tests.support.plans import origin
from tests.support.sandbox import Account, open_sandbox, provide
from tests.support.specs import PROJECT, standalone

EMPTY = (
    "the input channel `train` is empty: no object starts with `s3://preflight-lake/second/train/`"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in which one of three specs has no training data."""
    for account in open_sandbox():
        keys = ("first/train/1.csv", "third/train/1.csv", "shared/1.csv")
        provide(account, role="preflight", objects={"preflight-lake": keys})
        yield account


@pytest.fixture
def folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    request: pytest.FixtureRequest,
) -> Path:
    """A project of three specs, whose jobs are this test's own."""
    infrastructure = "{infrastructure: {kms_key: absent}, account"
    (tmp_path / "hptc.yaml").write_text(PROJECT.replace("{account", infrastructure), "utf-8")
    (tmp_path / "specs").mkdir()
    for name in ("first", "second", "third"):
        text = standalone(
            name,
            role="preflight",
            bucket="preflight-lake",
            train=f"{name}/train/",
            validation="shared/",
        )
        text += f"tags: {{test: {request.node.name}}}\n"
        (tmp_path / "specs" / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    for key, value in sandbox.environment().items():
        if key.startswith("AWS_"):
            monkeypatch.setenv(key, value)
    return tmp_path


def jobs(sandbox: Sandbox) -> list[str]:
    sagemaker = Account(id="123456789012", endpoint_url=sandbox.endpoint_url).client("sagemaker")
    response = sagemaker.list_hyper_parameter_tuning_jobs(MaxResults=100)
    names = [
        summary["HyperParameterTuningJobName"]
        for summary in response["HyperParameterTuningJobSummaries"]
    ]
    return sorted(name.rpartition("-")[0] for name in names)


def test_one_of_three_lacks_its_data(
    folder: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before = jobs(sandbox)
    assert hptc(["submit", "--json"]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert [job["outcome"] for job in document["jobs"]] == ["submitted", "submitted"]
    (failed,) = document["failed"]
    assert (failed["file"], failed["error"]) == ("specs/second.yaml", f"not submitted: {EMPTY}")
    assert "`--no-preflight`" in failed["help"]
    # As `check --online` shows it, and before the first job is created.
    assert err.startswith(f"error[HPT922]: {EMPTY}\n  --> specs/second.yaml:13:")
    assert err.index("error[HPT922]") < err.index("submitting first-")
    assert err.count(EMPTY) == 2  # at its line, and in the list of what is not submitted
    assert "1 of 3 tuning jobs not submitted:\n  second-" in err
    assert sorted([*before, "first", "third"]) == jobs(sandbox)

    assert hptc(["check", "--online", "specs/second.yaml"]) == 1
    shown = capsys.readouterr().out
    assert shown[shown.index("error[HPT922]") :].partition("\n\n")[0] in err

    # What exists already is not look_up for again.
    assert hptc(["submit", "specs/first.yaml", "specs/third.yaml"]) == 0


def test_alone_nothing_is_submitted(
    folder: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before = jobs(sandbox)
    assert hptc(["submit", "specs/second.yaml", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count(EMPTY) == 1
    command = "aws s3 sync data/second/train/ s3://preflight-lake/second/train/ --region us-east-1"
    assert f"= help: upload the data, such as with `{command}`; or fix the prefix" in err
    assert re.search(r"\nerror: second-\w{8} was not submitted, because of the findings above", err)
    assert "help: fix them; `--no-preflight` submits without this check\n" in err
    assert jobs(sandbox) == before
    for arguments in (["--dry-run"], ["--ignore", "HPT922"], ["--no-preflight", "--rerun", "2"]):
        assert hptc(["submit", "specs/second.yaml", *arguments]) == 0


def test_only_the_jobs_that_can_be_submitted_are_confirmed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hptc.cli.submit.is_interactive", lambda: True)
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert hptc(["submit"]) == 3
    assert "2 tuning jobs to create in us-east-1:\n  first-" in capsys.readouterr().err


def test_a_saved_plan(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hptc(["plan", "--out", "plan.json"]) == 0
    monkeypatch.setattr("hptc.cli.submit.is_interactive", lambda: True)
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    assert hptc(["submit", "plan.json"]) == 3
    assert "2 tuning jobs to create in us-east-1:\n  first-" in capsys.readouterr().err
    assert hptc(["submit", "plan.json", "--yes"]) == 1
    out, err = capsys.readouterr()
    assert out.count("submitted ") == 2
    assert "1 of 3 tuning jobs not submitted:\n  second-" in err
    assert hptc(["submit", "plan.json", "--yes", "--no-preflight"]) == 0
    assert "submitted second-" in capsys.readouterr().out


class TestLookups:
    """Which calls are made, without the command line."""

    def look_up(self, folder: Path, fake: FakeAccount, *specs: str) -> tuple[list[str], list[str]]:
        notes: list[str] = []
        queries = CachedQueries(account=fake.account, progress=notes.append)
        codes = []
        for outcome in online_checks.compiled(folder, *specs):
            decision = decide(
                outcome, JobSnapshot(tuning=fake.tuning), fake.stacks, provenance=origin
            )
            assert isinstance(decision, Submit)
            codes += [finding.code for finding in preflight(outcome, decision, queries)]
        return codes, notes

    def test_each_location_once(self, tmp_path: Path) -> None:
        fake = online_checks.whole()
        again = online_checks.WITH_CODE.replace("name: churn\n", "name: again\n")
        assert self.look_up(tmp_path, fake, online_checks.WITH_CODE, again) == ([], [])
        assert Counter(fake.inventory.calls) == {
            "bucket_region": 2,
            "count_objects": 2,
            "data_size": 2,
            "has_object": 1,
            "role": 1,
            "simulate": 16,  # one for each statement, and one more for the logs of each job
            "security_groups": 1,
        }

    @pytest.mark.parametrize(
        ("attribute", "value", "codes"),
        [
            pytest.param("sizes", {online_checks.CODE: 9}, [], id="small"),
            pytest.param(
                "sizes", {"s3://data/churn/validation/1.csv": 31 * 1024**3}, ["HPT925"], id="large"
            ),
            pytest.param("role_policies", [], ["HPT944"], id="no-permissions"),
            pytest.param(
                "groups", {online_checks.GROUP: SecurityGroup(vpc="vpc-1")}, ["HPT965", "HPT966"],
                id="closed-group",
            ),
        ],
    )  # fmt: skip
    def test_what_fails_a_training_job(
        self, attribute: str, value: object, codes: list[str], tmp_path: Path
    ) -> None:
        fake = online_checks.whole()
        setattr(fake.inventory, attribute, value)
        reported, notes = self.look_up(tmp_path, fake, online_checks.WITH_CODE)
        assert (sorted(set(reported)), notes) == (codes, [])

    def test_a_location_from_a_stack(self, tmp_path: Path) -> None:
        fake = online_checks.whole()
        fake.inventory.objects = ["s3://data/churn/train/1.csv"]
        assert self.look_up(tmp_path, fake, online_checks.DEPLOYED) == (["HPT922"], [])

    def test_what_the_caller_may_not_see_is_a_note(self, tmp_path: Path) -> None:
        fake = online_checks.whole()
        fake.inventory.objects = []
        for method in (
            *("bucket_region", "count_objects", "has_object", "data_size", "role", "simulate"),
            "security_groups",
        ):
            fake.inventory.refusals[method] = AwsError(
                "not authorized", code="AccessDenied", help=f"the caller needs it for {method}"
            )
        codes, notes = self.look_up(tmp_path, fake, online_checks.WITH_CODE)
        assert codes == []
        assert notes == [
            "buckets not checked: the caller needs it for bucket_region",
            "inputs not checked: the caller needs it for count_objects",
            "code not checked: the caller needs it for has_object",
            "size of the data not checked: the caller needs it for data_size",
            "roles not checked: the caller needs it for role",
            "permissions of roles not checked: the caller needs it for simulate",
            "security groups not checked: the caller needs it for security_groups",
        ]

"""Every spec on its way into AWS: submitted by hptc and by the AWS CLI, described by boto3."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run
from hptc.jobs.description import comparable
from hptc.request.identity import canonical
from hptc.sandbox.gateway import access_key_for
from hptc.sandbox.sagemaker import configure
from hptc.sandbox.tuning_store import TuningSettings
from tests.support.e2e_project import (
    FOUNDATION,
    REGION,
    SPECS,
    Deployed,
    Done,
    Project,
    execute,
    run_here,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("deployed")]

MEMBERS = (
    *("HyperParameterTuningJobConfig", "TrainingJobDefinition"),
    *("TrainingJobDefinitions", "WarmStartConfig", "Autotune"),
)
PARENTS = {
    "caltech-images-refined": ("caltech-images",),
    "caltech-images-augmented": ("caltech-images", "caltech-images-refined"),
}
ANOTHER_ACCOUNT = "344444444444"
RUNNING_ACCOUNT = "355555555555"

Request = dict[str, Any]


@pytest.fixture
def project(deployed: Deployed) -> Iterator[Project]:
    """Stand in the project, with its account's credentials."""
    with deployed.project.entered():
        yield deployed.project


@pytest.fixture(scope="module")
def compiled(deployed: Deployed) -> dict[str, Request]:
    """The requests, by spec, with references for what the stacks provide."""
    return compiled_to("requests", deployed.project)


@pytest.fixture(scope="module")
def resolved(deployed: Deployed) -> Path:
    """The folder that `hptc compile --resolve` wrote."""
    compiled_to("resolved requests", deployed.project, "--resolve")
    return deployed.project.directory / "resolved requests"


@pytest.fixture(scope="module")
def submitted(deployed: Deployed) -> list[Any]:
    """What `hptc submit` of the whole project sent, a child after its parents had ended."""
    options = ("--json", "--no-preflight")
    first = deployed.project.hptc("submit", *options, expect=3).json
    assert {job["file"] for job in first["failed"]} == {f"specs/{name}.yaml" for name in PARENTS}
    sent = list(first["jobs"])
    for child in PARENTS:
        sent.append(deployed.project.hptc_here("submit", f"specs/{child}.yaml", *options).json)
    return sent


def compiled_to(folder: str, project: Project, *options: str) -> dict[str, Request]:
    with project.entered():
        assert run(["compile", "specs", "-o", folder, *options]) == 0
    return read_requests(project.directory / folder)


def read_requests(folder: Path) -> dict[str, Request]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def with_outputs(deployed: Deployed, spec: str, request: Request) -> Request:
    """A request with its references replaced by the outputs of the CDK's stacks."""
    reported = {**deployed.outputs[FOUNDATION], **deployed.outputs.get(f"{FOUNDATION}-{spec}", {})}
    values = {re.sub(r"(?<!^)(?=[A-Z]|\d)", "_", key).lower(): v for key, v in reported.items()}
    text = json.dumps(request)
    for name in set(re.findall(r"\$\{hptc:(\w+)\}", text)):
        text = text.replace(f"${{hptc:{name}}}", values[name])
    resolved: Request = json.loads(text)
    return resolved


def described(project: Project, name: str, *, account: str = "") -> Request:
    """The description of a job from boto3 with the members of a request; its tags are `Tags`."""
    sagemaker = project.client("sagemaker", account=account)
    answer = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    tags = sagemaker.list_tags(ResourceArn=answer["HyperParameterTuningJobArn"])["Tags"]
    return {**answer, "Tags": tags}


def as_sent(request: Request, description: Request) -> tuple[Request, Request]:
    """A request and a description without what AWS adds to one, both in canonical form."""
    ours, theirs = comparable(request, description)
    return canonical(ours), canonical(theirs)


def tags_of(request: Request) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}


def test_every_spec_is_submitted(compiled: dict[str, Request], submitted: list[Any]) -> None:
    assert set(compiled) == set(SPECS)
    names = {request["HyperParameterTuningJobName"] for request in compiled.values()}
    assert {(job["outcome"], job["name"]) for job in submitted} == {
        ("submitted", name) for name in names
    }
    for job in submitted:
        assert job["region"] == REGION
        assert job["arn"].endswith(f":hyper-parameter-tuning-job/{job['name']}")


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("spec", SPECS)
def test_aws_has_what_was_compiled(
    deployed: Deployed, compiled: dict[str, Request], spec: str
) -> None:
    wanted = with_outputs(deployed, spec, compiled[spec])
    description = described(deployed.project, wanted["HyperParameterTuningJobName"])
    # Field by field, so that a difference names its member.
    sent, described_as = as_sent(wanted, description)
    for member in MEMBERS:
        assert described_as.get(member) == sent.get(member), member
    tags = tags_of(description)
    ours = {key: tags.pop(key) for key in list(tags) if key.startswith("hptc:")}
    assert tags == tags_of(wanted)
    assert re.fullmatch("[0-9a-f]{8,64}", ours.pop("hptc:digest"))
    assert ours == {
        "hptc:project": "demo",
        "hptc:environment": "dev",
        "hptc:spec": f"{spec}.yaml",
    }


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(("child", "parents"), PARENTS.items(), ids=[*PARENTS])
def test_a_warm_start_names_the_jobs_of_its_parents(
    deployed: Deployed, compiled: dict[str, Request], child: str, parents: tuple[str, ...]
) -> None:
    description = described(deployed.project, compiled[child]["HyperParameterTuningJobName"])
    described_parents = description["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    names = [compiled[parent]["HyperParameterTuningJobName"] for parent in parents]
    assert [parent["HyperParameterTuningJobName"] for parent in described_parents] == names
    for name in names:
        assert described(deployed.project, name)["HyperParameterTuningJobName"] == name


def test_the_second_submission_changes_nothing(project: Project, submitted: list[Any]) -> None:
    sagemaker = project.client("sagemaker")
    listing = {"MaxResults": 100, "SortBy": "Name"}
    before = sagemaker.list_hyper_parameter_tuning_jobs(**listing)
    again = project.hptc_here("submit", "--json").json["jobs"]
    assert {(job["outcome"], job["name"]) for job in again} == {
        ("unchanged", job["name"]) for job in submitted
    }
    after = sagemaker.list_hyper_parameter_tuning_jobs(**listing)
    assert len(after["HyperParameterTuningJobSummaries"]) == len(SPECS)
    assert after["HyperParameterTuningJobSummaries"] == before["HyperParameterTuningJobSummaries"]


def test_resolved_files_contain_the_outputs_of_the_stacks(
    deployed: Deployed, compiled: dict[str, Request], resolved: Path
) -> None:
    assert read_requests(resolved) == {
        spec: with_outputs(deployed, spec, request) for spec, request in compiled.items()
    }


@pytest.mark.parametrize(
    "spec", ["churn-two-algorithms", "caltech-images-augmented", "direct-marketing-autotune"]
)
def test_the_aws_cli_takes_a_compiled_file(project: Project, resolved: Path, spec: str) -> None:
    environment = {**project.environment, "AWS_ACCESS_KEY_ID": access_key_for(ANOTHER_ACCOUNT)}
    # No name but the file's: the account has no other job.
    created = execute(
        [
            *(sys.executable, "-m", "awscli", "sagemaker", "create-hyper-parameter-tuning-job"),
            *("--cli-input-json", f"file://{resolved.name}/{spec}.json"),
        ],
        project.directory,
        environment,
    )
    request = read_requests(resolved)[spec]
    name = request["HyperParameterTuningJobName"]
    assert created.json["HyperParameterTuningJobArn"].endswith(name)
    description = described(project, name, account=ANOTHER_ACCOUNT)
    assert description.pop("Tags") == request.pop("Tags")
    sent, described_as = as_sent(request, description)
    assert described_as == sent


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("spec", SPECS)
def test_import_gives_a_spec_of_the_same_request(
    project: Project,
    compiled: dict[str, Request],
    spec: str,
    tmp_path: Path,
) -> None:
    name = compiled[spec]["HyperParameterTuningJobName"]
    with project.entered(directory=tmp_path):  # no hptc.yaml: its defaults would be added
        written = run_here("import", "--job", name, "--region", REGION, "-o", "a.yaml")
        assert (written.code, written.out) == (0, ""), written.err
        back = run_here("compile", "a.yaml")
    assert back.code == 0, back.err
    request, description = back.json, described(project, name)
    tags = {
        key: value for key, value in tags_of(description).items() if not key.startswith("hptc:")
    }
    assert tags_of(request) == tags
    sent, described_as = as_sent(request, description)
    assert described_as == sent


def ask(*arguments: str) -> Done:
    done = run_here(*arguments)
    assert done.code == 0, done.err
    assert done.err == ""
    return done


@pytest.mark.usefixtures("submitted")
def test_status_shows_one_job(project: Project, compiled: dict[str, Request]) -> None:
    spec = "caltech-images-refined"
    name = compiled[spec]["HyperParameterTuningJobName"]
    reported = ask("status", name, "--json").json
    assert reported["version"] == 1
    job = reported["job"]
    assert (job["name"], job["status"], job["strategy"]) == (name, "Completed", "Bayesian")
    assert job["training_jobs"]["completed"] == 1
    assert job["objectives"]["succeeded"] == 1
    assert job["limits"] == {
        "max_training_jobs": 12,
        "max_parallel_training_jobs": 2,
        "max_runtime_seconds": 7200,
    }
    parents = [compiled[parent]["HyperParameterTuningJobName"] for parent in PARENTS[spec]]
    assert job["warm_start"] == {"type": "IdenticalDataAndAlgorithm", "parents": parents}
    assert (job["project"], job["environment"], job["spec"]) == ("demo", "dev", f"{spec}.yaml")
    assert job["best"]["metric_name"] == "validation:accuracy"

    by_file = ask("status", f"specs/{spec}.yaml", "--json").json["job"]
    assert by_file.pop("spec_changes")["is_changed"] is False
    assert job.pop("spec_changes") is None
    assert {**by_file, "elapsed_seconds": None} == {**job, "elapsed_seconds": None}
    text = ask("status", name).out
    assert name in text
    assert "Completed" in text


@pytest.mark.usefixtures("submitted")
def test_list_shows_all_jobs(project: Project, compiled: dict[str, Request]) -> None:
    names = {request["HyperParameterTuningJobName"] for request in compiled.values()}
    reported = ask("list", "--json").json
    assert reported["version"] == 1
    assert {job["name"] for job in reported["jobs"]} == names
    assert {job["status"] for job in reported["jobs"]} == {"Completed"}

    some = ask("list", "--contains", "caltech", "--limit", "2", "--json").json["jobs"]
    assert len(some) == 2
    assert all("caltech" in job["name"] for job in some)
    assert ask("list", "--status", "Stopped", "--json").json["jobs"] == []
    text = ask("list").out
    assert all(name in text for name in names)


def test_a_running_job_is_stopped_once(project: Project, resolved: Path) -> None:
    configure(RUNNING_ACCOUNT, TuningSettings(mode="held"))
    request = read_requests(resolved)["cifar10-spot"]
    name = request["HyperParameterTuningJobName"]
    sagemaker = project.client("sagemaker", account=RUNNING_ACCOUNT)
    for job in (name, "a-neighbor"):
        request["HyperParameterTuningJobName"] = job
        sagemaker.create_hyper_parameter_tuning_job(**request)
    region = ("--region", REGION)
    with project.entered(account=RUNNING_ACCOUNT):
        before = ask("status", name, *region, "--json").json["job"]
        assert (before["status"], before["ended"], before["best"]) == ("InProgress", None, None)
        stopped = ask("stop", name, *region, "--json").json
        assert stopped == {
            "version": 1,
            "command": "stop",
            "outcome": "stop_requested",
            "name": name,
        }
        after = ask("status", name, *region, "--json").json["job"]
        assert after["status"] == "Stopped"
        again = ask("stop", name, *region, "--json").json
        assert (again["outcome"], again["status"]) == ("already_over", "Stopped")
        neighbor = ask("status", "a-neighbor", *region, "--json").json["job"]
        assert neighbor["status"] == "InProgress"


@pytest.mark.parametrize("command", ["status", "stop"])
def test_a_job_that_is_not_there(project: Project, command: str) -> None:
    done = run_here(command, "no-such-job")
    assert (done.code, done.out) == (3, "")
    assert "no tuning job `no-such-job` found" in done.err
    assert "hptc list" in done.err

"""docs/comparison.md: the same tuning jobs with several tools, which send the same request."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.validate import ParamValidator

from hptc.compiler.importing import write_spec
from hptc.compiler.pipeline import compile_paths, compile_text
from hptc.compiler.workspace import Workspace
from hptc.project import project_file
from hptc.request.emission import Request
from tests.support.comparison import FILES, FOLDER, JOBS, comparable, concepts, lines, sent
from tests.support.outcomes import all_succeeded
from tests.support.paths import ROOT
from tests.support.terraform_files import resources
from tests.support.tool_formats import sent_by_spec

PAGE = ROOT / "docs" / "comparison.md"
KIND = "aws_sagemaker_hyper_parameter_tuning_job"
RUN = """
import json, runpy, sys
requests = []

class Client:
    def create_hyper_parameter_tuning_job(self, **request):
        requests.append(request)
    def upload_file(self, *_):
        pass

import boto3
boto3.client = lambda _service: Client()
for path in sys.argv[1:]:
    runpy.run_path(path)
print(json.dumps(requests))
"""


MISTAKES = {
    "a misspelled argument or key": (
        *("strategy: B", "strateggy: B", "HPT101"), '"Strategy"', '"Strateggy"',
    ),
    "a strategy that doesn't exist": ("Bayesian", "Bayes", "HPT104", "Bayesian", "Bayes"),
    "a logarithmic range that starts at 0": (
        *("min: 0.01", "min: 0", "HPT203"), '"MinValue": "0.01"', '"MinValue": "0"',
    ),
    "a range whose minimum is above its maximum": (
        *("min: 2,", "min: 20,", "HPT202"), '"MinValue": "2"', '"MinValue": "20"',
    ),
    "a misspelled hyperparameter of XGBoost": (
        *("num_round", "num_rounds", "HPT313"), "num_round", "num_rounds",
    ),
    "an objective metric that XGBoost doesn't have": (
        *("n:auc", "n:acu", "HPT325"), "n:auc", "n:acu",
    ),
    "an instance type that doesn't exist": (
        *("m5.xlarge", "m5.huge", "HPT104"), "m5.xlarge", "m5.huge",
    ),
    "spot: a maximum wait below the maximum runtime": (
        *("  stopping", "  spot: {max_wait_time: 1m}\n  stopping", "HPT433"),
        '"MaxRuntimeInSeconds"', '"MaxWaitTimeInSeconds": 60, "MaxRuntimeInSeconds"',
    ),
    "Hyperband with early stopping": (
        *("Bayesian", "Hyperband", "HPT242"), "Bayesian", "Hyperband",
    ),
}  # fmt: skip
"""An edit of the spec of `built-in`, the rule that finds it, and the same edit of the request."""


def blocks(values: object) -> object:
    """Terraform's values as `terraform show -json` prints them; it leaves out depends_on."""
    if isinstance(values, dict):
        return {key: blocks(inner) for key, inner in values.items() if key != "depends_on"}
    return [blocks(value) for value in values] if isinstance(values, list) else values


@pytest.mark.parametrize("job", JOBS)
def test_terraform_sends_the_same_request(job: str) -> None:
    values = resources((FOLDER / job / "main.tf").read_text("utf-8"))[KIND]
    resource = {"type": KIND, "address": f"{KIND}.tuning", "values": blocks(values)}
    state = {
        "format_version": "1.0",
        "terraform_version": "1.14.0",
        "values": {"root_module": {"resources": [resource]}},
    }
    assert comparable(sent_by_spec([(json.dumps(state), "state.json")])) == sent(
        FOLDER / job / "spec.yaml"
    )


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Request]:
    """What the programs with boto3 send."""
    folder = tmp_path_factory.mktemp("boto3")
    (folder / "src").symlink_to(FOLDER / "src")
    programs = [str(FOLDER / job / "with_boto3.py") for job in JOBS]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *programs],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(JOBS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("job", JOBS)
def test_boto3_sends_the_same_request(
    job: str, requests: dict[str, Request], tmp_path: Path
) -> None:
    spec = tmp_path / f"{job}.yaml"
    spec.write_text(write_spec(requests[job]), "utf-8")
    assert sent(spec) == sent(FOLDER / job / "spec.yaml")


def test_the_specs_have_no_findings() -> None:
    outcomes = all_succeeded(compile_paths([str(FOLDER)], Workspace()))
    assert len(outcomes) == len(JOBS)
    assert [outcome.diagnostics for outcome in outcomes if outcome.diagnostics] == []


@pytest.mark.parametrize(("heading", "count"), [("Lines", lines), ("Names", concepts)])
def test_the_page_has_the_counts(heading: str, count: object) -> None:
    assert callable(count)
    text = PAGE.read_text("utf-8")
    (table,) = re.findall(rf"\| {heading} \|.*\n\|[-|: ]+\n((?:\|.*\n)+)", text)
    rows = {
        cells[0]: cells[1:]
        for row in table.splitlines()
        if (cells := [cell.strip(" `") for cell in row.strip("|").split("|")])
    }
    expected = {}
    for job in JOBS:
        counts = (count(FOLDER / job / file) for file in FILES.values())
        expected[job] = [str(count if isinstance(count, int) else len(count)) for count in counts]
    # Version 3 of the SDK fails for several algorithms.
    expected["two-algorithms"][list(FILES).index("SDK 3")] += " (fails)"
    assert rows == expected


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_found_before_aws(mistake: str, requests: dict[str, Request]) -> None:
    old, new, code, old_in_request, new_in_request = MISTAKES[mistake]
    path = FOLDER / "built-in" / "spec.yaml"
    spec, request = path.read_text("utf-8"), json.dumps(requests["built-in"])
    assert old in spec
    assert old_in_request in request
    project, _ = project_file.load(FOLDER / "hptc.yaml")
    diagnostics = compile_text(
        spec.replace(old, new, 1), str(path), Workspace(), project
    ).diagnostics
    assert code in {finding.code for finding in diagnostics if finding.is_error}
    changed = json.loads(request.replace(old_in_request, new_in_request, 1))
    model = boto3.client("sagemaker", region_name="us-east-1").meta.service_model
    shape = model.operation_model("CreateHyperParameterTuningJob").input_shape
    assert shape is not None
    report = ParamValidator().validate(changed, shape)  # all that boto3 does
    (row,) = (line for line in PAGE.read_text("utf-8").splitlines() if f"| {mistake} |" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "found"
    assert cells[4] == ("found" if report.has_errors() else "sent")

"""A project's policy: the lines that findings show, which policy applies, and invalid ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hptc.cli import run as hptc
from hptc.cli.check import rule_help
from hptc.compiler.outcome import Failed
from hptc.compiler.pipeline import compile_file, compile_text
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import UsageError
from hptc.render.diagnostics import Format, render
from hptc.render.sarif import render_sarif
from hptc.rules import RULES
from hptc.rules.engine import selected
from hptc.rules.rule import Rule
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT

SPEC = """\
name: churn
strategy: Random
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}
training_job:
  role_arn: arn:aws:iam::111122223333:role/tuning
  objective: {metric_name: loss, type: Minimize}
  hyperparameters:
    rate: {type: Continuous, min: 0.1, max: 0.5}
  algorithm:
    training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
    metric_definitions: {loss: "loss=([0-9.eE+-]+)"}
  output: {s3_output_path: "s3://models/churn/"}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""
PROJECT = """\
project: churn
policy:
  execution_roles: ["*"]
  max_number_of_training_jobs: 10
  required_tags: {team: "[a-z]+"}
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    infrastructure: {kms_key: absent}
    policy: {max_number_of_training_jobs: 15}
  prod:
    account: "111122223333"
    region: us-east-1
    infrastructure: {kms_key: absent}
"""


def check(
    folder: Path, environment: str = "dev", *, project: str = PROJECT, spec: str = SPEC
) -> tuple[Diagnostic, ...]:
    (folder / "hptc.yaml").write_text(project, encoding="utf-8")
    (folder / "churn.yaml").write_text(spec, encoding="utf-8")
    return compile_file("churn.yaml", Workspace(environment=environment)).diagnostics


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("environment", "allowed", "line"), [("dev", 15, 11), ("prod", 10, 4)])
def test_line_of_the_policy_is_shown(
    folder: Path, environment: str, allowed: int, line: int
) -> None:
    diagnostics = {diagnostic.code: diagnostic for diagnostic in check(folder, environment)}
    number, tag = diagnostics["HPT803"], diagnostics["HPT808"]
    assert f"the policy allows {allowed}" in number.message
    assert [(place.span.file, place.span.line) for place in number.related] == [("hptc.yaml", line)]
    assert [(place.span.line, place.span.column) for place in tag.related] == [(5, 25)]


def test_rendered(folder: Path, golden: Golden) -> None:
    golden("policy/breaches.txt", render(check(folder), Format.TEXT))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{budget_usd: 0}", "`policy.budget_usd`"),
        ("{max_number_of_training_jobs: 0}", "`policy.max_number_of_training_jobs`"),
        (
            "{required_tags: {team: '('}}",
            "`policy.required_tags.team`: not a valid regular expression (unclosed group)",
        ),
        (
            "{required_tags: {team: '(a)\\1'}}",
            "not a valid regular expression (backreferences are not supported)",
        ),
        ("{instance_types: ['ml.m5.?']}", "`policy.instance_types[0]`"),
    ],
)
def test_no_policy(folder: Path, policy: str, message: str) -> None:
    project = f"project: churn\npolicy: {policy}\n"
    (diagnostic,) = [
        diagnostic
        for diagnostic in check(folder, project=project)
        if diagnostic.span.file == "hptc.yaml"
    ]
    assert message in diagnostic.message


BUDGET = PROJECT.replace("policy: {max_number_of_training_jobs: 15}", "policy: {budget_usd: 100}")


def test_budget_uses_the_prices_of_the_project(folder: Path) -> None:
    prices = {
        "volume": {"usd_per_gb_month": "0.1", "date": "2026-10-01"},
        "instances": {"ml.m5.xlarge": {"usd_per_hour": "9", "date": "2026-10-01"}},
    }
    text = json.dumps({"version": 1, "regions": {"us-east-1": prices}})
    (folder / "prices.json").write_text(text, encoding="utf-8")
    diagnostics = {diagnostic.code: diagnostic for diagnostic in check(folder, project=BUDGET)}
    # 20 x 1 h x $9 + 20 h x 30 GB x $0.1 / 672 h = $180 + $0.0893
    assert (
        diagnostics["HPT801"].message
        == "the tuning job may cost $180.09, but the budget is $100.00"
    )


def test_a_monthly_budget_uses_the_prices_of_the_project(folder: Path) -> None:
    """Without a budget for one tuning job, too."""
    prices = {
        "volume": {"usd_per_gb_month": "0.1", "date": "2026-10-01"},
        "instances": {"ml.m5.xlarge": {"usd_per_hour": "9", "date": "2026-10-01"}},
    }
    text = json.dumps({"version": 1, "regions": {"us-east-1": prices}})
    (folder / "prices.json").write_text(text, encoding="utf-8")
    monthly = BUDGET.replace("budget_usd: 100", "budget_usd_per_month: 100")
    spec = f"{SPEC}schedule: cron(0 6 1 * ? *)\n"
    diagnostics = {
        diagnostic.code: diagnostic for diagnostic in check(folder, spec=spec, project=monthly)
    }
    assert "which may cost $180.09, but the budget is $100.00" in diagnostics["HPT816"].message


def test_unreadable_prices_stop_the_check(folder: Path) -> None:
    (folder / "prices.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"prices\.json: is not JSON"):
        check(folder, project=BUDGET)


def test_prices_are_not_read_without_a_budget(folder: Path) -> None:
    (folder / "prices.json").write_text("{", encoding="utf-8")
    assert check(folder)


# Every rule of the policy, in both forms of a file.

BASE = (ROOT / "tests" / "rules" / "hptc.yaml").read_text("utf-8")
PLACE = "    infrastructure: {kms_key: absent}\n"
SPECS_ONLY = ("HPT816", "HPT817", "HPT818", "HPT820")
POLICY_RULES = [rule for rule in RULES if rule.code.startswith("HPT8")]


def example(rule: Rule, level: str) -> tuple[str, str]:
    """A rule's own bad example: hptc.yaml with the policy at a level, and the spec."""
    first, _, spec = rule.documentation.bad.text.partition("\n")
    policy = first.removeprefix("# ")
    project = f"{BASE}{policy}\n"
    if level == "environment":
        project = BASE.replace(PLACE, f"{PLACE}    {policy}\n")
    return project, f"name: s\n{spec}"


@pytest.mark.parametrize("form", ["spec", "request"])
@pytest.mark.parametrize("level", ["project", "environment"])
@pytest.mark.parametrize("rule", POLICY_RULES, ids=lambda rule: rule.code)
def test_each_finding_shows_the_line_of_its_key(
    folder: Path, rule: Rule, level: str, form: str
) -> None:
    if form == "request" and rule.code in SPECS_ONLY:
        pytest.skip("a request has no schedule, and an environment's stacks don't know it")
    project, spec = example(rule, level)
    (folder / "hptc.yaml").write_text(project, "utf-8")
    (folder / "file.yaml").write_text(spec, "utf-8")
    if form == "request":
        request = succeeded(compile_file("file.yaml", Workspace(rules=()))).request
        (folder / "file.yaml").write_text(json.dumps(request, indent=2), "utf-8")
    diagnostics = compile_file("file.yaml", Workspace()).diagnostics
    assert {finding.code for finding in diagnostics} == {rule.code}
    assert form == "spec" or {finding.span.file for finding in diagnostics} == {"file.yaml"}
    if rule.code == "HPT820":  # about a key that is not set
        return
    line = next(n for n, text in enumerate(project.splitlines(), 1) if "policy: {" in text)
    for finding in diagnostics:
        assert [(place.span.file, place.span.line) for place in finding.related] == [
            ("hptc.yaml", line)
        ]
        assert f"::: hptc.yaml:{line}:" in render([finding], Format.TEXT)
    for result in json.loads(render_sarif(diagnostics, rule_help(diagnostics)))["runs"][0][
        "results"
    ]:
        (place,) = result["relatedLocations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "hptc.yaml"
        assert place["physicalLocation"]["region"]["startLine"] == line


# A request in the API's own form.

SEVERAL = """\
project: churn
policy:
  max_number_of_training_jobs: 10
  max_parallel_training_jobs: 1
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    policy: {max_number_of_training_jobs: 15}
  prod: {account: "111122223333", region: us-east-1}
"""


@pytest.fixture
def request_file(folder: Path) -> Path:
    """The spec's own request, alone in a project of several environments."""
    created = succeeded(compile_text(SPEC, "churn.yaml", Workspace(rules=()))).request
    (folder / "request.json").write_text(json.dumps(created, indent=2), encoding="utf-8")
    (folder / "hptc.yaml").write_text(SEVERAL, encoding="utf-8")
    return folder / "request.json"


def codes(environment: str | None = None, **chosen: Any) -> list[str]:
    outcome = compile_file("request.json", Workspace(environment=environment, **chosen))
    return sorted(diagnostic.code for diagnostic in outcome.diagnostics)


@pytest.mark.usefixtures("request_file")
class TestRequestFiles:
    @pytest.mark.parametrize(("environment", "allowed"), [("dev", 15), ("prod", 10)])
    def test_policy_of_its_environment_applies(self, environment: str, allowed: int) -> None:
        compiled = compile_file("request.json", Workspace(environment=environment))
        assert compiled.environment is not None
        assert compiled.environment.name == environment
        diagnostics = {diagnostic.code: diagnostic for diagnostic in compiled.diagnostics}
        assert sorted(diagnostics) == ["HPT803", "HPT804"]
        assert f"the policy allows {allowed}" in diagnostics["HPT803"].message
        assert diagnostics["HPT803"].span.source.strip() == '"MaxNumberOfTrainingJobs": 20,'

    def test_default_environment_applies(self, folder: Path) -> None:
        (folder / "hptc.yaml").write_text(f"default_environment: dev\n{SEVERAL}")
        assert codes() == ["HPT803", "HPT804"]

    def test_without_an_environment_the_shared_policy_applies(self) -> None:
        compiled = compile_file("request.json", Workspace())
        assert compiled.environment is None
        unclear, parallel = compiled.diagnostics
        assert (unclear.code, parallel.code) == ("HPT800", "HPT804")
        assert not unclear.is_error
        assert "use --env dev or --env prod" in unclear.help
        assert [(related.span.file, related.span.line) for related in parallel.related] == [
            ("hptc.yaml", 4)
        ]

    @pytest.mark.parametrize(
        "policy", ["policy: {max_number_of_training_jobs: 30}\n", ""], ids=["shared", "none"]
    )
    def test_without_an_environment_there_is_no_warning_if_policies_are_equal(
        self, folder: Path, policy: str
    ) -> None:
        place = "{account: '111122223333', region: us-east-1}"
        (folder / "hptc.yaml").write_text(
            f"project: churn\n{policy}environments: {{dev: {place}, prod: {place}}}\n"
        )
        assert codes() == []

    def test_no_warning_if_policy_rules_are_ignored(self) -> None:
        assert codes(rules=selected(None, "HPT8")) == []

    def test_unknown_environment_is_an_error(self) -> None:
        with pytest.raises(UsageError, match="no environment `test`"):
            codes("test")

    def test_invalid_project_is_an_error(self, folder: Path) -> None:
        (folder / "hptc.yaml").write_text("project: [\n")
        compiled = compile_file("request.json", Workspace())
        assert isinstance(compiled, Failed)
        assert [diagnostic.span.file for diagnostic in compiled.diagnostics] == ["hptc.yaml"]

    def test_without_an_environment_it_is_not_submitted(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "hptc.yaml").write_text(
            SEVERAL.replace("parallel_training_jobs: 1", "parallel_training_jobs: 2")
        )
        assert hptc(["check", "request.json"]) == 0
        assert hptc(["submit", "request.json"]) == 2
        assert "several environments and none was selected: dev, prod" in capsys.readouterr().err

    def test_budget_of_a_request_uses_the_prices_of_the_project(self, folder: Path) -> None:
        (folder / "hptc.yaml").write_text(BUDGET)
        prices = {
            "volume": {"usd_per_gb_month": "0.1", "date": "2026-10-01"},
            "instances": {"ml.m5.xlarge": {"usd_per_hour": "9", "date": "2026-10-01"}},
        }
        text = json.dumps({"version": 1, "regions": {"us-east-1": prices}})
        (folder / "prices.json").write_text(text, encoding="utf-8")
        assert "HPT801" in codes("dev")


@pytest.mark.parametrize("file", ["churn.yaml", "request.json"])
def test_project_without_environments_has_a_policy(request_file: Path, file: str) -> None:
    del request_file
    Path("churn.yaml").write_text(SPEC, encoding="utf-8")
    Path("hptc.yaml").write_text("project: churn\npolicy: {max_parallel_training_jobs: 1}\n")
    (diagnostic,) = compile_file(file, Workspace()).diagnostics
    assert (diagnostic.code, [related.span.line for related in diagnostic.related]) == (
        "HPT804",
        [2],
    )


# The environment's own key and network, as the launcher policy has them.

OWN = """\
project: churn
policy: {require_kms_keys: true, require_vpc: true, execution_roles: ["*"]}
environments:
  dev:
    account: "111122223333"
    region: us-east-1
    infrastructure: INFRASTRUCTURE
"""
MADE = "{kms_key: managed, network: managed}"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
BROUGHT = (
    f"{{kms_key: arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}, "
    "network: {subnet_ids: [subnet-a], security_group_ids: [sg-a]}}"
)
NONE = "{kms_key: absent, network: absent}"


def spec_with(key: str | None, subnet: str | None) -> str:
    text = (
        SPEC.replace("{s3_output_path", f"{{kms_key_id: '{key}', s3_output_path") if key else SPEC
    )
    text = text.replace("30}", f"30, volume_kms_key_id: '{key}'}}") if key else text
    vpc = f"  vpc: {{subnets: [{subnet}], security_group_ids: [sg-a]}}\n"
    return text + (vpc if subnet else "")


@pytest.mark.parametrize(
    ("infrastructure", "key", "subnet", "expected"),
    [
        pytest.param(MADE, None, None, [], id="made, filled in"),
        pytest.param(MADE, "{{ kms_key_arn }}", None, [], id="made, named"),
        pytest.param(MADE, "alias/mine", None, ["HPT811"] * 2, id="made, another key"),
        pytest.param(MADE, None, "subnet-a", ["HPT812"] * 2, id="made, another network"),
        pytest.param(BROUGHT, None, None, [], id="brought, filled in"),
        pytest.param(BROUGHT, KEY_ID, "subnet-a", [], id="brought, named"),
        pytest.param(BROUGHT, "other", "subnet-b", [*["HPT811"] * 2, "HPT812"], id="others"),
        pytest.param(NONE, None, None, [*["HPT811"] * 2, "HPT812"], id="none, by default"),
        pytest.param(NONE, "mine", "subnet-b", [], id="none, any of the account"),
        pytest.param(
            NONE, "arn:aws:kms:us-east-1:444455556666:key/x", "subnet-b", ["HPT811"] * 2,
            id="none, another account's",
        ),
    ],
)  # fmt: skip
def test_key_and_network_must_be_the_environments(
    folder: Path, infrastructure: str, key: str | None, subnet: str | None, expected: list[str]
) -> None:
    (folder / "hptc.yaml").write_text(OWN.replace("INFRASTRUCTURE", infrastructure))
    (folder / "churn.yaml").write_text(spec_with(key, subnet))
    workspace = Workspace(rules=selected("HPT8", None))
    diagnostics = compile_file("churn.yaml", workspace).diagnostics
    assert sorted(finding.code for finding in diagnostics) == expected
    assert {finding.related[0].span.line for finding in diagnostics} <= {2}


def test_another_key_and_another_network_rendered(folder: Path, golden: Golden) -> None:
    (folder / "hptc.yaml").write_text(OWN.replace("INFRASTRUCTURE", BROUGHT))
    (folder / "churn.yaml").write_text(spec_with("alias/other", "subnet-b"))
    workspace = Workspace(rules=selected("HPT8", None))
    diagnostics = compile_file("churn.yaml", workspace).diagnostics
    golden("policy/not-the-environments.txt", render(diagnostics, Format.TEXT))

"""What every command says about credentials that AWS refuses, or that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hptc.cli import run as hptc
from tests.support.refusing_endpoint import Answer, refusing
from tests.support.specs import PROJECT, SPEC, WITHOUT_PARENT

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
COMMANDS = [
    pytest.param(["check", "--online"], id="check"),
    pytest.param(["plan"], id="plan"),
    pytest.param(["submit", "churn", "--yes"], id="submit"),
    pytest.param(["status", "churn"], id="status"),
    pytest.param(["watch", "churn"], id="watch"),
    pytest.param(["list"], id="list"),
    pytest.param(["cost", "--online"], id="cost"),
]
EXPIRED = "The security token included in the request is expired"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    monkeypatch.chdir(tmp_path)
    for name in (*KEYS, "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def refused(code: str, message: str) -> Answer:
    """An answer of STS, which every command that reads a project asks first."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    body = f'<ErrorResponse xmlns="{namespace}">{error}</ErrorResponse>'
    return Answer(status=403, body=body, kind="text/xml")


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in KEYS:
        monkeypatch.setenv(name, "ASIAEXAMPLE")
    with refusing([refused("ExpiredToken", EXPIRED)]) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        yield


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("expired")
def test_expired_credentials(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(command) == 3
    *_, error, help = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert error.endswith(EXPIRED)
    assert help.startswith("help: the credentials have expired: replace those in AWS_ACCESS_KEY_ID")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_credentials(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert hptc(command) == 3
    *_, error, help = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert error.endswith("no AWS credentials found")
    assert help.startswith("help: run `aws sso login`, or set AWS_PROFILE")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_session_that_has_expired(
    command: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile = (
        "[profile corp]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ml\n"
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n"
        "sso_region = us-east-1\n"
    )
    (folder / "config").write_text(profile, "utf-8")
    monkeypatch.setenv("AWS_PROFILE", "corp")
    monkeypatch.setenv("HOME", str(folder))
    assert hptc(command) == 3
    *_, error, help = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert error.endswith("the AWS SSO session has expired")
    assert help == "help: run `aws sso login`"


@pytest.mark.parametrize(
    "command", [["list"], ["status", "a-job"], ["check", "--online", "s.yaml"]]
)
def test_no_region(command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "hptc.yaml").unlink()
    (folder / "s.yaml").write_text(WITHOUT_PARENT, "utf-8")
    assert hptc(command) == 3
    *_, error, help = capsys.readouterr().err.splitlines()
    assert error.endswith("no AWS Region is configured")
    assert "set AWS_DEFAULT_REGION" in help


@pytest.mark.usefixtures("expired")
def test_findings_come_before_an_account_that_can_not_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "specs" / "bad.yaml").write_text("name: bad\n", "utf-8")
    assert hptc(["check", "--online"]) == 1
    output = capsys.readouterr()
    assert "error[HPT103]" in output.out
    assert output.err.splitlines()[-1] == f"not checked online: {EXPIRED}"

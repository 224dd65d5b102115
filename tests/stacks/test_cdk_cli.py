"""Parsing the output of the CDK CLI, version 2.1148.1, and running it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hptc.errors import UsageError
from hptc.service.interface import StackEvent
from hptc.stacks.cdk_cli import run_cdk
from hptc.stacks.cdk_output import CdkOutput
from hptc.stacks.results import StackActivity, StackFinished, StackProgress


@dataclass
class Printed:
    """Everything that was reported or printed, in order."""

    all: list[StackProgress | str] = field(default_factory=list)

    def output(self) -> CdkOutput:
        return CdkOutput(self.all.append, self.all.append)

    def after(self, text: str) -> CdkOutput:
        output = self.output()
        for line in text.split("\n"):
            output.feed_line(line)
        return output


ACTIVITY = {
    "of the stack": (
        ("a-dev |  0/23 | 4:03:25 PM | CREATE_IN_PROGRESS      | AWS::CloudFormation::Stack  | "
        "a-dev User Initiated"),
        ("a-dev", "AWS::CloudFormation::Stack", "CREATE_IN_PROGRESS", "User Initiated", 0, 23),
    ),
    "with a path": (
        ("a-dev | 16/23 | 4:03:25 PM | CREATE_COMPLETE         | AWS::EC2::SecurityGroupIngress  | "
        "Members/from aMembers:ALL PORTS (MembersfromaMembersALLPORTS8AEFD82E) "),
        ("MembersfromaMembersALLPORTS8AEFD82E", "AWS::EC2::SecurityGroupIngress",
         "CREATE_COMPLETE", "", 16, 23),
    ),
    "with a reason": (
        ("a-dev | 21/23 | 16:03:25 | CREATE_FAILED | AWS::IAM::ManagedPolicy | Launcher "
        "(LauncherDC0405AA) It (a policy) exists (Service: Iam, Status Code: 409)"),
        ("LauncherDC0405AA", "AWS::IAM::ManagedPolicy", "CREATE_FAILED",
         "It (a policy) exists (Service: Iam, Status Code: 409)", 21, 23),
    ),
    "without a path": (
        "a-dev | 1/3 | 4:03:25 PM | UPDATE_FAILED | AWS::IAM::Role | Role no",
        ("Role", "AWS::IAM::Role", "UPDATE_FAILED", "no", 1, 3),
    ),
    "without a total": (
        "a-dev |   2 | 4:03:25 PM | DELETE_FAILED (skipped) | AWS::IAM::Role | Role no",
        ("Role", "AWS::IAM::Role", "DELETE_FAILED", "no", 2, None),
    ),
    "in colour": (
        ("a-dev | 1/3 | 4:03:25 PM | \x1b[32mCREATE_COMPLETE        \x1b[39m | AWS::IAM::Role | "
        "\x1b[32m\x1b[1mRole\x1b[22m\x1b[39m \r"),
        ("Role", "AWS::IAM::Role", "CREATE_COMPLETE", "", 1, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), ACTIVITY.values(), ids=[*ACTIVITY])
def test_an_activity(line: str, expected: tuple[str, str, str, str, int, int | None]) -> None:
    printed = Printed()
    output = printed.after(line)
    logical_id, kind, status, reason, done, total = expected
    event = StackEvent(
        stack="a-dev", logical_id=logical_id, type=kind, status=status, reason=reason
    )
    assert printed.all == [StackActivity(event=event, done=done, total=total)]
    assert output.active == {"a-dev"}


SUCCESS = """\

✨  Synthesis time: 0.03s

a-dev: start: Building a-dev Template
a-dev: success: Built a-dev Template
a-dev: start: Publishing a-dev Template (123456789012-us-east-1-e8396feb)
a-dev: success: Published a-dev Template (123456789012-us-east-1-e8396feb)
a-dev
a-dev: creating CloudFormation changeset...
a-dev: deploying... [1/2]

✅  a-dev

✨  Deployment time: 0.91s

Outputs:
a-dev.DataBucket = a-dev-databucket
Stack ARN:
arn:aws:cloudformation:us-east-1:123456789012:stack/a-dev/bb88be57
a-dev-x
a-dev-x: deploying... [2/2]

✅  a-dev-x (no changes)

✨  Total time: 5.3s
"""


def test_changed_stacks_after_a_success() -> None:
    printed = Printed()
    output = printed.after(SUCCESS)
    assert printed.all == [
        StackFinished(stack="a-dev", is_changed=True, number=1, count=2),
        StackFinished(stack="a-dev-x", is_changed=False, number=2, count=2),
    ]
    assert output.changed == {"a-dev": True, "a-dev-x": False}
    assert output.failure_message() == ""


NOT_BOOTSTRAPPED = "SSM parameter /cdk-bootstrap/x/version not found in aws://1/us-east-1."
STUCK = 'Stack is in a paused fail state (UPDATE_ROLLBACK_FAILED) and so on "--no-rollback"'

FAILURES = {
    "the first cause": (
        (f"a-dev: {NOT_BOOTSTRAPPED}\nParameter x not found.\n"
        f"‣ SsmParameterNotFound: {NOT_BOOTSTRAPPED}\n‣ ParameterNotFound: Parameter x not found."),
        "", NOT_BOOTSTRAPPED, [],
    ),
    "of a stack": (f"❌  a-dev failed to deploy\n‣ TtyNotAttached: {STUCK}", "a-dev", STUCK, []),
    "on several lines": (
        ("\nFailed resources:\n"
        "a-dev | 4:06:39 PM | CREATE_FAILED | AWS::IAM::ManagedPolicy | Launcher (LauncherDC) no\n"
        "❌  a-dev failed to deploy\n‣ DeploymentError: Resource updates failed:\n"
        "a-dev/LauncherDC  (AWS::IAM::ManagedPolicy LauncherDC)\n  It exists."),
        "a-dev",
        ("Resource updates failed: a-dev/LauncherDC (AWS::IAM::ManagedPolicy LauncherDC) "
        "It exists."), [],
    ),
    "a line": ("a warning\n\nno credentials have been configured", "",
               "no credentials have been configured", ["a warning"]),
    "a warning before it": ("a warning\n❌  a-dev failed to deploy\n‣ E: no", "a-dev", "no",
                            ["a warning"]),
    "nothing": ("", "", "", []),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "stack", "message", "printed_lines"), FAILURES.values(), ids=[*FAILURES]
)
def test_failure_messages(text: str, stack: str, message: str, printed_lines: list[str]) -> None:
    printed = Printed()
    output = printed.after(text)
    assert (output.failure_message(), output.failed, printed.all) == (message, stack, printed_lines)


def test_kept_lines_are_printed_on_progress() -> None:
    printed = Printed()
    output = printed.output()
    output.feed_line("current credentials could not be used")
    assert printed.all == []
    output.feed_line("a-dev: deploying... [1/2]")
    assert printed.all == ["current credentials could not be used"]
    output.feed_line("10/23 Currently in progress: Key, Vpc")
    assert printed.all[1:] == ["still in progress: Key, Vpc"]


def script(text: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text)]


def test_both_streams_are_read_in_order(tmp_path: Path) -> None:
    printed = Printed()
    output = printed.output()
    code = run_cdk(
        script(
            """
            import os, sys
            for i in range(3):
                os.write(2, f"error {i}\\n".encode())
                os.write(1, f"✅  a-{i}\\n".encode())
            os.write(2, "half a line".encode())
            assert os.getcwd() and not sys.stdin.isatty() and sys.stdin.read() == ""
            sys.exit(7)
            """
        ),
        tmp_path,
        output,
        ask=None,
    )
    assert code == 7
    order = [event.stack if isinstance(event, StackFinished) else event for event in printed.all]
    assert order == ["error 0", "a-0", "error 1", "a-1", "error 2", "a-2"]
    assert output.failure_message() == "half a line"


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot run"):
        run_cdk([str(tmp_path / "cdk")], tmp_path, Printed().output(), ask=None)


ASKING = """
    import sys
    assert sys.stdout.isatty() and sys.stderr.isatty()
    print("a table", file=sys.stderr)
    print("Do you wish to deploy these changes? (y/n) ", end="", flush=True)
    print("{typed}")
    print("an-ending of words", file=sys.stderr)
    sys.exit({code})
"""


def test_a_question_follows_the_lines_before_it(tmp_path: Path) -> None:
    printed = Printed()
    output = printed.output()
    code = run_cdk(
        script(ASKING.format(typed="y", code=0)), tmp_path, output, ask=printed.all.append
    )
    assert code == 0
    before, *requested = printed.all
    assert before == "a table"
    assert "".join(map(str, requested)) == "Do you wish to deploy these changes? (y/n) y\n"
    assert output.failure_message() == "an-ending of words"


def test_ctrl_c_at_a_question(tmp_path: Path) -> None:
    asking = script(ASKING.format(typed="canceled", code=1))
    with pytest.raises(KeyboardInterrupt):
        run_cdk(asking, tmp_path, Printed().output(), ask=lambda _: None)


def test_an_answer_that_arrives_in_pieces(tmp_path: Path) -> None:
    asking = """
        import sys, time
        for piece in ("Do you wish ", "to deploy? (y/n) ", "can", "celed", "\\n", "the end\\n"):
            print(piece, end="", flush=True)
            time.sleep(0.05)
        sys.exit(1)
    """
    with pytest.raises(KeyboardInterrupt):
        run_cdk(script(asking), tmp_path, Printed().output(), ask=lambda _: None)


def test_an_interrupted_run(tmp_path: Path) -> None:
    command = script("import os, signal; os.kill(os.getpid(), signal.SIGKILL - 7)")
    assert signal.SIGKILL - 7 == signal.SIGINT
    with pytest.raises(KeyboardInterrupt):
        run_cdk(command, tmp_path, Printed().output(), ask=None)


def test_a_signal_is_passed_on(tmp_path: Path) -> None:
    """As with `kill -INT` of this process only."""
    inner = """
        import signal, sys, time
        def stop(*_):
            time.sleep(0.2)
            open("ended", "w").close()
            sys.exit(1)
        signal.signal(signal.SIGINT, stop)
        print("a-dev | 1/3 | 4 PM | CREATE_COMPLETE | AWS::IAM::Role | Role", flush=True)
        while True:
            time.sleep(1)
    """
    outer = f"""
        import sys
        from pathlib import Path
        from hptc.stacks.cdk_cli import run_cdk
        from hptc.stacks.cdk_output import CdkOutput
        say = lambda _: print("printed", flush=True)
        try:
            run_cdk({script(inner)!r}, Path.cwd(), CdkOutput(say, say), ask=None)
        except KeyboardInterrupt:
            print("interrupted", Path("ended").exists())
    """
    with subprocess.Popen(
        script(outer), cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "printed\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted True\n"

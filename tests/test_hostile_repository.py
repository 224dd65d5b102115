"""A repository that a stranger wrote: nothing it configures runs, and nothing else is read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hptc.cli import run as hptc
from hptc.files import write_whole
from hptc.jobs.provenance import Repositories
from hptc.source import git
from hptc.source.git_tree import Tree
from tests.support import limited
from tests.support.hostile import GOOD, many
from tests.support.repositories import Repository

LINK, FILE, FOLDER = "120000", "100644", "040000"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/x:1"
METRICS = f"{OWN}\n    metric_definitions: {{validation:auc: '(.+)'}}"
PROJECT = "project: p\nspecs: [specs]\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    created = Repository.create(tmp_path / "repository")
    created.commit("first", {"hptc.yaml": PROJECT, "specs/x.yaml": GOOD})
    monkeypatch.chdir(created.root)
    return created


def blob(repository: Repository, content: str) -> str:
    path = repository.write(".blob", content)
    hash_ = repository.git("hash-object", "-w", ".blob")
    path.unlink()
    return hash_


def commit_of(repository: Repository, entries: str) -> str:
    """A commit of a tree with these entries, in the format of `git ls-tree`."""
    return repository.git("commit-tree", "-m", "x", tree_of(repository, entries))


def tree_of(repository: Repository, entries: str) -> str:
    result = subprocess.run(
        ["git", "mktree", "--missing"], input=entries, capture_output=True, text=True, check=True,
        cwd=repository.root,
    )  # fmt: skip
    return result.stdout.strip()


def test_a_link_with_a_very_long_target(repository: Repository) -> None:
    target = blob(repository, "a/" * 50_000)
    tip = commit_of(repository, f"{LINK} blob {target}\thptc.yaml\n{LINK} blob {target}\ta\n")
    ran = limited.hptc("diff", "--against", tip, "--head", "HEAD", cwd=repository.root)
    assert "Traceback" not in ran.err
    assert ran.code in (0, 2)


def test_links_to_links(repository: Repository) -> None:
    targets = [blob(repository, f"l{number + 1}/" * 500) for number in range(60)]
    entries = "".join(f"{LINK} blob {hash_}\tl{n}\n" for n, hash_ in enumerate(targets))
    with Tree(repository.root, git.commit(repository.root, commit_of(repository, entries))) as tree:
        assert not tree.is_file(repository.root / ("l0/" * 1000))


def test_a_commit_with_billions_of_files(repository: Repository) -> None:
    hash_ = blob(repository, "x")
    tree = tree_of(repository, many(10, lambda n: f"{FILE} blob {hash_}\t{n}\n"))
    for _ in range(9):
        inner = tree
        tree = tree_of(repository, "".join(f"{FOLDER} tree {inner}\t{n}\n" for n in range(10)))
    bomb = repository.git("commit-tree", "-m", "x", tree)
    ran = limited.hptc("diff", "--against", bomb, "--head", "HEAD", cwd=repository.root)
    assert ran.code == 2
    assert "too many files" in ran.err


def test_nothing_that_a_repository_configures_runs(repository: Repository) -> None:
    ran = repository.root / "ran"
    run = f"touch {ran}; false"
    hook = repository.write("hook.sh", f"#!/bin/sh\n{run}\n")
    hook.chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(hook),
        "core.hooksPath": str(repository.root),
        "core.pager": run,
        "core.sshCommand": run,
        "diff.external": run,
        "filter.x.clean": run,
        "filter.x.smudge": run,
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c touch% {ran}",
        "protocol.ext.allow": "always",
    }.items():
        repository.git("config", key, value)
    repository.write(".gitattributes", "* filter=x\n")
    spec = repository.write("specs/x.yaml", GOOD + "description: changed\n")
    assert Repositories([spec]).provenance(spec).commit is not None
    assert hptc(["diff", "--against", "HEAD"]) == 0
    missing = "0123456789012345678901234567890123456789"
    lacking = commit_of(repository, f"{FILE} blob {missing}\thptc.yaml\n")
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", "extensions.partialClone", "origin")
    assert hptc(["diff", "--against", lacking]) == 2
    assert hptc(["diff", "--against", missing]) == 2
    assert not ran.exists()


REFS = [
    *("", "-x", "--output=x", "HEAD:specs", "@{-1}", "@{upstream}", ":/nope", "HEAD^{/x", "a\nb"),
    *("refs/../x", "HEAD~99999999999", "x" * 200_000, "\udcff", "a..b", "^HEAD", "HEAD^!"),
]


@pytest.mark.parametrize("ref", REFS, ids=[ascii(ref[:20]) for ref in REFS])
@pytest.mark.usefixtures("repository")
def test_odd_refs(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--against", "--head"):
        assert hptc(["diff", f"{option}={ref}"]) == 2
        err = capsys.readouterr().err
        assert "fatal" not in err
        assert "not found" in err
        assert len(err) < 1000


@pytest.fixture
def secrets(repository: Repository) -> Repository:
    """Files that lead to .git/config and to an untracked file."""

    def with_log(name: str, log: str) -> str:
        named = GOOD.replace("name: x", f"name: {name}").replace(IMAGE, METRICS)
        return named.replace("training_job:\n", f"training_job:\n  metric_sample_log: {log}\n")

    for name, target in {
        "specs/d.yaml": "../.git/config", "specs/e.yaml": "../.env", "log-link": ".env",
        "specs/f.yaml": "../other.yaml",
    }.items():  # fmt: skip
        (repository.root / name).symlink_to(target)
    repository.commit(
        "second",
        {
            "hptc.yaml": "project: p\nspecs: [specs, .env, .git/config]\n",
            "specs/a.yaml": with_log("a", ".git/config"),
            "specs/b.yaml": with_log("b", ".env"),
            "specs/c.yaml": with_log("c", "log-link"),
        },
    )
    with (repository.root / ".git" / "config").open("a") as config:
        config.write("[x]\n\ttoken = S3cr3tOfTheCheckout\n")
    repository.write(".env", "MY_THING=S3cr3tOfTheEnvironment\n")
    repository.write("other.yaml", "MY_THING: S3cr3tOfTheEnvironment\n")
    return repository


@pytest.mark.parametrize("form", ["text", "json", "github", "markdown", "sarif"])
def test_ci_reads_only_tracked_files(secrets: Repository, form: str) -> None:
    ran = limited.hptc("check", "--format", form, cwd=secrets.root, environment={"CI": "true"})
    assert ran.code == 1
    assert "S3cr3t" not in ran.out + ran.err
    assert "is not tracked by git" in ran.out
    assert "is inside .git" in ran.out


def test_ci_reads_nothing_if_git_cannot_say_what_it_tracks(secrets: Repository) -> None:
    """For example in a container whose user does not own the checkout."""
    environment = {"CI": "true", "PATH": "/nonexistent"}
    ran = limited.hptc("check", "other.yaml", cwd=secrets.root, environment=environment)
    assert ran.code == 2
    assert "S3cr3t" not in ran.out + ran.err
    assert "git does not list the files that it tracks" in ran.err


def test_git_is_never_read(secrets: Repository) -> None:
    ran = limited.hptc("check", cwd=secrets.root)
    assert "OfTheCheckout" not in ran.out + ran.err
    ran = limited.hptc("check", ".git/config", cwd=secrets.root)
    assert (ran.code, ran.out) == (2, "")


def test_a_finding_about_a_log_does_not_quote_what_may_be_a_secret(repository: Repository) -> None:
    named = GOOD.replace(IMAGE, METRICS).replace(": '(.+)'", ": 'auc=([0-9.]+)', other: '(.+)'")
    spec = named.replace("training_job:\n", "training_job:\n  metric_sample_log: x.log\n")
    repository.commit("log", {"specs/x.yaml": spec, "x.log": "x9Kq2m-Zp7 plain\nauc=1\n"})
    ran = limited.hptc("check", cwd=repository.root)
    assert "captures 16 characters (letters, digits, spaces and other characters)" in ran.out
    assert "x9Kq2m" not in ran.out


@pytest.mark.parametrize("is_repository", [False, True])
@pytest.mark.parametrize("is_absolute", [False, True])
def test_no_file_is_written_through_a_link_out(
    repository: Repository, tmp_path: Path, *, is_absolute: bool, is_repository: bool
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if is_repository:
        (outside / ".git").mkdir()
    before = list(outside.iterdir())
    (repository.root / "out").symlink_to(outside)
    (repository.root / "inside").symlink_to("specs")
    (repository.root / "x.json").symlink_to(outside / "x.json")
    start = repository.root if is_absolute else Path()
    for arguments in (
        ["compile", "specs/x.yaml", "-o", f"{start / 'out'}"],
        ["compile", "specs/x.yaml", "-o", f"{start / 'out' / 'deeper'}"],
        ["preview", "specs/x.yaml", "--plot", f"{start / 'out' / 'x.svg'}"],
        ["init", f"{start / 'out'}"],
    ):
        assert hptc(arguments) == 2
    assert list(outside.iterdir()) == before
    assert hptc(["compile", "specs/x.yaml", "-o", f"{start / 'inside'}"]) == 0
    write_whole(start / "x.json", "replaced")
    assert list(outside.iterdir()) == before
    assert not (repository.root / "x.json").is_symlink()


def test_a_link_of_the_user_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link" / "x", "1")
    assert (tmp_path / "real" / "x").read_text() == "1"


@pytest.mark.parametrize("folder", ["", "project"])
def test_init_into_links_and_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "project").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "project" / "specs").symlink_to(tmp_path / "outside")
    assert hptc(["init", folder]) == 2
    assert list((tmp_path / "outside").iterdir()) == []
    assert [path.name for path in (tmp_path / "project").iterdir()] == ["specs"]

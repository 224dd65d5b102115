"""No output shows a secret of a spec: each renderer, with secrets planted everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.cli import run
from hptc.errors import EXIT_FINDINGS, EXIT_OK
from hptc.secrets.detector import hide_secrets, secret_in
from tests.support.repositories import Repository
from tests.support.secret_samples import HARMLESS, SECRETS, filled
from tests.support.trees import PROJECT, SPEC

PLANTED = {
    "AWS_ACCESS_KEY_ID": filled("AKIA{key:16}"),
    "AWS_SECRET_ACCESS_KEY": filled("{base64:40}", 4),
    "HF_TOKEN": filled("hf_{alnum:34}"),
    "DB_PASSWORD": filled("Xq9-{alnum:10}"),
    "GITHUB": filled("ghp_{alnum:36}"),
    "OP": filled("ops_eyJ{base64:120}"),
}
"""Several on one line: masking one must not show the others. One is longer than messages quote."""
OLD = dict.fromkeys(PLANTED, "none")


def spec_with(values: dict[str, str], extra: str = "") -> str:
    listed = ", ".join(f'{name}: "{value}"' for name, value in values.items())
    choices = ", ".join(f'"{value}"' for value in values.values())
    return (
        SPEC.replace("environment: {LOG_LEVEL: info}", f"environment: {{{listed}}}")
        .replace("    booster:", f"    api_key: {{type: Categorical, values: [{choices}]}}\n"
                 "    booster:")
        .replace("tags: {team: growth}", f"tags: {{team: growth, {listed}}}")
        + extra
    )  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    result = Repository.create(tmp_path / "repository")
    project = PROJECT.replace("infrastructure:", "variables: {db_password: none}\n"
                              "    infrastructure:")  # fmt: skip
    result.commit("first", {"hptc.yaml": project, "specs/trees.yaml": spec_with(OLD)})
    result.git("switch", "--quiet", "-c", "topic")
    result.write("specs/trees.yaml", spec_with(PLANTED))
    monkeypatch.chdir(result.root)
    return result


COMMANDS = (
    *(("check", "--format", form)
      for form in ("text", "concise", "json", "github", "markdown", "sarif")),
    *(("diff", "--format", form) for form in ("text", "json", "github", "markdown")),
    ("preview",),
    ("preview", "--format", "json"),
    ("cost",),
    ("cost", "--format", "json"),
    ("permissions",),
    ("preview", "--plot", "space.svg"),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("is_broken", [False, True], ids=["valid", "with errors"])
def test_no_renderer_shows_a_secret(
    repository: Repository,
    command: tuple[str, ...],
    is_broken: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if is_broken:  # an error on the same line as the secrets, and secrets as invalid values
        text = spec_with(PLANTED, extra=f"api_token: {PLANTED['HF_TOKEN']}\n")
        text = text.replace("environment: {", "environment: {UNKNOWN: [], ")
        text = text.replace("instance_type: ml.m5.xlarge", f"instance_type: {PLANTED['OP']}")
        text = text.replace("name: trees", f"name: trees # hptc: ignore[{PLANTED['GITHUB']}] x")
        repository.write("specs/trees.yaml", text)
    assert run([*command, "--env", "dev"]) in (EXIT_OK, EXIT_FINDINGS)
    output = capsys.readouterr()
    shown = output.out + output.err
    drawn = repository.root / "space.svg"
    shown += drawn.read_text(encoding="utf-8") if drawn.exists() else ""
    assert shown
    for name, secret in PLANTED.items():
        assert secret not in shown, name
        assert secret[4:] not in shown, f"part of {name}"


def test_the_table_of_samples() -> None:
    """At least 95 % of the secrets are found, and at most 5 % of the harmless values reported."""
    seeds = range(5)
    missed = [n for n, t in SECRETS for seed in seeds if secret_in(n, filled(t, seed)) is None]
    alarms = [n for n, t in HARMLESS for seed in seeds if secret_in(n, filled(t, seed)) is not None]
    assert len(missed) <= 0.05 * len(SECRETS) * len(seeds), missed
    assert len(alarms) <= 0.05 * len(HARMLESS) * len(seeds), alarms


@pytest.mark.parametrize(
    "line",
    ["args: --wandb-token={}", "env: WANDB_TOKEN={}", "url: foo?x=1&token={}", "a: b: token: {}"],
)
def test_a_pair_inside_of_a_value_is_masked(line: str) -> None:
    token = filled("{alnum:24}")
    assert token not in hide_secrets(line.format(token))


LAYOUTS: tuple[Callable[[str, str], str], ...] = (
    lambda name, value: f'{name}: "{value}"',
    lambda name, value: f'  environment: {{A: x, {name}: "{value}", B: y}}',
    lambda name, value: f'{{"{name}": "{value}"}}',
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_line_with_a_secret_is_shown_without_it(layout: Callable[[str, str], str]) -> None:
    for name, template in SECRETS:
        value = filled(template)
        if '"' in value or "\n" in value:
            continue
        hidden = hide_secrets(layout(name, value))
        assert value not in hidden, name
        assert len(hidden) == len(layout(name, value))  # columns keep their meaning


@pytest.mark.parametrize(("name", "template"), HARMLESS)
def test_a_line_without_a_secret_is_shown_as_it_is(name: str, template: str) -> None:
    line = f'{name}: "{filled(template)}"'
    assert hide_secrets(line) == line

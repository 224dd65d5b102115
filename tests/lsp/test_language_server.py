"""A real client and a real server over stdio: findings while typing, and what hovering shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from tests.support.editor import Editor, open_editor
from tests.support.specs import PROJECT, SPEC

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("editor")
    (root / "specs").mkdir()
    (root / "hptc.yaml").write_text(PROJECT, "utf-8")
    (root / "specs" / "churn.yaml").write_text(SPEC, "utf-8")
    return root


@pytest.fixture(scope="module")
def editor(folder: Path) -> Iterator[Editor]:
    with open_editor(folder) as editor:
        yield editor
    assert editor.exit_code == 0


@pytest.fixture
def spec(editor: Editor, folder: Path) -> Iterator[Path]:
    path = folder / "specs" / "churn.yaml"
    assert editor.open(path) == []
    yield path
    editor.close(path)


def test_shows_the_findings_of_unsaved_text_and_removes_them(editor: Editor, spec: Path) -> None:
    diagnostics = editor.change(spec, SPEC.replace("max_depth:", "max_dept:"))
    assert [(finding.code, finding.source) for finding in diagnostics] == [("HPT305", "hptc")]
    assert editor.change(spec, SPEC) == []


def hover_at(editor: Editor, path: Path, text: str, word: str) -> str:
    """What hovering over the first occurrence of a word shows; the text must be ASCII."""
    before = text[: text.index(word)]
    position = types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    sent = types.HoverParams(types.TextDocumentIdentifier(path.as_uri()), position)
    hover = editor.wait(editor.client.text_document_hover_async(sent))
    if hover is None:
        return ""
    assert isinstance(hover.contents, types.MarkupContent)
    return hover.contents.value


def test_hovering_shows_keys_prices_and_rules(editor: Editor, spec: Path) -> None:
    assert "The search strategy." in hover_at(editor, spec, SPEC, "strategy")
    assert "AWS: ResourceLimits." in hover_at(editor, spec, SPEC, "max_number_of_training_jobs")
    price = hover_at(editor, spec, SPEC, "ml.m5.xlarge")
    assert price.startswith("**ml.m5.xlarge**: CPU\n\n$0.23")
    assert "per hour in us-east-1" in price
    depth = hover_at(editor, spec, SPEC, "max_depth")
    assert depth.startswith("**max_depth** of XGBoost 1.7-1: an integer of at least 0; tunable")
    assert depth.endswith("three quarters up to 9.")
    wrong = SPEC.replace("max_depth:", "max_dept:")
    editor.change(spec, wrong)
    assert hover_at(editor, spec, wrong, "max_dept:").startswith("## HPT305: ")
    assert hover_at(editor, spec, wrong, "1h}") == ""


def definition_of(editor: Editor, path: Path, text: str, word: str) -> tuple[str, int] | None:
    """The file and the line, from 0, where a word's meaning is defined."""
    before = text[: text.index(word)]
    position = types.Position(before.count("\n"), len(before) - before.rfind("\n"))
    sent = types.DefinitionParams(types.TextDocumentIdentifier(path.as_uri()), position)
    response = editor.wait(editor.client.text_document_definition_async(sent))
    if response is None:
        return None
    assert isinstance(response, types.Location)
    return response.uri, response.range.start.line


def test_going_to_the_definition_of_what_a_spec_names(
    editor: Editor, spec: Path, folder: Path
) -> None:
    project = folder / "hptc.yaml"
    project_text = PROJECT.replace("{account", "{variables: {suffix: x}, account", 1)
    editor.open(project, project_text)
    script = folder / "src" / "train.py"
    script.parent.mkdir()
    script.write_text("print(1)\n", "utf-8")
    parent = folder / "specs" / "parent.yaml"
    parent.write_text(SPEC.replace("name: churn", "# older\nname: parent"), "utf-8")
    text = SPEC.replace("churn/train/", "churn/{{ suffix }}/train/") + (
        "warm_start: {type: TransferLearning, parents: [parent, latest(churn), gone]}\n"
    )
    source = "  source: {directory: src, entry_point: train.py}\n"
    text = text.replace("  algorithm:", f"{source}  algorithm:")
    editor.change(spec, text)
    assert definition_of(editor, spec, text, "parent,") == (parent.as_uri(), 1)
    assert definition_of(editor, spec, text, "latest(") == (spec.as_uri(), 0)
    assert definition_of(editor, spec, text, "gone") is None
    line = project_text[: project_text.index("suffix")].count("\n")
    assert definition_of(editor, spec, text, "suffix") == (project.as_uri(), line)
    assert definition_of(editor, spec, text, "train.py") == (script.as_uri(), 0)
    assert definition_of(editor, spec, text, "strategy") is None
    parent.unlink()
    editor.close(project)


def test_columns_count_utf_16_units(editor: Editor, spec: Path) -> None:
    line = 'tags: {"\N{PARTY POPPER}\N{PARTY POPPER}": {a: b}}'
    diagnostics = editor.change(spec, SPEC.replace("tags: {team: growth}", line))
    character = line.index("{a") + 2  # each of the two is two units
    assert [diagnostic.range.start.character for diagnostic in diagnostics] == [character]


def test_findings_in_hptc_yaml_are_shown_there_and_change_with_it(
    editor: Editor, spec: Path, folder: Path
) -> None:
    path = folder / "hptc.yaml"
    wrong = PROJECT + "defaults:\n  training_job: {resources: {instance_count: 0}}\n"
    editor.open(path, wrong)
    without = SPEC.replace("instance_count: 1, ", "")
    assert editor.change(spec, without) == []
    assert [
        diagnostic.range.start.line for diagnostic in editor.published[path.as_uri()].diagnostics
    ] == [6]
    editor.change(path, PROJECT)
    assert editor.published[path.as_uri()].diagnostics == ()
    editor.close(path)


def test_an_open_spec_is_checked_again_when_hptc_yaml_changes_on_disk(
    editor: Editor, spec: Path, folder: Path
) -> None:
    path = folder / "hptc.yaml"
    assert [registration.method for registration in editor.watched] == [
        "workspace/didChangeWatchedFiles"
    ]
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    try:
        path.write_text(PROJECT + "policy: {max_number_of_training_jobs: 2}\n", "utf-8")
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        assert [str(finding.code)[:4] for finding in editor.next_of(spec)] == ["HPT8"]
    finally:
        path.write_text(PROJECT, "utf-8")


@pytest.mark.parametrize("name", ["churn.yaml", "docker-compose.yaml"])
@pytest.mark.parametrize("text", ["", "\n  \n"])
def test_an_empty_file_has_no_findings(editor: Editor, folder: Path, name: str, text: str) -> None:
    assert editor.open(folder / "specs" / name, text) == []
    editor.close(folder / "specs" / name)


def test_files_of_other_tools_have_no_findings(editor: Editor, folder: Path) -> None:
    path = folder / "docker-compose.yaml"
    assert editor.open(path, "name: x\nservices: {web: {image: x}}\n") == []
    assert editor.change(path, "name: x\nservices: {web: [\n") == []
    editor.close(path)


def test_a_file_outside_of_a_project(editor: Editor, tmp_path: Path) -> None:
    diagnostics = editor.open(
        tmp_path / "new.yaml", "name: new\ntraining_job: {}\nstrategi: Random\n"
    )
    assert diagnostics
    assert {diagnostic.source for diagnostic in diagnostics} == {"hptc"}
    editor.close(tmp_path / "new.yaml")


def test_a_suppression_counts(editor: Editor, spec: Path) -> None:
    wrong = SPEC.replace("max_depth:", "max_dept:")
    line = next(line for line in wrong.splitlines() if "max_dept:" in line)
    assert editor.change(spec, wrong.replace(line, f"{line}  # hptc: ignore[HPT305] ours")) == []


def test_two_specs_with_one_name(editor: Editor, spec: Path, folder: Path) -> None:
    """The other one is not open."""
    path = folder / "specs" / "another.yaml"
    path.write_text(SPEC, "utf-8")
    try:
        diagnostics = editor.change(spec, SPEC + "\n")
        assert [diagnostic.range.start.line for diagnostic in diagnostics] == [0]
    finally:
        path.unlink()


def test_the_first_line_shows_training_jobs_and_cost(editor: Editor, spec: Path) -> None:
    sent = types.CodeLensParams(types.TextDocumentIdentifier(spec.as_uri()))
    lenses = editor.wait(editor.client.text_document_code_lens_async(sent))
    assert lenses is not None
    assert [lens.range.start.line for lens in lenses] == [0]
    assert lenses[0].command is not None
    assert lenses[0].command.title.startswith("4 training jobs, at most $")


def test_completes_and_fixes(editor: Editor, spec: Path) -> None:
    wrong = SPEC.replace("max_depth:", "max_dept:")
    [diagnostic] = editor.change(spec, wrong)
    file = types.TextDocumentIdentifier(spec.as_uri())
    actions = editor.wait(
        editor.client.text_document_code_action_async(
            types.CodeActionParams(file, diagnostic.range, types.CodeActionContext([diagnostic]))
        )
    )
    titles = [action.title for action in actions or ()]
    assert titles == ["Change to `max_depth`", "Suppress HPT305 on this line"]
    at = types.Position(diagnostic.range.start.line, diagnostic.range.end.character)
    completions = editor.wait(
        editor.client.text_document_completion_async(types.CompletionParams(file, at))
    )
    assert isinstance(completions, tuple | list)
    gamma = next(completion for completion in completions if completion.label == "gamma")
    assert gamma.text_edit == types.TextEdit(diagnostic.range, "gamma")


def test_a_fix_can_be_in_several_places_and_in_another_file(
    editor: Editor, spec: Path, folder: Path
) -> None:
    def fixes(path: Path, text: str, code: str) -> dict[str, dict[str, list[types.TextEdit]]]:
        published = editor.published[path.as_uri()].diagnostics
        diagnostic = next(finding for finding in published if finding.code == code)
        file = types.TextDocumentIdentifier(path.as_uri())
        sent = types.CodeActionParams(file, diagnostic.range, types.CodeActionContext([diagnostic]))
        actions = editor.wait(editor.client.text_document_code_action_async(sent))
        return {
            action.title: {uri: [*edits] for uri, edits in action.edit.changes.items()}
            for action in actions or ()
            if isinstance(action, types.CodeAction) and action.edit and action.edit.changes
        }

    swapped = SPEC.replace("min: 3, max: 10", "min: 10, max: 3")
    editor.change(spec, swapped)
    edits = fixes(spec, swapped, "HPT202")["Swap `min` and `max`"]
    assert [edit.new_text for edit in edits[spec.as_uri()]] == ["3", "10"]
    project = folder / "hptc.yaml"
    wrong = PROJECT + "defaults: {hyperband: {max_resource: 9}}\n"
    editor.open(project, wrong)
    editor.change(spec, SPEC)
    edits_by_title = fixes(project, wrong, "HPT241")
    assert list(edits_by_title["Remove it"]) == [project.as_uri()]
    [title] = [text for text in edits_by_title if text.startswith("Remove it in ")]
    assert [edit.new_text for edit in edits_by_title[title][spec.as_uri()]] == ["\nhyperband: null"]


def test_all_safe_fixes_of_a_file_are_one_action(editor: Editor, spec: Path) -> None:
    def actions(only: list[str] | None) -> list[types.CodeAction]:
        file = types.TextDocumentIdentifier(spec.as_uri())
        start = types.Range(types.Position(0, 0), types.Position(0, 0))
        context = types.CodeActionContext([], only=only)
        sent = types.CodeActionParams(file, start, context)
        offered = editor.wait(editor.client.text_document_code_action_async(sent))
        return [action for action in offered or () if isinstance(action, types.CodeAction)]

    wrong = SPEC.replace("min: 3, max: 10", "min: 10, max: 3").replace("text/csv", "text/CSV")
    editor.change(spec, SPEC)
    editor.send_change(spec, wrong)  # saved before it is checked
    [action] = actions(["source.fixAll"])
    assert (action.title, action.kind) == ("Fix 3 findings of hptc", "source.fixAll.hptc")
    assert action.edit is not None
    assert action.edit.changes is not None
    edits = action.edit.changes[spec.as_uri()]
    assert sorted(edit.new_text for edit in edits) == ["10", "3", "text/csv", "text/csv"]
    assert actions(["quickfix"]) == []
    assert [action.kind for action in actions(None)] == ["source.fixAll.hptc"]
    editor.change(spec, SPEC)
    assert actions(None) == []


def test_a_fast_typist_gets_the_findings_of_the_last_text(editor: Editor, spec: Path) -> None:
    for end in range(10):
        editor.send_change(spec, SPEC.replace("name: churn", f"name: churn{'n' * end}"))
    assert editor.change(spec, SPEC.replace("max_depth:", "max_dept:"))


NOISY = """\
import os, subprocess
from hptc.lsp.language_server import serve

def crash():
    print("noise")
    os.write(1, b"noise")
    subprocess.run(["echo", "noise"])
    raise RuntimeError("a bug in hptc")

serve(crash)
"""


def test_neither_a_crash_nor_what_is_printed_ends_the_session(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    with open_editor(tmp_path, [sys.executable, "-c", NOISY]) as noisy:
        text = "name: a\ntraining_job: {}\nstrategi: Random\n"
        assert "HPT101" in {finding.code for finding in noisy.open(path, text)}
        assert "HPT101" in {finding.code for finding in noisy.change(path, text + "\n")}
    assert "RuntimeError: a bug in hptc" in noisy.logged[0]
    assert noisy.exit_code == 0

"""What is known about training scripts without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.source import script_reading
from hptc.source.packing import CodeFile, PackedCode
from hptc.source.script_reading import ScriptFacts, SyntaxFault, read_scripts

PARSER = "import argparse\nparser = argparse.ArgumentParser()\n"
END = "parser.parse_args()\n"


def read(script: str | bytes, **others: str) -> ScriptFacts:
    content = script if isinstance(script, bytes) else script.encode()
    files = [CodeFile(name="train.py", content=content)]
    files += [CodeFile(name=f"{name}.py", content=text.encode()) for name, text in others.items()]
    return read_scripts(PackedCode(files), "train.py")


@pytest.mark.parametrize(
    ("script", "options"),
    [
        pytest.param("parser.add_argument('--a')", {"--a"}, id="long"),
        pytest.param("parser.add_argument('-k', '--kernel')", {"-k", "--kernel"}, id="short"),
        pytest.param("parser.add_argument('file')", set(), id="positional"),
        pytest.param("g = parser.add_argument_group()\ng.add_argument('--b')", {"--b"}, id="group"),
        pytest.param("def add(p):\n  p.add_argument('--c')\nadd(parser)", {"--c"}, id="function"),
        pytest.param("if parser:\n  parser.add_argument('--d')", {"--d"}, id="condition"),
        pytest.param("names = ['--a']\nfor n in names: parser.add_argument(n)", None, id="loop"),
        pytest.param("parser.add_argument(*['--a'])", None, id="unpacked"),
        pytest.param("add = parser.add_argument\nadd('--a')", None, id="alias"),
        pytest.param("Trainer.add_arguments(parser)", None, id="another module"),
        pytest.param("add_more(parser)", None, id="an imported function"),
        pytest.param("parser.parse_known_args()", None, id="known"),
        pytest.param("parser.add_subparsers()", None, id="subcommands"),
        pytest.param("import sys\nsys.argv = []", None, id="argv"),
        pytest.param("p = argparse.ArgumentParser(parents=[parser])", None, id="parents"),
        pytest.param("p = argparse.ArgumentParser(**{})", None, id="keywords"),
        pytest.param("p = argparse.ArgumentParser(*x)", None, id="arguments"),
        pytest.param("p = argparse.ArgumentParser('x', *y)", None, id="arguments after a name"),
        pytest.param("p = HfArgumentParser()", None, id="another parser"),
        pytest.param("parser.parse_args([])", None, id="own arguments"),
    ],
)
def test_the_options_that_a_script_declares(script: str, options: set[str] | None) -> None:
    assert read(f"{PARSER}{script}\n{END}").options == options


@pytest.mark.parametrize(
    ("script", "read_arguments"),
    [
        ("parser.add_argument('--a-b')\nprint(parser.parse_args().a_b)", {"a_b"}),
        ("parser.add_argument('--a')\na, _ = parser.parse_known_args()\nprint(a.a)", {"a"}),
        ("parser.add_argument('--a')", set()),
        ("parser.add_argument('--a', dest='b')\nprint(x.a)", set()),
        ("print(x.a)", set()),
    ],
)
def test_the_arguments_that_a_script_reads(script: str, read_arguments: set[str]) -> None:
    assert read(f"{PARSER}{script}\n{END}").read_arguments == read_arguments


def test_a_script_without_argparse_can_take_anything() -> None:
    assert read("import sys").options is None
    assert read(PARSER).options is None, "it never parses"


def test_syntax_errors_of_every_file() -> None:
    facts = read("x = (\n", lib="x = 1\ndef f(:\n", fine="x = 1\n")
    assert facts.faults == (
        SyntaxFault(file="train.py", line=1, message="'(' was never closed"),
        SyntaxFault(file="lib.py", line=2, message="invalid syntax"),
    )


@pytest.mark.parametrize(
    ("script", "faults"),
    [
        pytest.param(b"x = '\xff'\n", 1, id="not UTF-8"),
        pytest.param(b"# coding: latin-1\nx = '\xff'\n", 0, id="another encoding"),
        pytest.param(b"x = 1\0", 1, id="a null byte"),
        pytest.param(b"'\\d'\n", 0, id="a warning"),
        pytest.param(b"\xef\xbb\xbfx = 1\n", 0, id="a byte order mark"),
        pytest.param(b"(" * 1000, 1, id="nested"),
        pytest.param(b"-" * 200_000 + b"1", 0, id="too deep for the parser"),
        pytest.param(b"x" + b".x" * 200_000, 0, id="a long chain"),
    ],
)
def test_hostile_files(script: bytes, faults: int) -> None:
    assert len(read(script).faults) == faults


def test_nothing_is_run(tmp_path: Path) -> None:
    facts = read(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit\n")
    assert facts == ScriptFacts()
    assert not (tmp_path / "ran").exists()


def test_a_script_that_takes_too_long_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_reading, "SECONDS", 0.0)
    assert read(PARSER + END, lib="def f(:\n") == ScriptFacts()


def test_large_files_are_not_parsed() -> None:
    assert read("def f(:\n" + "#" * 600_000).faults == ()


@pytest.mark.parametrize(("size", "faults"), [(500_000, 1), (500_001, 0)])
def test_a_file_of_half_a_megabyte_is_parsed(size: int, faults: int) -> None:
    script = b"def\n"
    assert len(read(script + b"#" * (size - len(script))).faults) == faults

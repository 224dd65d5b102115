"""Hostile specs, requests, projects, responses and commits, each made from its number alone."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from hptc.frozen import frozen
from hptc.reference.rule_pages import REQUEST_BASE
from hptc.request.emission import unwrapped
from hptc.rules.rule import DEFAULT_BASE
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from tests.support.paths import ROOT
from tests.support.rule_cases import cases
from tests.support.rule_cases import project_text as base_project_text
from tests.support.strategies import make_request


@frozen
class Input:
    """One case: the file that `hptc check` reads."""

    kind: str
    raw: bytes  # for a commit, the stream of `git fast-import`
    project: bytes | None = None  # an hptc.yaml other than the repository's


@frozen
class Seed:
    """A file that hptc reads correctly, and the hptc.yaml that it belongs to."""

    text: str
    tree: Any
    project: bytes | None = None


@cache
def seeds() -> tuple[Seed, ...]:
    """The repository's specs, and the cases of its rules over their bases."""
    files = []
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        text = path.read_text("utf-8")
        files.append(Seed(text=text, tree=_tree(text)))
    for case in cases():
        if isinstance(tree := _tree(case.text), dict):
            base = DEFAULT_BASE if case.base == REQUEST_BASE else case.base
            files.append(Seed(text=case.text, tree=tree, project=base_project_text(base).encode()))
    return tuple(files)


@cache
def spec_texts() -> tuple[str, ...]:
    """The texts of the seeds."""
    return tuple(seed.text for seed in seeds())


def _tree(text: str) -> Any:
    document, _ = parse_document(text, "seed.yaml")
    return unwrapped(construct_data(document)[0])


def project_text() -> str:
    """The repository's hptc.yaml."""
    return (ROOT / "hptc.yaml").read_text("utf-8")


TOKENS = (
    b"{{", b"}}", b"{%", b"{#", b"&a ", b"*a", b"<<: *a", b"!!python/object/apply:os.system ", b"!",
    b"|\n", b">-\n", b"---\n", b"...\n", b"%YAML 1.1\n", b"\t", b"\r", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"[", b"]", b"{", b"}", b": ", b"- ", b"? ",
    b"#", b"'", b'"', b"\\u", b"\\ud83d\\ude00", b"\\ud800", b".inf", b".nan", b"-0", b"1e999",
    b"1e-400", b"0x", b"0o8", b"9" * 300, b"null", b"~", b"true", b"1_000", b"12:30:45",
    b"2026-01-01", b"# hptc: ignore[HPT203] why", b"${hptc:x}", b"${hptc:artifact_bucket}",
    b"name: ", b"type: Continuous", b"\xf0\x9f\x98\x80",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, float("inf"), float("nan"), "",
    " ", "x", "x" * 300, "x" * 70_000, "é😀", "\x00", "\u2028", "a\nb", "1", "1.0", "1e-4", "1e999",
    "-0", "nan", "inf", "0x10", "90m", "1d", "999999999d", "Auto", "Off", "Enabled", "Integer",
    "Continuous", "Categorical", "Logarithmic", "ReverseLogarithmic", "Hyperband", "Grid", "Random",
    "Bayesian", "Pipe", "FastFile", "ml.m5.xlarge", "ml.p5.48xlarge", "s3://", "s3://b/",
    "https://x/y", "arn:aws:iam::1:role/x", "${hptc:", "${}", "${hptc:nothing}", "(a+)+$",
    "(" * 200, "[", "(?P<x>", "a{1,99999}", "\\", [], {}, [[]], [None], [1, "a", {}], {"": None},
    {"type": "Integer"}, {"type": "Continuous", "min": "a", "max": []}, {"value": {"a": [1]}},
    {"type": "Categorical", "values": []}, {"type": "Auto", "value_hint": 3},
    {"a": {"b": {"c": 1}}},
)  # fmt: skip

EXPRESSIONS = (
    "''.__class__", "env.__init__.__globals__", "x|attr('y')", "self", "range(10**9)", "cycler",
    "lipsum()", "namespace()", "'a' * 10**9", "[0] * 10**9", "10**10**10", "2**99999", "'%s' % env",
    "'%999999999s' % env", "'{0.__class__}'.format(env)", "env['__class__']", "env.upper()",
    "env|map('upper')|list", "a.b.c", "1//0", "1/0", "1%0", "-env", "not env",
    "env ~ project ~ region", "env if true else x", "env in 'dev'", "env < 3", "none", "[]", "{}",
    "(1,)", "subnet_ids[0]", "subnet_ids[99]", "subnet_ids[-1]", "subnet_ids['a']", "account",
    "account + 1", "account|int", "env|int", "env|float", "'nan'|float", "'1e999'|float|int",
    "env|replace('', 'x')", "env|replace('d', env)", "env|default(x)", "x|default('y')",
    "x is defined", "x is none", "x", "artifct_bucket", "env|trim|upper|lower|string",
    "env|upper(1, 2)", "env|int(base=99)", "1 if", "}}{{", "{{", "'", "\"", "#}",
    "1 + 1.5 * 3 - trials", "trials // 3", "trials * 10 ** 3", "9" * 4000,
    "9" * 4000 + " * " + "9" * 4000, "(" * 300 + "1" + ")" * 300, "not " * 2000 + "1",
    "- " * 2000 + "1", "1" + " + 1" * 3000, "env|lower" * 300, "1 ~ " * 2000 + "1",
    "env" + "[0]" * 500, "env" + ".x" * 500, "1e308 * 10", "true + 1", "loop", "caller", "super()",
)  # fmt: skip

_DIRECTIVES = (
    "{% for i in range(9) %}{{ i }}{% endfor %}", "{% set x = 1 %}", "{% raw %}{{ x }}", "{# x",
    "{% include '/etc/passwd' %}", "{% if %}", "{%", "{{", "{{}}", "{{ }}", "{{{{ env }}}}",
)  # fmt: skip


def make_input(seed: int, case: int) -> Input:
    """The input of a case, which depends on the seed and the number alone."""
    random = Random(f"{seed}:{case}")
    (kind,) = random.choices(list(_MAKERS), _SHARES)
    return _MAKERS[kind](random)


def _yaml_bytes(random: Random) -> Input:
    seed = random.choice(seeds())
    raw = _mutated_bytes(random, seed.text.encode(), spec_texts())
    return Input(kind="yaml bytes", raw=raw, project=seed.project)


def _yaml_tree(random: Random) -> Input:
    seed = random.choice(seeds())
    raw = _written(random, _mutated_tree(random, seed.tree))
    return Input(kind="yaml tree", raw=raw, project=seed.project)


def _template(random: Random) -> Input:
    seed = random.choice(seeds())
    tree = copy.deepcopy(seed.tree)
    for _ in range(random.randint(1, 4)):
        text = _template_text(random)
        if random.random() < 0.3:
            text = _mutated_bytes(random, text.encode(), EXPRESSIONS).decode("utf-8", "replace")
        _put_somewhere(random, tree, text)
    return Input(kind="template", raw=_written(random, tree), project=seed.project)


def _template_text(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(_DIRECTIVES)
    expression = random.choice(EXPRESSIONS)
    if random.random() < 0.3:
        operator = random.choice(
            (" + ", " ~ ", " * ", " // ", " and ", " == ", " if env else ", "|default(")
        )
        expression += operator + random.choice(EXPRESSIONS)
    before, after = random.choice(
        (("", ""), ("s3://", "/x"), ("a", ""), (" ", " "), ("{{ env }}", ""))
    )
    return f"{before}{{{{ {expression} }}}}{after}"


def _request_tree(random: Random) -> Input:
    request = make_request(random.getrandbits(32), random.choice((0.0, 0.2, 0.5)))
    tree = _mutated_tree(random, request)
    return Input(kind="request tree", raw=json.dumps(tree).encode("utf-8", "surrogatepass"))


def _request_bytes(random: Random) -> Input:
    request = make_request(random.getrandbits(32), random.choice((0.0, 0.2)))
    text = json.dumps(request, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 1)))
    return Input(kind="request bytes", raw=_mutated_bytes(random, text.encode(), spec_texts()))


def _project(random: Random) -> Input:
    seed = random.choice(seeds())
    spec, text = seed.text.encode(), (seed.project or b"").decode() or project_text()
    if random.random() < 0.5:
        return Input(
            kind="project", raw=spec, project=_mutated_bytes(random, text.encode(), (text,))
        )
    return Input(
        kind="project", raw=spec, project=_written(random, _mutated_tree(random, _tree(text)))
    )


def _response(random: Random) -> Input:
    """What DescribeHyperParameterTuningJob returns, with odd members."""
    response: dict[str, Any] = {
        **make_request(random.getrandbits(32), random.choice((0.0, 0.2))),
        "HyperParameterTuningJobArn": "arn:aws:sagemaker:us-east-1:111122223333:x/y",
        "HyperParameterTuningJobStatus": random.choice(("Completed", "InProgress", None, 7)),
        "CreationTime": "2026-01-01T00:00:00Z",
        "TrainingJobStatusCounters": {"Completed": 1},
    }
    if random.random() < 0.8:
        response = _mutated_tree(random, response)
    return Input(kind="response", raw=json.dumps(response).encode("utf-8", "surrogatepass"))


_NAMES = (
    b"specs/a.yaml", b"specs/b.yaml", b"specs/sub/hptc.yaml", b"hptc.yaml", b"a/hptc.yaml",
    b"specs/\xff.yaml", b"specs/\x1b[2J.yaml", b"specs/\xe2\x80\xae.yaml", b"specs/a\tb.yaml",
    b"specs/@someone ![x](y).yaml", b"specs/\xe2\x80\xa8.yaml", b"specs/a/b/c/d/e.yaml", b"specs",
)  # fmt: skip
_MODES = (b"100644", b"100644", b"100644", b"100755", b"120000", b"160000")
_TARGETS = (b"..", b"/etc/passwd", b"a.yaml", b".", b"../.git/config", b"x/" * 3000, b"\xff", b"")


def _commit(random: Random) -> Input:
    """A good commit `old`, and a commit `new` on top of it with other entries."""
    good = {b"hptc.yaml": project_text().encode(), b"specs/a.yaml": spec_texts()[0].encode()}
    stream = [_commit_stream(b"old", [(b"100644", name, text) for name, text in good.items()])]
    entries = []
    for _ in range(random.choice((1, 2, 5))):
        mode, name = random.choice(_MODES), random.choice(_NAMES)
        is_project = name.endswith(b"hptc.yaml")
        text = good[b"hptc.yaml"] if is_project else random.choice(spec_texts()).encode()
        if random.random() < 0.7:
            text = _mutated_bytes(random, text, spec_texts())
        entries.append((mode, name, random.choice(_TARGETS) if mode == b"120000" else text))
    stream.append(_commit_stream(b"new", entries, parent=b"old"))
    return Input(kind="commit", raw=b"".join(stream))


def _commit_stream(
    branch: bytes, entries: list[tuple[bytes, bytes, bytes]], parent: bytes = b""
) -> bytes:
    """A commit in the format of `git fast-import`."""
    parts = [b"commit refs/heads/%s\ncommitter x <x@x> 0 +0000\ndata 1\nx\n" % branch]
    if parent:
        parts.append(b"from refs/heads/%s\n" % parent)
    for mode, name, text in entries:
        octal = "".join(
            chr(byte) if 32 < byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
            for byte in name
        )
        quoted = f'"{octal}"'.encode()
        if mode == b"160000":  # a submodule
            parts.append(b"M %s %s %s\n" % (mode, b"1" * 40, quoted))
        else:
            parts.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted, len(text), text))
    return b"".join(parts)


def write_commits(root: Path, commit: Input) -> None:
    """Create a repository with the branches `old` and `new` of a commit."""
    for arguments in (["init", "--quiet"], ["fast-import", "--quiet"]):
        subprocess.run(["git", *arguments], cwd=root, input=commit.raw, check=True)


_MAKERS: dict[str, Callable[[Random], Input]] = {
    "yaml bytes": _yaml_bytes,
    "yaml tree": _yaml_tree,
    "template": _template,
    "request tree": _request_tree,
    "request bytes": _request_bytes,
    "project": _project,
    "response": _response,
    "commit": _commit,
}
_SHARES = (*[8] * (len(_MAKERS) - 1), 1)
"""The shares of the kinds; a commit starts a few processes."""


def _mutated_bytes(random: Random, raw: bytes, others: tuple[str, ...]) -> bytes:
    data = bytearray(raw)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randint(0, len(data))
        match random.randint(0, 7):
            case 0:
                data[at : at + 1] = bytes([random.randint(0, 255)])
            case 1:
                del data[at : at + random.choice((1, 1, 4, 40))]
            case 2 | 3:
                data[at:at] = random.choice(TOKENS)
            case 4:  # repeat a piece elsewhere
                piece = data[at : at + random.randint(1, 60)]
                to = random.randint(0, len(data))
                data[to:to] = piece * random.choice((1, 1, 2, 20))
            case 5:  # insert a piece of another text
                other = random.choice(others).encode()
                start = random.randint(0, len(other))
                data[at:at] = other[start : start + random.randint(1, 200)]
            case 6:
                data[at:at] = random.choice((b"[", b"{a: ", b"(", b"- ", b"  ")) * random.choice(
                    (3, 70, 2000)
                )
            case 7:
                del data[at:]
    return bytes(data)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key of a tree."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree))
    for key in list(keys):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _places(tree[key])


def _put_somewhere(random: Random, tree: Any, value: Any) -> None:
    leaves = [(box, key) for box, key in _places(tree) if not isinstance(box[key], (dict, list))]
    if leaves:
        box, key = random.choice(leaves)
        box[key] = value


def _mutated_tree(random: Random, tree: Any) -> Any:
    tree = copy.deepcopy(tree)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        places = list(_places(tree))
        if not places:
            break
        box, key = random.choice(places)
        other, other_key = random.choice(places)
        match random.randint(0, 7):
            case 0 | 1:
                box[key] = copy.deepcopy(random.choice(VALUES))
            case 2:
                del box[key]
            case 3:  # copy another value
                box[key] = copy.deepcopy(other[other_key])
            case 4 if isinstance(box, dict):  # rename the key
                name = random.choice(("", "x", "type", "<<", "training_job", str(other_key)))
                box[name] = box.pop(key)
            case 5:
                box[key] = [copy.deepcopy(box[key])] * random.choice((1, 2, 40))
            case 6:
                box[key] = {
                    str(n): copy.deepcopy(box[key]) for n in range(random.choice((1, 3, 60)))
                }
            case 7:
                for _ in range(random.choice((1, 30, 70))):
                    box[key] = random.choice(([box[key]], {"a": box[key]}))
            case _:
                box[key] = random.choice(VALUES)
    return tree


def _written(random: Random, tree: Any) -> bytes:
    if random.random() < 0.5:
        return json.dumps(tree, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    text: str = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=None)
    return text.encode("utf-8", "surrogatepass")

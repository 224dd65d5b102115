"""Writes docs/python.md, the page of the Python API, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

_NARROW = 80
_VARIABLES = {"Project": "project", "JobResults": "results"}
"""What an example would call an object; any other is an answer."""

_HEAD = """\
# Python

`import hptc` offers what the commands do, for notebooks and programs:

```python
import hptc

project = hptc.load_project("tuning", env="dev")
findings = project.check()  # as `hptc check`; a notebook shows a table
if not findings.errors:
    done = project.submit("churn")  # creates the tuning job; asks nothing
    done.raise_if_refused()
results = project.results("churn")  # once it has run, or while it does
print(results.best.objective)
frame = results.dataframe()  # pip install 'hptc[pandas]'
```

The methods are those of a project and have the names of the commands. Functions of these names on
the module are not possible: `hptc.diff`, `hptc.cost` and `hptc.results` are packages of hptc, and
would replace the functions as soon as they are imported. The project also keeps what each call
would repeat, the folder and the environment.

- Nothing prints, asks or ends the process. For progress, pass a function:
  `hptc.load_project(progress=print)`.
- The paths of specs are relative to the project's folder, which need not be the current one.
- Files are read again by each call, so that a notebook sees what has been edited.
- Every error is an `hptc.HptcError`: `str(error)` says what is wrong, `error.help` what to do.
- `str()` of an answer is the text of the command. In a notebook, an answer is a small table.
- `import hptc` itself imports nothing; what a method needs is imported when it is called.

[notebook.ipynb](notebook.ipynb) shows all of it, against [the sandbox](sandbox.md).

## Stable names

The names of this page, and no others, keep their meaning: those in `hptc.__all__`, and the members
of their classes that are listed here. **Everything else is private**, such as the packages of
`hptc`, and may change with any release.
"""


def python_page(api: Mapping[str, Any]) -> str:
    """The page. `api` has the public names with what they stand for."""
    errors = [name for name in api if _is_error(api[name])]
    functions = [name for name in api if inspect.isfunction(api[name])]
    others = [name for name in api if name not in (*errors, *functions)]
    names = [*functions, *sorted(others, key=lambda name: name != "Project"), *errors]
    lines = [_HEAD, *(f"- [{name}](#{name.lower()})" for name in names), ""]
    for name in names:
        lines += [f"## {name}", ""]
        lines += _function(f"hptc.{name}", api[name]) if name in functions else _class(api[name])
    return "\n".join(lines).rstrip() + "\n"


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Exception)


def _class(cls: type) -> Iterator[str]:
    yield from _text(cls)
    yield ""
    if _is_error(cls):
        parent = cls.__mro__[1].__name__
        yield f"A kind of `{parent}`; exit code {cls.exit_code} of the command line."  # type: ignore[attr-defined]
        yield ""
        return
    members = list(_members(cls))
    if members:
        yield "| | |"
        yield "|---|---|"
        yield from (f"| `{name}` | {' '.join(text.split())} |" for name, text in members)
        yield ""
    for name, member in vars(cls).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            yield f"### {cls.__name__}.{name}"
            yield ""
            yield from _function(f"{_VARIABLES.get(cls.__name__, 'answer')}.{name}", member)


def _members(cls: type) -> Iterator[tuple[str, str]]:
    """The fields and properties with their documentation, in the order of the source."""
    texts = _field_texts(cls)
    for name in getattr(cls, "__dataclass_fields__", {}):
        if not texts.get(name, "private").rstrip().endswith("private and may change."):
            yield name, texts[name]
    for name, member in vars(cls).items():
        if isinstance(member, property) and not name.startswith("_"):
            yield name, inspect.getdoc(member) or ""


def _field_texts(cls: type) -> dict[str, str]:
    """The strings below the fields of a class, or the comments behind them."""
    source = inspect.getsource(cls)
    below = re.findall(r'^    (\w+): [^\n]*\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL)
    behind = re.findall(r"^    (\w+): [^#\n]*#\s*(\S.*)$", source, re.MULTILINE)
    bare = re.findall(r"^    (\w+): [^#\n]*$", source, re.MULTILINE)
    return {**dict.fromkeys(bare, ""), **dict(behind), **dict(below)}


def _function(shown: str, function: object) -> Iterator[str]:
    yield "```"
    yield _signature(shown, function)
    yield "```"
    yield ""
    yield from _text(function)
    yield ""


def _signature(shown: str, function: Any) -> str:
    signature = inspect.signature(function)
    parameters = [
        parameter for parameter in signature.parameters.values() if parameter.name != "self"
    ]
    texts: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not any(
            text.startswith("*") for text in texts
        ):
            texts.append("*")
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        texts.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
    line = f"{shown}({', '.join(texts)}) -> {signature.return_annotation}"
    if len(line) <= _NARROW:
        return line
    lines = "".join(f"    {text},\n" for text in texts)
    return f"{shown}(\n{lines}) -> {signature.return_annotation}"


def _text(documented: object) -> list[str]:
    return (inspect.getdoc(documented) or "").splitlines()

"""docs/images.md: the versions of built-in algorithms and framework containers in the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hptc.catalog import frameworks, images
from hptc.catalog.frameworks import Version
from hptc.catalog.images import Repository
from hptc.reference.markdown_table import markdown_table
from hptc.text import code

_INTRODUCTION = """\
# Images

The training images that AWS publishes for SageMaker, with the versions that hptc knows. It is
generated from its tables, whose sources and dates are in [data.md](data.md). AWS publishes new
versions every few months: one that is missing here can be used with its complete tag, and
`hptc check` warns about it (HPT347).

## Built-in algorithms

`algorithm: {built_in: NAME, version: VERSION}`
"""

_FRAMEWORKS = """\
## Framework containers

`algorithm: {framework: NAME, version: VERSION}`, where the name is a repository, or a framework as
the SageMaker SDK spells it. The version is one of these:

- a version such as `2.3.0`, or its short form `2.3`. hptc composes the tag as the SDK does, with
  the newest Python version and the processor of the instances. If the instances have different
  processors, write the complete tag.
- a complete tag, such as `2.3.0-gpu-py311`, which is used as it is.

If two images have the same version, write it as their tags do: `1.8.1-transformers4.6.1`. Quotes
are optional: a version is read as it is written, so `2.10` is not `2.1`.
"""


def images_page() -> str:
    """The page, as Markdown."""
    repositories = images.repositories().values()
    parts = [_INTRODUCTION]
    parts.append(
        markdown_table(
            ("Name", "Repository", "Versions"),
            (
                (code(repository.name), code(repository.repository), _codes(repository.tags))
                for repository in repositories
                if repository.kind == "algorithm"
            ),
        )
    )
    parts.append(_FRAMEWORKS)
    parts.append(markdown_table(("Name", "Repositories"), _frameworks()))
    for repository in sorted(repositories, key=lambda entry: entry.repository):
        if repository.kind == "framework":
            parts += [f"### {repository.repository}\n", _versions(repository)]
    return "\n".join(parts)


def _frameworks() -> Iterator[tuple[str, ...]]:
    for name in sorted(frameworks.framework_names()):
        yield code(name), _codes(frameworks.repositories(name))


def _versions(repository: Repository) -> str:
    if repository.tags:
        rows = ((code(version), code(tag)) for version, tag in repository.tags.items())
        return markdown_table(("Version", "Tag"), rows)
    return markdown_table(
        ("Version", "Short forms", "Python", "Tags"),
        map(_row, frameworks.versions(repository.repository)),
    )


def _row(version: Version) -> tuple[str, ...]:
    full = version.spellings[0]
    shorter = dict.fromkeys((version.name, *version.aliases, *version.spellings[1:]))
    return (
        code(full),
        _codes(name for name in shorter if name != full),
        ", ".join((*version.pythons, *version.other_pythons)),
        _codes(version.tag(processor) for processor in version.hardware),
    )


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))

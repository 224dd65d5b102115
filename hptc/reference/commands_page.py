"""Writes docs/commands.md, the page of all commands and options, from click's own objects."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

import click

Sections = Mapping[str, Sequence[tuple[str, click.Command]]]

_WIDTH = 100

_HEAD = """\
# Commands

This page is generated from the help of the commands; `hptc COMMAND --help` prints the same.
"""

_COMPLETION = """\
## Shell completion

Commands, options, names and files of specs, environments, codes of rules, built-in algorithms and
the tuning jobs of `hptc local` can be completed with the Tab key. Completion reads files only; it
never calls AWS. Add one line to the startup file of your shell:

```
eval "$(_HPTC_COMPLETE=bash_source hptc)"           # ~/.bashrc
eval "$(_HPTC_COMPLETE=zsh_source hptc)"            # ~/.zshrc, after compinit
_HPTC_COMPLETE=fish_source hptc | source            # ~/.config/fish/config.fish
```

To start the shell faster, save the script once and source the file instead:
`_HPTC_COMPLETE=bash_source hptc > ~/.hptc-complete.bash`. Save it again after you update hptc.
"""


def commands_page(program: click.Command, sections: Sections) -> str:
    """The page. `sections` are the commands with their full names, by what they are for."""
    lines = [_HEAD]
    for title, commands in sections.items():
        links = [f"[{name}](#hptc-{name.replace(' ', '-')})" for name, _ in commands]
        lines += _wrapped(f"- {title}: {', '.join(links)}", indent="  ")
    for paragraph in (program.help or "").split("\n\n")[1:]:
        lines += ["", *_wrapped(" ".join(paragraph.split()))]
    lines += ["", "## Options of every command", ""]
    lines += ["They work before and after the name of the command.", "", *_options(program)]
    lines += ["", _COMPLETION]
    for title, commands in sections.items():
        lines += [f"## {title}", ""]
        for name, command in commands:
            lines += [*_command(f"hptc {name}", command), ""]
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = _context(command, name)
    yield f"### {name}"
    yield ""
    yield "```"
    yield f"{name} {' '.join(command.collect_usage_pieces(context))}"
    yield "```"
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield from _wrapped(" ".join(paragraph.split()))
    options = list(_options(command))
    if options:
        yield ""
        yield from options


def _context(command: click.Command, name: str = "") -> click.Context:
    """A context as the program makes it: a command keeps the help option of its first context."""
    return click.Context(command, info_name=name, help_option_names=["-h", "--help"])


def _options(command: click.Command) -> Iterator[str]:
    context = _context(command)
    for option in command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        record = option.get_help_record(context)
        if record is not None:
            names, text = record
            yield from _wrapped(f"- `{names}`: {' '.join(text.split())}", indent="  ")


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of the page. Neither words nor code are broken."""
    shown = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", lambda match: match[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(
        shown,
        width=_WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\0", " ") for line in lines]

"""`hptc lsp`."""

from __future__ import annotations

import click

from hptc.api.extras import require
from hptc.api.specs import sample_log_tests
from hptc.cli.console import print_status
from hptc.errors import EXIT_OK


@click.command()
@click.option("--stdio", is_flag=True, hidden=True, help="Accepted because many editors pass it.")
def lsp(stdio: bool) -> int:  # noqa: ARG001 - there is no other transport
    """Serve an editor: findings, documentation, completion.

    It speaks the Language Server Protocol.

    Your editor starts this command and talks to it on stdin and stdout. It shows the findings of
    `hptc check` while you type, documentation, prices and completions. docs/editor.md has the
    settings of VS Code, Neovim and Helix.
    """
    require("pygls", "lsp")
    # pygls is optional; without it, `hptc lsp --help` still works.
    from hptc.lsp.language_server import serve

    print_status("hptc language server: waiting for an editor on stdin")
    serve(sample_log_tests)
    return EXIT_OK

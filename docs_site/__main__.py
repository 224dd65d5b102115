"""`make pictures`: redraws docs/pictures/ from real output: all pictures, or the named ones."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from docs_site.browser import open_browser
from docs_site.pictures import BROWSER_PICTURES, PICTURES, PICTURES_OF_RUNS


def main(names: list[str]) -> None:
    """Draw the pictures with these names; all without any."""
    known = [*PICTURES, *PICTURES_OF_RUNS, *BROWSER_PICTURES]
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(f"no such picture: {', '.join(unknown)}; choose from {', '.join(known)}")
    folder = Path(__file__).parents[1] / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    for name in names or known:
        click.echo(name)
        with tempfile.TemporaryDirectory(prefix="hptc-pictures-") as scratch:
            if name in BROWSER_PICTURES:
                with open_browser() as browser:
                    (folder / name).write_bytes(BROWSER_PICTURES[name](Path(scratch), browser))
            else:
                draw = PICTURES.get(name) or PICTURES_OF_RUNS[name]
                (folder / name).write_text(draw(Path(scratch)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The pictures of the docs are what the program prints now, small, and load nothing."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from docs_site.architecture import imports, layers
from docs_site.pictures import BROWSER_PICTURES, PICTURES, PICTURES_OF_RUNS
from docs_site.png import digest, source_digest, with_palette
from docs_site.review_comment import comment_page
from docs_site.terminal import draw, frames, settled
from tests.support.doc_blocks import PAGES
from tests.support.paths import ROOT
from tests.support.png_images import rgb_image

FOLDER = ROOT / "docs" / "pictures"
MAX_BYTES = 200_000
OUTPUT_OF_RUNS = {
    "local-run.svg": ("[6/6]", "validation:auc = ", "Completed", "6 of 6"),
    "plan.svg": ("1 to submit", "at most $"),
    "watch.svg": ("InProgress", "best so far", "running", "Ctrl-C ends watching"),
}
"""What a picture of training shows, whatever the values are."""


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_up_to_date(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    drawn = PICTURES[name](tmp_path)
    if request.config.getoption("--update-golden"):
        (FOLDER / name).write_text(drawn, encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8") == drawn, f"{name}: `make golden`"


def test_the_comment_was_drawn_from_the_page() -> None:
    image = (FOLDER / "review-comment.png").read_bytes()
    assert source_digest(image) == digest(comment_page()), "python -m docs_site review-comment.png"


@pytest.mark.parametrize("name", PICTURES_OF_RUNS)
def test_a_picture_of_training_shows_what_the_command_prints(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8").replace("&#160;", " ")
    shown = re.sub(r"<[^>]*>", "", text)
    assert [part for part in OUTPUT_OF_RUNS[name] if part not in shown] == []


def test_every_picture_is_small_and_used() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    assert names == {*PICTURES, *PICTURES_OF_RUNS, *BROWSER_PICTURES}
    used = {name for page in PAGES for name in names if f"pictures/{name})" in page.read_text()}
    assert used == names
    assert {name for name in names if (FOLDER / name).stat().st_size > MAX_BYTES} == set()


@pytest.mark.parametrize("name", [*PICTURES, *PICTURES_OF_RUNS])
def test_a_picture_loads_nothing(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert re.findall(r"(?:href|src)=|url\((?!#)|@import|@font-face|<script", text) == []


def test_every_import_is_to_a_package_below() -> None:
    place = {name: index for index, row in enumerate(layers()) for name in row}
    pairs = imports()
    assert len(pairs) > 100
    assert [pair for pair in pairs if place[pair[0]] >= place[pair[1]]] == []


def test_a_terminal_keeps_colors_and_drops_what_was_overwritten() -> None:
    printed = "reading 1\r\N{ESCAPE}[Kdone\r\n\N{ESCAPE}[31mred\N{ESCAPE}[0m\r\n"
    assert settled(printed) == "done\n\N{ESCAPE}[31mred\N{ESCAPE}[0m"
    svg = draw("", settled(printed), columns=20)
    assert ">done</text>" in svg
    assert "#ff7575" in svg


def test_the_frames_of_a_block_that_is_redrawn() -> None:
    clear = "\r\N{ESCAPE}[J"
    assert frames(f"{clear}one\r\n\N{ESCAPE}[1A{clear}two\r\n") == ["one", "two"]


def test_a_palette_keeps_the_colors() -> None:
    colors = [(255, 255, 255), (31, 35, 40), (209, 36, 47), (255, 255, 255)]
    small = with_palette(rgb_image(colors, width=2))
    assert struct.unpack(">IIBB", small[16:26]) == (2, 2, 8, 3)
    palette = small[small.index(b"PLTE") + 4 :]
    assert {palette[:3], palette[3:6], palette[6:9]} == {bytes(color) for color in colors}

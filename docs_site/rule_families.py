"""Splits docs/rules.md into a page for each family of codes: a browser needs seconds for all."""

from __future__ import annotations

import re

PAGE = "rules.md"
_BASES = "rules-bases.md"
_FAMILY = re.compile(r"^\| HPT(\d)xx \| (.+) \|$", re.MULTILINE)
_BASE_ANCHOR = re.compile(r"\(#(base-[^)]*)\)")


def rule_pages(text: str) -> dict[str, str]:
    """The pages by name: an overview with a link to each rule, the families, and the base specs."""
    head, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    titles = dict(_FAMILY.findall(head))
    families: dict[str, list[str]] = {digit: [] for digit in titles}
    bases = ""
    for section in sections:
        if heading := re.match(r"## HPT(\d)", section):
            families[heading[1]].append(section)
        else:
            bases += section
    head = head.replace("(#base-specs)", f"({_BASES})")
    head = re.sub(r"\| HPT(\d)xx \|", lambda m: f"| [HPT{m[1]}xx]({family_page(m[1])}) |", head)
    pages = {PAGE: head + "\n".join(_overview(d, titles[d], families[d]) for d in titles)}
    for digit, title in titles.items():
        body = _BASE_ANCHOR.sub(rf"({_BASES}#\1)", "".join(families[digit]))
        pages[family_page(digit)] = f"# HPT{digit}xx: {_without_links(title)}\n\n{body}"
    pages[_BASES] = re.sub(r"^#(#+) ", r"\1 ", bases, flags=re.MULTILINE)
    return pages


def family_page(digit: str) -> str:
    """The name of the page of a family."""
    return f"rules-{digit}xx.md"


def page_of(anchor: str) -> str:
    """The name of the page that has an anchor of docs/rules.md."""
    if rule := re.match(r"hpt(\d)", anchor):
        return family_page(rule[1])
    return _BASES if anchor.startswith("base-") else PAGE


def anchor_of(title: str) -> str:
    """The anchor of a heading, as on GitHub."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _overview(digit: str, title: str, sections: list[str]) -> str:
    lines = []
    for section in sections:
        heading = section.partition("\n")[0].removeprefix("## ")
        code, _, summary = heading.partition(": ")
        lines.append(f"- [{code}]({family_page(digit)}#{anchor_of(heading)}): {summary}\n")
    return f"## HPT{digit}xx: {_without_links(title)}\n\n{''.join(lines)}"


def _without_links(text: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)

"""Every rule, in the order of its code. To add one: write it in its family's file, list it there."""

from hptc.rules import search_space, structure

FAMILIES = (
    structure,
    search_space,
)

RULES = tuple(rule for family in FAMILIES for rule in family.RULES)

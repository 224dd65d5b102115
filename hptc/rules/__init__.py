"""Every rule, in the order of its code. To add one: write it in its family's file, list it there."""

from hptc.rules import (
    algorithm,
    completion,
    data,
    encryption,
    hardware,
    hyperparameters,
    isolation,
    limits,
    objective,
    resources,
    search_size,
    search_space,
    security,
    stopping,
    strategy,
    structure,
)

FAMILIES = (
    structure,
    search_space,
    hyperparameters,
    search_size,
    strategy,
    algorithm,
    objective,
    limits,
    resources,
    hardware,
    stopping,
    completion,
    data,
    security,
    isolation,
    encryption,
)

RULES = tuple(rule for family in FAMILIES for rule in family.RULES)

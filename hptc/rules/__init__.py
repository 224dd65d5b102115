"""Every rule, in the order of its code. To add one: write it in its family's file, list it there."""

from hptc.rules import (
    algorithm,
    channels,
    checkpoints,
    completion,
    data,
    encryption,
    hardware,
    hyperparameters,
    isolation,
    limits,
    metrics,
    objective,
    resources,
    search_size,
    search_space,
    security,
    stopping,
    strategy,
    structure,
    tunables,
)

FAMILIES = (
    structure,
    search_space,
    hyperparameters,
    search_size,
    strategy,
    algorithm,
    tunables,
    objective,
    metrics,
    limits,
    resources,
    hardware,
    stopping,
    completion,
    data,
    channels,
    checkpoints,
    security,
    isolation,
    encryption,
)

RULES = tuple(rule for family in FAMILIES for rule in family.RULES)

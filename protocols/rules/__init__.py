"""Lint: small functions, each of which returns all of its own findings as values."""

from collections.abc import Callable, Iterable
from typing import Final

from protocols.errors import Finding
from protocols.rules import (
    anytime,
    conduct,
    decision,
    effects,
    expressions,
    hypotheses,
    looks,
    margins,
    methods,
    monitoring,
    names,
    outcomes,
    people,
    plan,
    re_estimation,
    sharing,
    simulation,
    text,
)
from protocols.schema import Protocol

Rule = Callable[[Protocol], Iterable[Finding]]

RULES: Final[tuple[Rule, ...]] = (
    *names.RULES,
    *outcomes.RULES,
    *hypotheses.RULES,
    *margins.RULES,
    *methods.RULES,
    *sharing.RULES,
    *plan.RULES,
    *monitoring.RULES,
    *looks.RULES,
    *re_estimation.RULES,
    *simulation.RULES,
    *effects.RULES,
    *expressions.RULES,
    *decision.RULES,
    *conduct.RULES,
    *people.RULES,
    *text.RULES,
    *anytime.RULES,
)


def lint(protocol: Protocol) -> list[Finding]:
    """Every finding of every rule; the places in the file are put in by the loader."""
    return [finding for rule in RULES for finding in rule(protocol)]

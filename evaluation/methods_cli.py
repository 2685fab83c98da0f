"""`equipoise methods`: what a protocol can register, and what stands behind each word."""

import difflib
import json
from dataclasses import asdict

import click

from evaluation.methods import (
    TITLES,
    Described,
    defaults_markdown,
    described,
    markdown,
    parameter_words,
)
from gateway.store.commands import json_option
from protocols.errors import UsageError
from protocols.methods.defaults import DEFAULTS
from protocols.methods.measures import MEASURES


@click.group(epilog="Example:  equipoise methods show tango_score")
def methods() -> None:
    """List the methods that a protocol can register, or show one."""


@methods.command(name="list", epilog="Example:  equipoise methods list --family discrimination")
@click.option("--family", type=click.Choice(list(TITLES)), help="Only this family.")
@click.option("--measure", type=click.Choice(list(MEASURES)), help="Only what fits a measure.")
@click.option("--markdown", "as_markdown", is_flag=True, help="As the README's section.")
@click.option("--defaults", "only_defaults", is_flag=True, help="The recommended tests alone.")
@json_option
def list_(
    *,
    family: str | None,
    measure: str | None,
    as_markdown: bool,
    only_defaults: bool,
    as_json: bool,
) -> None:
    """List every word with its title, family by family."""
    if only_defaults:
        _defaults(measure, as_markdown=as_markdown, as_json=as_json)
        return
    if as_markdown:
        click.echo(markdown(), nl=False)
        return
    known = [item for item in described(family) if measure in (None, *item.measures)]
    if as_json:
        click.echo(json.dumps([item.as_dict() for item in known], sort_keys=True))
        return
    width = max((len(item.word) for item in known), default=0)
    for title in (name for name in TITLES if any(item.family == name for item in known)):
        click.echo(f"{TITLES[title]}")
        for item in (item for item in known if item.family == title):
            use = "test" if item.place.startswith("hypotheses") else "estimator"
            click.echo(f"  {item.word:<{width}}  {use:<9}  {item.title}")


def _defaults(measure: str | None, *, as_markdown: bool, as_json: bool) -> None:
    """The test to take for each measure, for independent pairs and within subjects."""
    lines = [line for line in DEFAULTS if measure in (None, line.measure)]
    if as_markdown:
        click.echo(defaults_markdown(), nl=False)
        return
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], sort_keys=True))
        return
    click.echo(f"{'measure':<27}{'independent pairs':<29}{'within subjects':<29}where")
    for line in lines:
        row = f"{line.measure:<27}{line.independent:<29}{line.clustered:<29}{line.when}"
        click.echo(row.rstrip())


@methods.command(epilog="Example:  equipoise methods measures --json")
@json_option
def measures(*, as_json: bool) -> None:
    """List the measures that an endpoint can have, and what each asks for."""
    if as_json:
        known = {word: asdict(spec) for word, spec in MEASURES.items()}
        click.echo(json.dumps(known, sort_keys=True))
        return
    width = max(len(word) for word in MEASURES)
    for word, spec in MEASURES.items():
        asks = "".join(f"; {p.name}: {parameter_words(p)}" for p in spec.parameters)
        click.echo(f"{word:<{width}}  {spec.title}{asks}")


@methods.command(epilog="Example:  equipoise methods show delong --json")
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show what NAME means: method, source, what must be registered, limits, checks."""
    found = [item for item in described() if item.word == name]
    if not found:
        raise UsageError("METHOD_UNKNOWN", _unknown(name))
    (item,) = found
    click.echo(json.dumps(item.as_dict(), sort_keys=True) if as_json else "\n".join(_page(item)))


def _unknown(name: str) -> str:
    words = [item.word for item in described()]
    near = difflib.get_close_matches(name, words, n=3)
    meant = f" Near it: {', '.join(near)}." if near else ""
    return f"No method has the name {name}.{meant} `equipoise methods list` names all."


def _page(item: Described) -> list[str]:
    rows = [
        ("method", item.sentence),
        ("source", item.citation),
        ("registered", item.place),
        ("measures", ", ".join(item.measures)),
        ("pairs", item.pairs),
    ]
    if item.scale:
        rows.append(("effect", item.scale))
    if item.intervals:
        rows.append(("intervals", ", ".join(item.intervals)))
    rows += [("parameter", f"{p.name}: {parameter_words(p)}") for p in item.parameters]
    if item.draws:
        rows.append(("resampling", "seed and resamples are registered"))
    rows += [("limits", item.limits)]
    rows += [("checked by", witness) for witness in item.witnesses]
    return [f"{item.word}: {item.title}", *(f"  {label:<11} {text}" for label, text in rows)]

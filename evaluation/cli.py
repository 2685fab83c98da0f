"""`equipoise look`: run, show and verify a registered look."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from evaluation.look import Conducted, run_look, show_look, verify_look
from evaluation.results import AlarmEntry, HypothesisResult, LookResults
from evaluation.sentences import three
from gateway.store.commands import actor_option, folder_option, json_option, opened_trial

DIFFERS = 1
PLACES = 20  # that are printed

LOOK = click.argument("look_id", metavar="LOOK")


@click.group(epilog="Example:  equipoise look run L1 --folder ./my-trial")
def look() -> None:
    """Lock and run a registered look, or show one."""


@look.command(epilog="Example:  equipoise look run L1 --folder ./my-trial")
@LOOK
@folder_option
@actor_option
@json_option
def run(look_id: str, *, folder: Path, actor: str, as_json: bool) -> None:
    """Lock the data of LOOK, conduct it once, store and print what it found.

    Exit status 0: conducted. 4: the registered plan refuses it now; the attempt is on record.
    """
    now_us = time.time_ns() // 1000
    with opened_trial(folder) as (store, trial):
        found = run_look(store, trial, look_id, actor=actor, at_us=now_us)
    _print(found, as_json=as_json)


@look.command(epilog="Example:  equipoise look show L1 --folder ./my-trial --json")
@LOOK
@folder_option
@json_option
def show(look_id: str, *, folder: Path, as_json: bool) -> None:
    """Print what LOOK found, from the store; --json prints the stored bytes."""
    with opened_trial(folder) as (store, trial):
        found = show_look(store, trial, look_id)
    _print(found, as_json=as_json)


@look.command(epilog="Example:  equipoise look verify L1 --folder ./my-trial")
@LOOK
@folder_option
@json_option
def verify(look_id: str, *, folder: Path, as_json: bool) -> None:
    """Conduct LOOK again from its lock and compare, byte for byte; replay its log of all looks.

    Exit status 0: the same bytes. 1: other bytes, or a log that does not replay.
    """
    with opened_trial(folder) as (store, trial):
        verified = verify_look(store, trial, look_id)
    if as_json:
        facts: dict[str, object] = {
            "look": look_id,
            "lock": verified.lock_id,
            "same": verified.same,
        }
        digests = {"stored": verified.stored, "again": verified.again}
        facts["log"] = [departure.sentence() for departure in verified.log]
        facts["places"] = list(verified.places)
        click.echo(json.dumps(facts | digests, sort_keys=True))
    elif verified.same:
        click.echo(f"The same bytes: results.json {verified.stored}")
        click.echo("Its log of all looks so far replays to the same bounds.")
    else:
        click.echo("Other bytes than stored: take this result for unverified.")
        click.echo(f"  stored {verified.stored}")
        click.echo(f"  again  {verified.again}")
        for place in verified.places[:PLACES]:
            click.echo(f"  value  {place}")
        if len(verified.places) > PLACES:
            click.echo(f"  and {len(verified.places) - PLACES} more; --json names all of them")
        for departure in verified.log:
            click.echo(f"  log    {departure.sentence()}")
    sys.exit(0 if verified.same else DIFFERS)


def _print(found: Conducted, *, as_json: bool) -> None:
    if as_json:
        click.echo(found.content.decode())
    else:
        click.echo("\n".join(lines_of(found.results, found.sha256)))


def lines_of(results: LookResults, sha256: str) -> list[str]:
    """Verdict first, then the recommendation, the numbers, and the digests."""
    facts = results.facts
    return [
        results.headline,
        f"{results.recommendation.sentence} [{results.recommendation.recommendation}]",
        "",
        f"{facts.trial}  look {facts.look}, number {facts.counted}, {facts.status}:"
        f" {facts.evaluable_pairs} evaluable pairs, {facts.planned_pairs} planned",
        *([] if results.re_estimation is None else [results.re_estimation.sentence]),
        "",
        *_table([HEAD, *(_row(h) for h in results.hypotheses)]),
        "",
        *_table([INFERENCES, *(row for h in results.hypotheses for row in _inferences(h))]),
        "",
        *(f"{s.id}: {s.sentence}" for s in results.safety),
        *(line for alarm in results.alarms for line in _alarm_lines(alarm)),
        "",
        f"protocol {results.digests.protocol}",
        f"lock     {results.digests.lock}",
        f"results  sha256:{sha256}",
    ]


def _alarm_lines(alarm: AlarmEntry) -> Iterator[str]:
    yield f"{alarm.rule} asked to {alarm.action} between looks: {alarm.detail}"
    if alarm.resumed_at is not None:
        yield f"  resumed {alarm.resumed_at} by {alarm.resumed_by}: {alarm.resumed_reason}"
    elif alarm.holds:
        held = "stopped" if alarm.action == "stop" else "paused, and nobody has resumed it"
        yield f"  the trial is {held}"


HEAD = ("hypothesis", "endpoint", "verdict", "effect", "interval", "margin", "z", "bound")


def _row(result: HypothesisResult) -> tuple[str, ...]:
    interval = result.primary.intervals[0] if result.primary.intervals else None
    bound = result.boundaries[-1]
    return (
        result.id,
        result.endpoint,
        result.verdict,
        _effect(result),
        f"{three(interval.low)} to {three(interval.high)} ({interval.kind})" if interval else "–",
        f"{result.margin:g}" if result.margin is not None else "–",
        _number(bound.statistic),
        _number(bound.z),
    )


INFERENCES = ("hypothesis", "inference", "estimate", "interval", "level", "p one-sided", "")


def _inferences(result: HypothesisResult) -> Iterator[tuple[str, ...]]:
    """Naive, repeated and stage-wise beside one another, the registered one marked."""
    found = result.sequential
    if found is None:
        return
    for item in found.inferences:
        yield (
            result.id,
            item.kind.replace("_", " "),
            three(item.estimate),
            " to ".join("no limit" if x is None else three(x) for x in (item.low, item.high)),
            f"{100 * item.level:.6g} %",
            f"{item.p_value:.3g}",
            "the claim" if item.claim else "",
        )
    if found.bias_adjusted is not None:
        yield (result.id, "bias adjusted", three(found.bias_adjusted), "–", "–", "–", "")


def _effect(result: HypothesisResult) -> str:
    """The estimate; a ratio says that it is one."""
    estimate = result.primary.estimate
    if estimate is None or result.scale != "ratio":
        return _number(estimate)
    return f"ratio {three(estimate)}"


def _number(value: float | None) -> str:
    return "–" if value is None else three(value)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]

"""`equipoise safety`: the rules that are read between looks, after every outcome."""

import json
import math
import sys
import time
from pathlib import Path

import click

from evaluation.safety_processes import is_paired
from evaluation.safety_round import Round, watch_round
from evaluation.safety_watch import Watched
from evaluation.sentences import three
from gateway.store.alarms import hold_of, resume
from gateway.store.commands import actor_option, folder_option, json_option, opened_trial
from protocols.errors import StoreError

RAISED = 1
SHORT = {
    "logarithm of the e-value": "log e",
    "log-likelihood ratio": "log ratio",
    "logarithm of 1/p": "log 1/p",
}


@click.group(epilog="Example:  equipoise safety watch --folder ./my-trial --once")
def safety() -> None:
    """Safety between looks. It shows how the arms fare: for those who may be unmasked."""


@safety.command("watch", epilog="Example:  equipoise safety watch --folder ./my-trial --once")
@folder_option
@click.option("--once", is_flag=True, help="Read the rules once and end.")
@click.option(
    "--interval",
    type=click.FloatRange(1, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds between two readings.",
)
@actor_option
@json_option
def watch_command(folder: Path, *, once: bool, interval: float, actor: str, as_json: bool) -> None:
    """Read every registered rule after every outcome so far; record an alarm once.

    Nothing is taken from the alpha of a hypothesis. With --once, exit status 0: no alarm stands.
    1: one does. Without it a store that is away is waited out.
    """
    with opened_trial(folder) as (store, trial):
        while True:
            try:
                at_us = time.time_ns() // 1000
                found = watch_round(store, trial, actor=actor, at_us=at_us, past=False)
            except StoreError as error:
                if once:
                    raise
                click.echo(f"equipoise: {error.code}: {error}", err=True)
                time.sleep(interval)
                continue
            click.echo(json.dumps(_document(found)) if as_json else "\n".join(_lines(found)))
            if once:
                sys.exit(RAISED if found.alarms else 0)
            time.sleep(interval)


@safety.command(
    "resume",
    epilog="Example:  equipoise safety resume --folder ./my-trial --alarm MISSES"
    ' --by "Ada Lovelace" --reason "The board has reviewed the cases."',
)
@folder_option
@click.option("--alarm", "rule", required=True, help="The rule whose pause is resumed.")
@click.option("--by", required=True, help="The person who resumes, by name.")
@click.option("--reason", required=True, help="Why the candidate may be asked again.")
@actor_option
@json_option
def resume_command(
    folder: Path, *, rule: str, by: str, reason: str, actor: str, as_json: bool
) -> None:
    """Let the candidate be asked again after a rule has paused that; on record for good.

    Exit status 0: resumed. 4: refused, because the rule has paused nothing, has stopped the
    trial, or was resumed before; the attempt is on record.
    """
    with opened_trial(folder) as (store, trial):
        at_us = time.time_ns() // 1000
        row = resume(store, trial, rule, by=by, reason=reason, actor=actor, at_us=at_us)
        hold = hold_of(store, trial)
    if as_json:
        said = {"rule": row.rule, "resumed_by": row.resumed_by, "reason": row.reason}
        click.echo(json.dumps(said | {"held": hold.word, "held_by": list(hold.rules)}))
        return
    click.echo(f"{row.rule} resumed by {row.resumed_by}: {row.reason}")
    if hold.word:
        click.echo(f"The trial is still {hold.word} by {', '.join(hold.rules)}.")


def _document(found: Round) -> dict[str, object]:
    merged, fates = found.watch.merged, found.watch.fates
    return {
        "rules": [_rule(one) for one in found.watch.rules],
        "groups": [
            {
                "id": one.group.id,
                "merge": one.group.merge,
                "action": one.group.action,
                "alpha": one.group.alpha,
                "statistic": one.statistic,
                "shown": list(one.shown),
                "raised_by": None if one.raised_by is None else one.raised_by.pair_id,
            }
            for one in found.watch.groups
        ],
        "merged": None
        if merged is None
        else {"rules": list(merged.rules), "log_e": merged.log_e, "p_value": merged.p_value},
        "fates": {
            "n": fates.n,
            "counts": fates.counts,
            "against": fates.against,
            "log_e": fates.log_e,
            "p_value": fates.p_value,
        },
        "raised": list(found.raised),
        "alarms": [
            {
                "rule": row.rule,
                "action": row.action,
                "severity": row.severity,
                "detail": row.detail,
                "pair_id": row.pair_id,
                "n_units": row.n_units,
                "entered_at_us": row.entered_at_us,
                "raised_at_us": row.raised_at_us,
                "actor": row.actor,
            }
            for row in found.alarms
        ],
    }


def _rule(one: Watched) -> dict[str, object]:
    unit = one.raised_by
    return {
        "id": one.rule.id,
        "method": one.rule.method,
        "action": one.rule.action,
        "unit": one.rule.unit,
        "n_units": len(one.units.cases),
        "n_events": sum(case.value for case in one.units.cases),
        "n_unsettled": one.units.n_unsettled,
        "n_left_out": one.units.n_left_out,
        "limit": one.rule.limit,
        "alpha": one.rule.alpha,
        "statistic": one.statistic,
        "bound": one.process.bound if math.isfinite(one.process.bound) else None,
        "is_log_e": one.process.log_e,
        "ended": one.process.ended,
        "raised_after": one.raised_after,
        "raised_by": None if unit is None else unit.pair_id,
        "raised_ordinal": None if unit is None else unit.ordinal,
        "raised_entered_at_us": None if unit is None else unit.entered_at_us,
    }


def _lines(found: Round) -> list[str]:
    """Alarms first, then each rule, the harms together, and the mirror's fates."""
    lines = [f"{a.rule} asks to {a.action} ({a.severity}): {a.detail}" for a in found.alarms]
    lines += [] if lines else ["No alarm."]
    lines += [_line(one) for one in found.watch.rules]
    lines += [
        f"  {one.group.id}: {one.group.merge.replace('_', '-')} of {', '.join(one.group.rules)},"
        f" log e {three(one.statistic)}{'' if one.raised_by is None else ', raised'}"
        for one in found.watch.groups
    ]
    merged, fates = found.watch.merged, found.watch.fates
    if merged is not None and len(merged.rules) > 1:
        lines.append(f"  together: log e {three(merged.log_e)}, p {three(merged.p_value)}")
    lines.append(
        f"  mirror: {fates.n} fates against {fates.against}, change p {three(fates.p_value)}"
    )
    return lines


def _line(one: Watched) -> str:
    n, k = len(one.units.cases), sum(case.value for case in one.units.cases)
    name = SHORT.get(one.process.name, one.process.name)
    value = "–" if one.statistic is None else three(one.statistic)
    ended = f", ended: {one.process.ended.replace('_', ' ')}" if one.process.ended else ""
    raised = "" if one.raised_after is None else f", raised after {one.raised_after}"
    found = f"excess {k:g} in {n}" if is_paired(one.rule) else f"{k:g} of {n}"
    bound = three(one.process.bound) if math.isfinite(one.process.bound) else "–"
    return (
        f"  {one.rule.id}: {found} {one.rule.unit}s, {name} {value}, bound {bound}{ended}{raised}"
    )

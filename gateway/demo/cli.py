"""`equipoise demo`: a whole trial on real patients, on this machine."""

import json
import signal
from pathlib import Path
from types import FrameType

import click


@click.command(epilog="Example:  equipoise demo --folder ./first-trial")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where everything is written. Replaced when an earlier demo made it; refused otherwise.",
)
@click.option("--keep", is_flag=True, help="Refuse instead of replacing an earlier demo's folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def demo(folder: Path, *, keep: bool, as_json: bool) -> None:
    """Run a whole trial on real patients, on this machine.

    Is a recurrence model trained on one cohort non-inferior to the Nottingham Prognostic Index in
    another? Registers the protocol, serves 2,982 patients, kills the candidate for a second on the
    way, runs both registered looks, and writes the report. Takes about a minute.
    """
    # Imported here: `equipoise demo --help` need not load an HTTP client.
    from gateway.demo.children import Children
    from gateway.demo.display import choose_display
    from gateway.demo.folder import SUMMARY, fresh
    from gateway.demo.runner import Demo
    from gateway.demo.summary import lines, summarise

    display = choose_display(as_json=as_json)
    made = fresh(folder, keep=keep)
    signal.signal(signal.SIGTERM, _end)
    try:
        with Children(made.logs) as children:
            run = Demo(made, children, display).run()
    except KeyboardInterrupt:
        display.say("Stopped; every process of the demo has ended.")
        raise SystemExit(130) from None
    summary = summarise(run)
    (made.root / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    if as_json:
        click.echo(json.dumps(summary, indent=2))
        return
    for line in lines(summary):
        display.say(line)


def _end(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does: in order."""
    raise KeyboardInterrupt

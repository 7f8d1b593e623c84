"""The command line: parsing, progress and printing; no logic."""

from __future__ import annotations

import signal
import sys
import warnings
from typing import Annotated

import typer

from edgewise import __version__
from edgewise.cli.attack import attack
from edgewise.cli.audit import audit
from edgewise.cli.benchmark import benchmark
from edgewise.cli.campaigns import export, import_, status
from edgewise.cli.compare import compare
from edgewise.cli.demo import demo
from edgewise.cli.label import label
from edgewise.cli.picture import picture
from edgewise.cli.query import query
from edgewise.cli.report import report
from edgewise.cli.reproduce import reproduce
from edgewise.cli.retrain import retrain
from edgewise.cli.theory import theory


INTERRUPTED, TERMINATED = 130, 143

app = typer.Typer(
    name="edgewise",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"edgewise {__version__}")
        raise typer.Exit


@app.callback()
def edgewise(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Adversarial active learning: find the decision boundary, label there, and learn when that helps."""


app.command("demo")(demo)
app.command("attack")(attack)
app.command("retrain")(retrain)
app.command("query")(query)
app.command("label")(label)
app.command("status")(status)
app.command("export")(export)
app.command("import")(import_)
app.command("audit")(audit)
app.command("compare")(compare)
app.command("reproduce")(reproduce)
app.command("picture")(picture)
app.command("report")(report)
app.add_typer(theory, name="theory")
app.add_typer(benchmark, name="benchmark")


def main() -> None:
    """Run a command; say what is wrong in one paragraph, without a traceback or a path of the code."""
    from edgewise.arrays import InputError
    from edgewise.importing import MissingExtraError

    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        with warnings.catch_warnings():
            # loky says so whenever it replaces an idle worker; no cell is lost by it.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
            warnings.showwarning = _warn
            app()
    except (InputError, MissingExtraError) as error:
        _stop(f"edgewise: {error}", 2)
    except SystemExit as stop:
        if stop.code in (INTERRUPTED, TERMINATED):
            _stop(
                "edgewise: stopped. What was finished is kept; the same command goes on from there.",
                int(stop.code),
            )
        raise
    except OSError as error:
        _stop(f"edgewise: {error.strerror or error}: {error.filename or ''}".rstrip(": "), 1)
    finally:
        signal.signal(signal.SIGTERM, before)


def _warn(message: Warning | str, *_where: object) -> None:
    sys.stderr.write(f"edgewise: warning: {' '.join(str(message).split())}\n")


def _terminate(_signal: int, _frame: object) -> None:
    """Leave by the way of Ctrl-C, so that workers and engines are stopped too."""
    raise SystemExit(TERMINATED)


def _stop(message: str, code: int) -> None:
    sys.stderr.write(message + "\n")
    sys.exit(code)

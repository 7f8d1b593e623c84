"""The command line: parsing, progress and printing; no logic."""

from __future__ import annotations

import sys
import warnings

import typer

from edgewise.cli.attack import attack
from edgewise.cli.audit import audit
from edgewise.cli.compare import compare
from edgewise.cli.demo import demo
from edgewise.cli.picture import picture
from edgewise.cli.query import query
from edgewise.cli.report import report
from edgewise.cli.reproduce import reproduce
from edgewise.cli.retrain import retrain
from edgewise.cli.theory import theory


INTERRUPTED = 130

app = typer.Typer(
    name="edgewise",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Adversarial active learning: find the decision boundary, label there, and learn when that helps.",
)
app.command("demo")(demo)
app.command("attack")(attack)
app.command("retrain")(retrain)
app.command("query")(query)
app.command("audit")(audit)
app.command("compare")(compare)
app.command("reproduce")(reproduce)
app.command("picture")(picture)
app.command("report")(report)
app.add_typer(theory, name="theory")


def main() -> None:
    """Run a command; say what is wrong in one paragraph, without a traceback."""
    from edgewise.arrays import InputError
    from edgewise.registry import MissingExtraError

    # joblib says so whenever it replaces an idle worker; no cell is lost by it.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
    try:
        app()
    except (InputError, MissingExtraError) as error:
        _stop(f"edgewise: {error}", 2)
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            _stop(
                "edgewise: stopped. What was finished is kept; the same command goes on from there.",
                INTERRUPTED,
            )
        raise
    except OSError as error:
        _stop(f"edgewise: {error.strerror or error}: {error.filename or ''}".rstrip(": "), 1)


def _stop(message: str, code: int) -> None:
    sys.stderr.write(message + "\n")
    sys.exit(code)

"""`fineline`: the root of the command line.

Commands declare themselves in the entry-point group `fineline.commands`; one is imported only when
it is called or its help is asked for.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint, entry_points, version
from typing import NoReturn

import click

from features.errors import FinelineError

GROUP = "fineline.commands"
#: What `fineline --help` says of each command, so that it need not import them all.
SHORT_HELP = {
    "simulate": "Write a year of a synthetic agency with known truth.",
    "ingest": "Turn mailboxes, message networks and CRM exports into events.",
    "train": "Train, judge and register a model; make it champion if it passes.",
    "evaluate": "Judge a registered model on touches.",
    "score": "Decide about every open thread at a moment.",
    "offpolicy": "What a log of drawn decisions tells of policies and of a touch.",
    "promote": "Make a version the champion.",
    "rollback": "Make the champion's predecessor champion again.",
    "shadow": "Put a version in shadow, or show how it does beside the champion.",
    "serve": "Serve the API.",
    "keys": "Make, list and revoke API keys.",
    "users": "Let people sign in on the page, list them, and end it.",
    "audit": "Show who did what: erasures, exports, keys, rules, models.",
    "replay": "Make a decision on record once more, and compare every bit.",
    "rebuild": "Make the state of stored threads and people anew from the events.",
    "webhooks": "Say who is told, by signed messages, of what happens here.",
    "yardstick": "Train and judge on the real histories; write a report.",
    "playout": "Let policies act in simulated worlds; compare what it comes to.",
    "demo": "Simulate an agency, train on it, and serve: what `make run` does.",
}
_INTERNAL_ERROR = 70
_INTERRUPTED = 130


class Commands(click.Group):
    """A group whose commands come from entry points."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of `SHORT_HELP`, then any others."""
        known = {e.name for e in entry_points(group=GROUP)}
        return [n for n in SHORT_HELP if n in known] + sorted(known - set(SHORT_HELP))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command called `cmd_name`."""
        found = [e for e in entry_points(group=GROUP) if e.name == cmd_name]
        return _load(found[0]) if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, SHORT_HELP.get(n, "")) for n in self.list_commands(ctx)])


def _load(entry: EntryPoint) -> click.Command:
    command: click.Command = entry.load()
    return command


@click.group(cls=Commands)
@click.version_option(version("fineline"), prog_name="fineline")
@click.option("--debug", is_flag=True, help="Show the trace of an unexpected error.")
def root(debug: bool) -> None:
    """Tells a recruiter whether one more follow-up will land or annoy.

    \b
    Example:
      fineline train --events data/events.parquet
    """
    # LightGBM's and numba's threads wait quietly instead of burning a core they have no work for.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if debug:
        os.environ["FINELINE_DEBUG"] = "1"


def main() -> None:
    """Run the command line; every failure is one sentence and an exit status."""
    try:
        # Outside of its standalone mode click gives back the status of ctx.exit.
        status = root.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Abort as error:
        # Click takes the end of a truncated file for the end of what a person typed.
        if isinstance(error.__cause__, EOFError):
            _unexpected(error.__cause__)
        _leave("Stopped.", _INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except FinelineError as error:
        _leave(f"Error: {error}", 1)
    except KeyboardInterrupt:
        _leave("Stopped.", _INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        _unexpected(error)


def _unexpected(error: Exception) -> NoReturn:
    if os.environ.get("FINELINE_DEBUG"):
        raise error
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    _leave(f"Unexpected {what}; run `fineline --debug ...` for a trace.", _INTERNAL_ERROR)


def _leave(text: str, status: int) -> NoReturn:
    click.echo(text, err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()

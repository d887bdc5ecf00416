"""`fineline ingest`: other people's files to events."""

from __future__ import annotations

from pathlib import Path

import click

_PATH = click.Path(path_type=Path)
_OUT = click.option(
    "--out",
    required=True,
    type=_PATH,
    help="Where to write the events: .parquet, .csv or .jsonl.",
)


@click.group()
def ingest() -> None:
    """Turn a mailbox, a message network or an export into events.

    \b
    Example:
      fineline ingest mbox ~/Mail --me ann@example.org --out events.parquet
    """


@ingest.command()
@click.argument("path", type=_PATH)
@_OUT
def messages(path: Path, out: Path) -> None:
    """A network of messages, `sender recipient unix_seconds` per line, plain or gzip.

    A thread is a pair of which one side wrote first: its messages until the answer are touches by
    e-mail, the other side's first message is the reply and ends it.

    \b
    Example:
      fineline ingest messages messages.txt.gz --out events.parquet
    """
    from features.ingest.messages import read_messages

    _require_format(out)
    table, read = read_messages(path)
    _write(table, path, out, read.sentence())


@ingest.command()
@click.argument("path", type=_PATH)
@click.option(
    "--me",
    "me",
    required=True,
    multiple=True,
    help="An address of your organisation; give it again for each one.",
)
@_OUT
def mbox(path: Path, me: tuple[str, ...], out: Path) -> None:
    """A mailbox: an mbox file, a Maildir, or a folder of either.

    Mails from --me are touches, what others answer to them are replies, bounces, automatic
    answers, opt-outs, complaints and meetings.

    \b
    Example:
      fineline ingest mbox archive.mbox --me ann@example.org --me jobs@example.org \\
          --out events.parquet
    """
    from tqdm import tqdm

    from features.ingest.mail_files import mail_files
    from features.ingest.mbox import read_mailbox

    _require_format(out)
    size = sum(file.stat().st_size for file in mail_files(path))
    with tqdm(total=size, unit="B", unit_scale=True, desc="mail", disable=None) as bar:
        table, read = read_mailbox(path, me, bar.update)
    _write(table, path, out, read.sentence())


@ingest.command("csv")
@click.argument("path", type=_PATH)
@click.option(
    "--map",
    "map_name",
    required=True,
    help="A map file, or a ready map by name: greenhouse, hubspot or salesforce.",
)
@_OUT
def mapped_csv(path: Path, map_name: str, out: Path) -> None:
    """A CSV export of another system, its columns and values mapped by a file.

    \b
    Example:
      fineline ingest csv calls.csv --map hubspot --out events.parquet
      fineline ingest csv activities.csv --map my-map.yaml --out events.parquet
    """
    from tqdm import tqdm

    from features.ingest.activity_map import load_map
    from features.ingest.mapped_csv import read_mapped_csv

    _require_format(out)
    activity_map = load_map(map_name)
    with tqdm(unit=" rows", desc="rows", disable=None) as bar:
        mapped = read_mapped_csv(path, activity_map, bar.update)
    _write(mapped.table, path, out, mapped.sentence())


def _require_format(out: Path) -> None:
    """Refuse an unknown suffix before the work, not after it."""
    from features.events.formats import file_format

    file_format(out)


def _write(table: object, path: Path, out: Path, summary: str) -> None:
    from features.events.files import write_events
    from features.events.validate import validate_events

    write_events(validate_events(table, str(path)), out)
    click.echo(f"{summary} Written to {out}.")

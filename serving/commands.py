"""Commands of those who run the service: serve, score, demo."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from features.errors import BadInput, BadSetting

if TYPE_CHECKING:
    from serving.settings import ServiceSettings

_file = click.Path(path_type=Path)
#: The shell's status for a process that SIGTERM ended.
_TERMINATED = 128 + signal.SIGTERM
#: The demonstration's agency is a warm one: on a cold one most answers are "stop".
_WORLD = "fatigue"


@click.command()
@click.option("--host", help="Address to listen on; default 127.0.0.1.")
@click.option("--port", type=int, help="Port to listen on; default 8000.")
@click.option("--workers", type=int, help="Server processes; default 1.")
@click.option("--tracking-uri", help="MLflow server or database; default: local SQLite.")
def serve(
    host: str | None, port: int | None, workers: int | None, tracking_uri: str | None
) -> None:
    """Serve the API until Ctrl-C.

    \b
    Example:
      fineline serve --port 8000
    """
    from models.settings import load_settings
    from serving.settings import ServiceSettings

    settings = load_settings(
        ServiceSettings, host=host, port=port, workers=workers, tracking_uri=tracking_uri
    )
    _run(settings)


def _run(settings: ServiceSettings) -> None:
    """Run uvicorn; its processes read the settings from the environment."""
    import uvicorn

    from serving.logs import configure

    _require_free(settings.host, settings.port)
    configure(settings.log_format, settings.log_requests)
    os.environ["FINELINE_HOME"] = str(settings.home)
    # Whether keys are required follows from it.
    os.environ["FINELINE_HOST"] = settings.host
    if settings.tracking_uri:
        # The name that is looked at first.
        os.environ["FINELINE_TRACKING_URI"] = settings.tracking_uri
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _leave_when_terminated(0)
    click.echo(f"fineline answers on {_address(settings)} in a moment (Ctrl-C stops it).")
    if settings.keys_required:
        click.echo("Whoever asks needs a key: `fineline keys create` makes one (docs/access.md).")
    # Ctrl-C is how a server is meant to end: uvicorn shuts down, then hands the signal on.
    with contextlib.suppress(KeyboardInterrupt), _shared_metrics(settings.workers):
        uvicorn.run(
            "serving.app:from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers if settings.workers > 1 else None,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


def _leave_when_terminated(status: int) -> None:
    """End with `status` on SIGTERM; subprocesses are stopped on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(status))


@contextlib.contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """A folder in which several server processes add up their metrics, while they run."""
    if workers == 1:
        yield
        return
    from serving.settings import METRICS_FOLDER

    with tempfile.TemporaryDirectory(prefix="fineline-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        yield


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadSetting(
                f"cannot listen on {host}:{port} ({reason}); choose another with --port"
            ) from None


@click.command()
@click.option("--events", type=_file, required=True, help="Events: Parquet, CSV or JSONL.")
@click.option("--contacts", type=_file, help="Contacts, in the same formats.")
@click.option("--campaigns", type=_file, help="When roles close, in the same formats.")
@click.option("--at", "moment", required=True, help="The moment asked about (RFC 3339).")
@click.option(
    "--count-senders",
    is_flag=True,
    help="Count from the events how senders and clients have fared by then, as a service does "
    "from its store; default: as the model knows them.",
)
@click.option("--model", "uri", help="Version, alias or models:/ URI; default: the champion.")
@click.option("--out", type=_file, required=True, help="File to write: Parquet, CSV or JSONL.")
@click.option(
    "--record",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the decisions in too, run by run; some nudges are then held at random.",
)
@click.option("--tracking-uri", help="MLflow server or database; default: local SQLite.")
def score(
    events: Path,
    contacts: Path | None,
    campaigns: Path | None,
    moment: str,
    count_senders: bool,
    uri: str | None,
    out: Path,
    folder: Path | None,
    tracking_uri: str | None,
) -> None:
    """Decide about every open thread at a moment, and write one row for each.

    With --record a share of the nudges (FINELINE_HOLD_SHARE) is held back for a week, so that
    `fineline offpolicy` can tell what touching and waiting do.

    \b
    Example:
      fineline score --events data/events.parquet --at 2026-06-01T09:00:00Z --out scores.parquet
    """
    import pyarrow as pa
    from tqdm import tqdm

    from features.events.campaigns import closings, read_campaigns
    from features.events.contacts import read_contacts
    from features.events.files import read_events, write_table
    from features.events.formats import file_format
    from features.moments import microseconds, moment_said
    from features.store.tenants import DEFAULT_TENANT
    from models import registry
    from models.settings import Settings, load_settings
    from serving.answers import to_table
    from serving.batch import chunks, decided, fares_by, open_threads
    from serving.record import Record

    at = moment_said(moment, "--at")
    file_format(out)
    settings = load_settings(Settings, tracking_uri=tracking_uri)
    decider = registry.load(settings, uri).for_tenant(DEFAULT_TENANT)
    table = read_events(events)
    people = None if contacts is None else read_contacts(contacts)
    told = None if campaigns is None else closings(read_campaigns(campaigns), microseconds(at))
    if count_senders:
        decider = decider.knowing(fares_by(table, at))
    requests = open_threads(table, people, at, told)
    record = None if folder is None else Record(folder, at)
    parts = [to_table([])]
    with tqdm(total=len(requests), unit=" threads", disable=None) as bar:
        for chunk in chunks(requests):
            parts.append(to_table(decided(decider, chunk, record)))
            bar.update(len(chunk))
    scores = pa.concat_tables(parts)
    if record is not None:
        record.keep(scores)
    write_table(scores, out)
    hints = scores["hint"].to_pylist()
    counted = ", ".join(f"{hints.count(h):,} {h}" for h in ("nudge", "wait", "stop"))
    held = f" ({sum(scores['held'].to_pylist()):,} held back)" if record is not None else ""
    click.echo(f"Wrote {len(hints):,} open threads to {out}: {counted}{held}.")


@click.command()
@click.argument("decision_id")
@click.option("--tenant", help="Whose decision; default: the one tenant there is without.")
@click.option("--tracking-uri", help="MLflow server or database; default: local SQLite.")
def replay(decision_id: str, tenant: str | None, tracking_uri: str | None) -> None:
    """Make a decision on record once more, from the history of then, and compare every bit.

    \b
    Example:
      fineline replay 365297c7d036f2b1ff3673bb
    """
    from features.store.opening import open_store
    from features.store.tenants import tenant_of
    from models import registry
    from models.settings import Settings, load_settings
    from serving.stored.replay import on_record
    from serving.stored.replay import replay as again

    owner, settings = tenant_of(tenant), load_settings(Settings, tracking_uri=tracking_uri)
    with contextlib.closing(open_store(settings)) as database:
        was = on_record(database, owner, decision_id)
        decider = registry.load(settings, was.model_version)
        found = again(database, owner, was, decider)
    if not found.same:
        what = ", ".join(found.differences) or "the features, though not the answer"
        raise BadInput(
            f"decision {decision_id} comes out otherwise now; different: {what} "
            "(another version of fineline, or another setting, than when it was made?)"
        )
    click.echo(
        f"Decision {decision_id} comes out the same to the bit: {was.hint}, by version "
        f"{was.model_version}, from {was.events:,} stored events."
    )


@click.command()
@click.option("--contacts", default=4000, show_default=True, help="People of the agency.")
def demo(contacts: int) -> None:
    """Simulate an agency, train on it, and serve: what `make run` does.

    \b
    Example:
      fineline demo
    """
    from models import registry
    from models.settings import load_settings
    from serving.flight.source import Registry
    from serving.settings import ServiceSettings

    _leave_when_terminated(_TERMINATED)
    settings = load_settings(ServiceSettings)
    # A port that is taken is worth knowing of before minutes of training.
    _require_free(settings.host, settings.port)
    # To ask the registry takes seconds; what has answered here before need not be asked about.
    if not Registry(settings).keeps and not registry.has_champion(settings):
        agency = settings.home / "agency"
        _command("simulate", "--world", _WORLD, "--contacts", str(contacts), "--seed", "1",
                 "--out", str(agency))  # fmt: skip
        _bring_to_today(settings, agency)
        _command("train", "--events", str(agency / "events.parquet"),
                 "--contacts", str(agency / "contacts.parquet"))  # fmt: skip
        _decide_about_all(settings)
    _say_what_to_do(settings)
    _run(settings)


def _bring_to_today(settings: ServiceSettings, agency: Path) -> None:
    """Move the agency's year so that some threads are open now, and store what is known by now."""
    from features.events.contacts import read_contacts
    from features.events.files import read_events, write_events
    from features.store.opening import open_store
    from features.store.tenants import DEFAULT_TENANT
    from serving.sample import fill, moved_to

    now = datetime.now(UTC)
    events = moved_to(read_events(agency / "events.parquet"), now)
    write_events(events, agency / "events.parquet")
    contacts = read_contacts(agency / "contacts.parquet")
    with contextlib.closing(open_store(settings)) as database:
        fill(database, DEFAULT_TENANT, events, contacts, now)
    click.echo(f"Stored {len(events):,} events of {len(contacts):,} contacts up to now.")


def _decide_about_all(settings: ServiceSettings) -> None:
    """Look at every open thread, so that the page's work list is whole when it is first opened."""
    from features.store.opening import open_store
    from features.store.tenants import DEFAULT_TENANT
    from models import registry
    from serving.sample_use import use
    from serving.stored.looking import look

    decider = registry.load(settings)
    with contextlib.closing(open_store(settings)) as database:
        now = datetime.now(UTC)
        count = look(database, decider, now, sys.maxsize)
        click.echo(f"Decided about the open threads of {count:,} people.")
        past = use(database, DEFAULT_TENANT, decider, now)
        click.echo(f"Put {past:,} hints of the past months on record.")


def _command(*words: str) -> None:
    """Run another command of ours as its own process; leave with its status if it fails."""
    click.echo(f"$ fineline {' '.join(words)}")
    status = subprocess.run([sys.executable, "-m", "serving.cli", *words], check=False).returncode
    if status:
        sys.exit(status)


def _address(settings: ServiceSettings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _say_what_to_do(settings: ServiceSettings) -> None:
    address = _address(settings)
    click.echo(
        f"\n  open  {address}/  (the recruiters' page; {address}/docs is the API's reference)\n"
        "  type  curl -s -H 'content-type: application/json' -d @docs/examples/score.json "
        f"{address}/v1/score | python3 -m json.tool\n"
    )

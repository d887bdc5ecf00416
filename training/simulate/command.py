"""`fineline simulate`: a synthetic agency with known truth, to files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--contacts", type=click.IntRange(1, 5_000_000), required=True, help="How many people."
)
@click.option(
    "--seed", type=click.IntRange(0), required=True, help="The same seed, the same files."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for events.parquet and contacts.parquet; made if it is not there.",
)
@click.option("--world", default="agency", show_default=True, help="Which agency; see below.")
def simulate(contacts: int, seed: int, out: Path, world: str) -> None:
    """Write a year of a synthetic agency: DIR/events.parquet and DIR/contacts.parquet.

    Worlds: agency, steady, fatigue, waking, crowded, phone_led, favourites, late_anger, seasons.

    \b
    Example:
      fineline simulate --contacts 20000 --seed 1 --out data
    """
    from features.events.files import write_events
    from features.events.parquet_format import write_parquet
    from training.simulate.history import simulate as simulated
    from training.simulate.world import assumptions
    from training.simulate.worlds import world_named

    chosen = world_named(world)
    events, people = simulated(contacts, seed, world)
    _make_folder(out)
    write_events(events, out / "events.parquet")
    write_parquet(people, out / "contacts.parquet")
    click.echo(f"World {chosen.name}: {chosen.about}.\nIts assumptions:")
    for name, value, about in assumptions(chosen):
        click.echo(f"  {name} = {value} ({about})")
    click.echo(f"Wrote {len(events):,} events of {contacts:,} contacts to {out}.")


def _make_folder(folder: Path) -> None:
    from features.errors import BadInput

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"cannot be made into a folder ({reason})", source=str(folder)) from error

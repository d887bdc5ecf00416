"""Which models were trained on this store, and so on whom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, or_, select

from features.store.tables import EVENTS, TRAININGS


@dataclass(frozen=True, slots=True)
class Training:
    """A model version that learned from stored events; `trained_us` as all times of the store."""

    model_name: str
    model_version: str
    trained_us: int


def last_seq(connection: Connection) -> int:
    """The number of the event stored last; 0 without one."""
    return int(connection.execute(select(func.max(EVENTS.c.seq))).scalar() or 0)


def add(
    connection: Connection, tenant: str, training: Training, until_seq: int, cutoff_us: int | None
) -> None:
    """Remember what a version was trained on."""
    connection.execute(
        insert(TRAININGS),
        {
            "tenant": tenant, "model_name": training.model_name,
            "model_version": training.model_version, "trained_us": training.trained_us,
            "until_seq": until_seq, "cutoff_us": cutoff_us,
        },
    )  # fmt: skip


def trained_on(connection: Connection, tenant: str, contact_id: str) -> list[Training]:
    """The versions whose training data held a person; rather one too many than one too few."""
    t, e = TRAININGS.c, EVENTS.c
    held = (
        select(e.seq)
        .where(
            e.tenant == tenant, e.contact_id == contact_id, e.seq <= t.until_seq,
            or_(t.cutoff_us.is_(None), e.recorded_us < t.cutoff_us),
        )
        .exists()
    )  # fmt: skip
    query = select(t.model_name, t.model_version, t.trained_us).where(t.tenant == tenant, held)
    return [Training(*row) for row in connection.execute(query.order_by(t.seq))]

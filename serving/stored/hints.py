"""The hint about one stored person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from features.moments import microseconds
from features.store import decisions, dials
from features.store.database import Connection, Database
from features.store.decisions import Recorded, thread_of
from models.decide import Decider
from models.hold import Since
from serving.problems import Problem
from serving.stored.budget import complaint_rates
from serving.stored.dials import answering, decider_of
from serving.stored.recorded import decide, hinted_since, record
from serving.stored.situation import Known, known_in, opted_out, request
from serving.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Hints:
    """What answering from stored history takes; a route makes one for each request."""

    database: Database
    decider: Decider
    telemetry: Telemetry
    tenant: str
    now: datetime

    def hint(self, contact_id: str, campaign_id: str | None, at: datetime | None) -> bytes:
        """The decision about a thread at `at`, now if None; as JSON. Raises Problem.

        An answer that still holds is given again.
        """
        rates, since = complaint_rates(self.database, self.tenant, self.now), None
        with self.database.reading() as connection:
            setting = dials.latest(connection, self.tenant)
            mine = replace(
                self, decider=answering(self.database, self.decider, self.tenant, setting)
            )
            if at is None:
                current = mine._current(connection, [contact_id])
                held = current.get((contact_id, thread_of(campaign_id)))
                if held is not None:
                    return held.answer.encode()
                since = hinted_since(connection, self.tenant, [contact_id])
            found = known_in(connection, self.tenant, [contact_id], rates, campaign_id)
        one = found.get(contact_id) or opted_out(self.database, self.tenant, contact_id)
        if one is None:
            raise unknown()
        return mine._anew(one, campaign_id, at, since)

    def by_dials(self) -> Hints:
        """The same by what the tenant has set."""
        return replace(self, decider=decider_of(self.database, self.decider, self.tenant))

    def _anew(
        self, found: Known, campaign_id: str | None, at: datetime | None, since: Since | None
    ) -> bytes:
        try:
            asked = request(found, campaign_id, at or self.now, self.decider.dials.utility)
            (decided,) = decide(self.decider, [asked], since)
        except Exception:
            self.telemetry.failed.inc()
            raise
        assert decided is not None
        made = record(decided, found, thread_of(campaign_id), self.now, self.decider.dials_number)
        self.keep([made])
        self.telemetry.count([decided.decision])
        return made.answer.encode()

    def current(self, contact_ids: list[str]) -> dict[tuple[str, str], Recorded]:
        """Answers on record that still hold, by contact and thread."""
        with self.database.reading() as connection:
            return self._current(connection, contact_ids)

    def _current(
        self, connection: Connection, contact_ids: list[str]
    ) -> dict[tuple[str, str], Recorded]:
        model = (self.decider.ref.name, self.decider.ref.version)
        return decisions.current(
            connection, self.tenant, contact_ids, microseconds(self.now), model,
            self.decider.dials_number,
        )  # fmt: skip

    def keep(self, made: list[Recorded]) -> None:
        """Put answers on record."""
        self.database.write(lambda c: decisions.add(c, self.tenant, made))


def unknown() -> Problem:
    """Nothing is stored about this contact."""
    return Problem(404, "Nothing is stored about this contact.")

"""How often hints were followed, why they were not, and what came of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from features.events.schema import EVENTS
from features.moments import MICROSECOND, microseconds
from features.store import feedback, history
from features.store.database import Database
from features.store.feedback import Given
from models.lags import HORIZON
from serving.stored.fates import ends
from serving.stored.tally import Tally

#: How far back, and how much feedback at most.
_BACK, _MOST = timedelta(days=400), 20_000
_AFTER_US = timedelta(days=HORIZON) // MICROSECOND
Ends = Mapping[tuple[str, str | None], tuple[int, bool]]
#: What was hinted and done; `HINTED[nudge?, followed?]`.
HINTED: Mapping[tuple[bool, bool], str] = {
    (True, True): "nudged", (True, False): "not_nudged",
    (False, True): "left_alone", (False, False): "touched_anyway",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Following:
    """Feedback of the last year: how much of it followed, reasons for the rest, what came of it.

    `since`, by what was hinted and done: how the next 30 days went where they are over; its
    `touches` are times that something was done.
    """

    followed: int = 0
    overridden: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    since: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def given(self) -> int:
        """All of it."""
        return self.followed + self.overridden


def following(database: Database, tenant: str, now: datetime) -> Following:
    """What is on record of a tenant's feedback."""
    with database.reading() as connection:
        given = feedback.given(connection, tenant, microseconds(now - _BACK), _MOST)
        contacts = sorted({one.contact_id for one in given})
        found = history.histories(connection, tenant, contacts)
    ended = ends(pa.concat_tables([EVENTS.empty_table(), *found.values()]), microseconds(now))
    actions = Counter(one.action for one in given)
    why = Counter(one.reason for one in given if one.action == "overridden" and one.reason)
    return Following(
        actions["followed"], actions["overridden"], tuple(why.most_common(6)),
        _since(given, ended, microseconds(now) - _AFTER_US),
    )  # fmt: skip


def _since(given: Sequence[Given], ended: Ends, until_us: int) -> dict[str, Tally]:
    found = dict.fromkeys(HINTED.values(), Tally())
    for one in given:
        if one.given_us > until_us:
            continue
        when, landed = ended.get((one.contact_id, one.campaign_id), (0, False))
        if when and when < one.given_us:
            continue
        soon = one.given_us <= when <= one.given_us + _AFTER_US
        kind = HINTED[one.hint == "nudge", one.action == "followed"]
        found[kind] += Tally(1, int(soon and landed), int(soon and not landed))
    return found

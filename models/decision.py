"""What is asked of the decider and what it answers: plain frozen data, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pyarrow as pa

from features.localtime import possible_zones

Hint = Literal["nudge", "wait", "stop"]
OutcomeName = Literal["land", "annoy"]
EvidenceLevel = Literal["strong", "fair", "weak", "none"]


@dataclass(frozen=True, slots=True)
class Utility:
    """What outcomes are worth, in the caller's own unit; `touch` is the cost of one attempt."""

    land: float = 1.0
    annoy: float = 2.0
    touch: float = 0.01


@dataclass(frozen=True, slots=True)
class NextTouch:
    """What is known of the touch that is considered; what is left out is as in the thread so far.

    `relevance` (0..1): how well the approach fits; `personalized`: written for this person;
    `actor_id`, `account_id`: who would reach out, and for whom.
    """

    relevance: float | None = None
    personalized: bool | None = None
    actor_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One thread at one moment.

    `history` holds validated events of this contact (`features.events.schema.EVENTS`), of all
    campaigns and actors; those recorded after `at` are ignored. `campaign_id` None means the thread
    with a campaign that was touched last, else the one without; "" the one without. `channels` are
    those the caller can use; None means the one the thread began on, else e-mail, and where that is
    closed the others it has been on. `hinted_since` is when a nudge for the thread's next touch was
    first hinted, in a caller's record of decisions (`at` if it never was); None where no record is
    kept, and then nothing is held back.
    `complaint_rates` are `(e-mails, complaints)` of the last 30 days by sender's domain, where
    that is known. `closes_at` is when the thread's role closes; answers that come later are worth
    nothing.
    """

    contact_id: str
    at: datetime
    history: pa.Table
    campaign_id: str | None = None
    timezone: str | None = None
    country: str | None = None
    attributes: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    channels: tuple[str, ...] | None = None
    utility: Utility = Utility()
    next_touch: NextTouch = NextTouch()
    hinted_since: datetime | None = None
    complaint_rates: Mapping[str, Sequence[int]] = field(default_factory=dict)
    closes_at: datetime | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        """Every time zone the person may be in, as rules see it: the attribute `phone` counts."""
        phone = self.attributes.get("phone")
        return possible_zones(
            self.timezone, self.country, phone if isinstance(phone, str) else None
        )


@dataclass(frozen=True, slots=True)
class Chance:
    """Calibrated probabilities within the horizon (30 days)."""

    p_land: float
    p_annoy: float


@dataclass(frozen=True, slots=True)
class BoundedChance:
    """Probabilities within the horizon, each with a 90 % interval `(low, high)`."""

    p_land: float
    p_annoy: float
    p_land_interval: tuple[float, float]
    p_annoy_interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Uplift:
    """What a touch changes of the chances within the horizon, each from -1 to 1."""

    p_land: float
    p_annoy: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The best cadence from here: how many more touches, days between them, when to give up.

    `gap_days` is None when at most one touch is left; `stop_after` is the moment after which no
    further touch pays, None when no touch is planned; `open_ended`: the planner looked no further
    ahead than that, so that later touches may pay as well.
    """

    further_touches: int
    gap_days: float | None
    stop_after: datetime | None
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The fine line at one delay (days from now): chances of a touch made then.

    `value` is that of the best course that begins then, or as soon after as the rules allow.
    """

    delay_days: float
    p_land: float
    p_annoy: float
    value: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One story of this history, in words, and what it does to an outcome.

    `effect` is what the outcome's score (log of the hazard) would lose were this as in a usual
    touch; `feature` the column that does most of it.
    """

    feature: str
    outcome: OutcomeName
    effect: float
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that would change the answer, in words.

    `what`: time passing, another channel, or a response of the person; `outcome` and its chance
    `before` and `after`; or the `hint` it would become; `delay_days` from now, where time is what
    changes; `channel`, where that is.
    """

    what: Literal["time", "channel", "response"]
    outcome: OutcomeName | None
    hint: Hint | None
    before: float | None
    after: float | None
    delay_days: float | None
    channel: str | None
    text: str


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that decided or bounded the answer."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much history like this the model has seen."""

    level: EvidenceLevel
    text: str


@dataclass(frozen=True, slots=True)
class ModelRef:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one thread at one moment; times are aware UTC datetimes.

    `advice` puts hint and plan into one sentence, `changes` says what would change the answer.
    `touch_number` is the number, from 1, that the thread's next touch would have; `held` tells a
    nudge that was turned into a wait at random, `propensity` the chance of the hint that is shown;
    `over`: a rule says to stop, whatever another touch were worth.
    """

    decision_id: str
    contact_id: str
    campaign_id: str | None
    at: datetime
    valid_until: datetime
    hint: Hint
    channel: str | None
    nudge_at: datetime | None
    score: float
    if_nudged: BoundedChance
    if_left_alone: Chance
    uplift: Uplift
    plan: Plan
    curve: tuple[CurvePoint, ...]
    advice: str
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    rules: tuple[RuleHit, ...]
    evidence: Evidence
    model: ModelRef
    touch_number: int
    held: bool
    propensity: float
    over: bool

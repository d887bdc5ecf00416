"""The randomised hold: a small share of nudges waits a week, so that what waiting does can be seen.

Whom history touched often was chosen by people; only a random delay tells what a touch itself does.
A draw is about a thread and the number of its next touch: fresh for every touch, the same however
often one asks. What is held stays held for a week from the first time the nudge was hinted.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from models.decision import Request, RuleHit
from models.settings import Settings

HOLD = timedelta(days=7)
HELD_BACK = RuleHit(
    "held_back",
    "Held back for a week at random, so that the model keeps learning what waiting does.",
)
_UNITS = 1 << 64
#: The first allowed moment at or after another, None where there is none.
Allowed = Callable[[datetime], datetime | None]
#: When a nudge was first hinted, held or not, by contact, campaign and number of the touch.
Since = Mapping[tuple[str, str | None, int], datetime]


@dataclass(frozen=True, slots=True)
class Draw:
    """What became of a nudge: its chance to be shown as it is, and until when it waits, if held."""

    propensity: float
    release: datetime | None = None


#: Of whatever was not drawn for.
CERTAIN = Draw(1.0)


@dataclass(frozen=True, slots=True)
class Hold:
    """Holds back `share` of the nudges (0 to 0.5), drawn with the secret `key`."""

    share: float
    key: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Hold | None:
        """The hold of a deployment, None where it is switched off."""
        if not settings.hold_share:
            return None
        return cls(settings.hold_share, settings.hold_key.get_secret_value().encode())

    def uniform(self, contact_id: str, campaign_id: str | None, touch_number: int) -> float:
        """A number in [0, 1) that is the thread's own for this touch.

        >>> Hold(0.05).uniform("anna", None, 3) == Hold(0.2).uniform("anna", None, 3)
        True
        """
        occasion = json.dumps([contact_id, campaign_id, touch_number]).encode()
        digest = hmac.digest(self.key, occasion, "sha256")
        return int.from_bytes(digest[:8]) / _UNITS

    def draw(
        self, r: Request, campaign_id: str | None, touch_number: int, allowed: Allowed
    ) -> Draw:
        """Whether a nudge that nothing forbids is held; never where no one keeps a record of it."""
        if r.hinted_since is None or r.at >= r.hinted_since + HOLD:
            return CERTAIN
        release = allowed(r.hinted_since + HOLD)
        if release is None:
            # A hold delays: it may not turn into never.
            return CERTAIN
        if self.uniform(r.contact_id, campaign_id, touch_number) >= self.share:
            return Draw(1.0 - self.share)
        return Draw(self.share, release.astimezone(UTC))

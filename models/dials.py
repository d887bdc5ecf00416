"""What an organisation sets for itself: what outcomes are worth, and stricter rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from models.decision import Utility
from models.rulebook import RulebookFile
from models.rules import Rulebook

#: Channels that share hours, by the dial that sets them.
HOURS: Mapping[str, tuple[str, ...]] = {
    "email_hours": ("email", "other"),
    "ringing_hours": ("phone", "sms"),
    "linkedin_hours": ("linkedin",),
}
#: Caps, by the dial that sets them: over how many days.
CAPS: Mapping[str, int] = {"week_cap": 7, "month_cap": 30}
_KEPT = 64
_USUAL = Utility()


@dataclass(frozen=True, slots=True)
class Dials:
    """One setting of all dials; None is as the rulebook has it.

    `land`, `annoy`, `touch`: worths and costs in one unit of the organisation's own; `gap_hours`
    between touches; `rest_days` after "not now"; most touches in 7 and in 30 days; hours such as
    `"09:00-17:00"` on the person's clock, on top of those of the rulebook.
    """

    land: float = _USUAL.land
    annoy: float = _USUAL.annoy
    touch: float = _USUAL.touch
    gap_hours: float | None = None
    rest_days: float | None = None
    week_cap: int | None = None
    month_cap: int | None = None
    email_hours: str | None = None
    ringing_hours: str | None = None
    linkedin_hours: str | None = None

    @property
    def utility(self) -> Utility:
        """What outcomes are worth where a request does not say."""
        return Utility(self.land, self.annoy, self.touch)

    @property
    def rules(self) -> dict[str, Any]:
        """The rules as a tightening of the rulebook (docs/rules.md)."""
        caps = [
            {"touches": most, "days": days}
            for name, days in CAPS.items()
            if (most := getattr(self, name)) is not None
        ]
        hours = [
            {"id": f"dials_{name}", "channels": channels, "basis": "house", "holidays": "open",
             "days": {"mon-sun": asked}}
            for name, channels in HOURS.items()
            if (asked := getattr(self, name)) is not None
        ]  # fmt: skip
        single = {"minimum_gap_hours": self.gap_hours, "come_back_days": self.rest_days}
        return {
            **{name: value for name, value in single.items() if value is not None},
            **({"caps": caps} if caps else {}), **({"hours": hours} if hours else {}),
        }  # fmt: skip

    def written(self) -> str:
        """As JSON, without what is as the rulebook has it."""
        own = dataclasses.asdict(self)
        return orjson.dumps({n: v for n, v in own.items() if v is not None}).decode()

    @classmethod
    def read(cls, text: str) -> Dials:
        """What `written` wrote; dials of another version of fineline are passed over."""
        given = orjson.loads(text)
        return cls(**{f.name: given[f.name] for f in dataclasses.fields(cls) if f.name in given})


@lru_cache(_KEPT)
def tightened(book: Rulebook, dials: Dials) -> Rulebook:
    """A rulebook under dials: the stricter of both, should the book have become stricter since."""
    rules = _still_stricter(book.settings, dials.rules)
    return book.tightened(rules) if rules else book


def _still_stricter(base: RulebookFile, rules: dict[str, Any]) -> dict[str, Any]:
    least = {"minimum_gap_hours": base.minimum_gap.hours, "come_back_days": base.come_back.days}
    most = {cap.days: cap.touches for cap in base.caps}
    return {
        name: max(value, least[name]) if name in least
        else [c for c in value if c["touches"] < most.get(c["days"], c["touches"] + 1)]
        if name == "caps" else value
        for name, value in rules.items()
    }  # fmt: skip

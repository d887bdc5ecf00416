"""Rules before scores: what is forbidden or bounded, whatever a model expects of it.

Moments are microseconds since 1970 UTC (`_us`) inside; `next_allowed` speaks datetimes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from features.localtime import country_of_zone
from features.moments import microseconds, moment_of
from models import rule_texts
from models.decision import RuleHit
from models.history import HistorySummary
from models.hours import DAY, Hours, Place
from models.rulebook import OpeningHours, RulebookFile, domain_of, read_rulebook, tighten

HOUR = DAY // 24
#: How far ahead an allowed moment is looked for; later is never.
SEARCH_DAYS = 120
_HOURS_KEPT = 4096


class Spacing(NamedTuple):
    """At most `touches` touches within any `window_us`; the minimum gap is one touch in it."""

    rule: str
    touches: int
    window_us: int

    def free_at(self, t_us: int, touches_us: Sequence[int]) -> int:
        """The first moment at or after `t_us` with room, if nobody is touched meanwhile."""
        made = bisect_right(touches_us, t_us)
        if made < self.touches:
            return t_us
        return max(t_us, touches_us[made - self.touches] + self.window_us)


class Rulebook:
    """The rules of one organisation, ready to be asked about a contact."""

    def __init__(self, settings: RulebookFile) -> None:
        self.settings = settings
        gap = Spacing("minimum_gap", 1, round(settings.minimum_gap.hours * HOUR))
        caps = (Spacing(cap.rule, cap.touches, cap.days * DAY) for cap in settings.caps)
        self.spacings = (gap, *caps)
        self._longest_us = max(spacing.window_us for spacing in self.spacings)
        #: The same for planners: most touches, and within how many days; shape (rules, 2).
        self.limits = np.array([(s.touches, s.window_us / DAY) for s in self.spacings])
        self._hours: dict[tuple[str, tuple[str, ...], str | None], Hours] = {}
        self._said: dict[tuple[Hours, int, int | None], dict[str, str]] = {}

    @classmethod
    def load(cls, path: Path | None = None) -> Rulebook:
        """The rulebook in `path`, or the one shipped; raises BadSetting for a wrong file."""
        return cls(read_rulebook(path or Path(__file__).with_name("rulebook.yaml")))

    def spaced(self, touches: int, gap_us: int, start_us: int, touches_us: Sequence[int]) -> int:
        """The least gap, this or longer, at which so many touches from `start_us` on are allowed.

        `touches_us` as in `next_allowed_us`; hours are left to the day.
        """
        times = [*touches_us, *(start_us + k * gap_us for k in range(touches))]
        if self._keeps_apart(times, touches):
            return gap_us
        for number in range(1, touches):
            made = sorted([*touches_us, *(start_us + k * gap_us for k in range(number))])
            free = self._free_at(start_us + number * gap_us, made)
            gap_us = max(gap_us, -(-(free - start_us) // number))
        return gap_us

    def _keeps_apart(self, times: list[int], touches: int) -> bool:
        """Whether no spacing forbids any but the first of the last `touches` of the times."""
        end = len(times)
        return times == sorted(times) and all(
            times[i] - times[i - most] >= window
            for _, most, window in self.spacings
            for i in range(max(end - touches + 1, most), end)
        )

    def tightened(self, overrides: Mapping[str, object]) -> Rulebook:
        """A tenant's stricter rulebook (see docs/rules.md); raises BadSetting if it loosens."""
        return Rulebook(tighten(self.settings, overrides))

    def stops(self, summary: HistorySummary, campaign_id: str | None) -> tuple[RuleHit, ...]:
        """The rules that end this thread: hard stops of the person first, then of the thread."""
        found = {
            "opted_out": summary.opted_out_us,
            "complained": summary.complained_us,
            "pushed_back": summary.pushed_back.get(campaign_id),
            "landed": summary.landed.get(campaign_id),
        }
        return tuple(
            RuleHit(rule, rule_texts.stop(rule, moment_of(when)))
            for rule, when in found.items()
            if when is not None
        )

    def role_closed(
        self, closes_at: datetime | None, at: datetime, reachable_us: int
    ) -> tuple[RuleHit, ...]:
        """Whether the thread's role closes before the contact may be reached (again), or has."""
        if closes_at is None or microseconds(closes_at) > reachable_us:
            return ()
        rule = "role_closed" if closes_at <= at else "role_closes"
        return (RuleHit("role_closed", rule_texts.stop(rule, closes_at)),)

    def open_channels(
        self, summary: HistorySummary, channels: Sequence[str]
    ) -> tuple[tuple[str, ...], tuple[RuleHit, ...]]:
        """The channels that may be used at all, in the order given, and why others may not.

        When none is left the thread stops: there is no way to reach the person.
        """
        hits: dict[str, RuleHit] = {}
        for channel in channels:
            bounced = summary.bounced.get(channel)
            if channel in self.settings.closed_channels:
                hits[channel] = RuleHit("channel_closed", rule_texts.closed(channel))
            elif bounced is not None:
                text = rule_texts.bounced(channel, moment_of(bounced))
                hits[channel] = RuleHit("channel_bounced", text)
        return tuple(c for c in channels if c not in hits), tuple(hits.values())

    def complaints(
        self, actor_id: str | None, rates: Mapping[str, Sequence[int]]
    ) -> tuple[RuleHit | None, bool]:
        """What a sender's domain has spent of its complaint budget, and whether that is all.

        `rates` holds `(e-mails, complaints)` by domain.
        """
        domain, budget = domain_of(actor_id), self.settings.complaint_budget
        touches, made = rates.get(domain or "", (0, 0))
        share = made / max(touches, made, 1)
        if domain is None or made < budget.least or share < min(budget.warn, budget.stop):
            return None, False
        spent = share >= budget.stop
        text = rule_texts.complaints(domain, touches, made, budget.days, spent)
        return RuleHit("complaint_budget" if spent else "complaint_warning", text), spent

    def agreed_date(
        self, summary: HistorySummary, t_us: int, zones: tuple[str, ...]
    ) -> tuple[int, tuple[RuleHit, ...]]:
        """The first moment at or after `t_us` that an agreed date allows, and whether it bit."""
        agreed = summary.agreed
        if agreed is None or agreed.until_us <= t_us:
            return t_us, ()
        text = rule_texts.agreed_date(*agreed, zones[0] if zones else "UTC")
        return agreed.until_us, (RuleHit("agreed_date", text),)

    def come_back_us(self, summary: HistorySummary) -> int | None:
        """Until when the person is left in peace after their latest "not now"; None without one.

        An agreed date takes its place, sooner or later than that.
        """
        if summary.not_now_us is None or summary.agreed is not None:
            return None
        return summary.not_now_us + round(self.settings.come_back.days * DAY)

    def earliest_us(self, summary: HistorySummary, t_us: int) -> int:
        """The first moment at or after `t_us` that all rules but the hours allow."""
        agreed = t_us if summary.agreed is None else summary.agreed.until_us
        come_back = self.come_back_us(summary)
        first = max(t_us, agreed, t_us if come_back is None else come_back)
        return self._free_at(first, summary.touches_us)

    def hours(self, channel: str, zones: tuple[str, ...], country: str | None) -> Hours:
        """The hours of a channel for a person who may be in any of `zones`; built once, kept."""
        key = (channel, zones, country)
        # Held here: another thread may empty what is kept meanwhile.
        found = self._hours.get(key)
        if found is None:
            if len(self._hours) >= _HOURS_KEPT:
                self._hours.clear()
            found = self._hours[key] = self._build_hours(channel, zones, country)
        return found

    def next_allowed_us(
        self,
        channel: str,
        zones: tuple[str, ...],
        country: str | None,
        t_us: int,
        touches_us: Sequence[int],
        come_back_us: int | None = None,
    ) -> int | None:
        """The first allowed moment in the 120 days from `t_us`, or None; no texts, for planners.

        `touches_us` ascends and holds the person's touches of all senders, channels and campaigns.
        """
        hours, until = self.hours(channel, zones, country), t_us + SEARCH_DAYS * DAY
        moment = t_us if come_back_us is None else max(t_us, come_back_us)
        while moment <= until:
            free = self._free_at(moment, touches_us)
            opened = hours.next_open(free, until)
            if opened is None or opened == free:
                return opened
            # While waiting for the hours, touches planned meanwhile may use up the room.
            moment = opened
        return None

    def next_allowed(
        self,
        channel: str,
        zones: tuple[str, ...],
        country: str | None,
        t: datetime,
        touch_times: Sequence[datetime],
        come_back: datetime | None = None,
    ) -> tuple[datetime | None, tuple[RuleHit, ...]]:
        """The first moment at or after `t` at which a touch is allowed, and the rules that bit.

        None when no moment of the next 120 days is. `zones` as `possible_zones` gives them, empty
        when unknown; `country` None when unknown.
        """
        touches_us = sorted(microseconds(touch) for touch in touch_times)
        come_back_us = None if come_back is None else microseconds(come_back)
        t_us = microseconds(t)
        found = self.next_allowed_us(channel, zones, country, t_us, touches_us, come_back_us)
        hits = self.bites(channel, zones, country, t_us, touches_us, come_back_us)
        return None if found is None else moment_of(found), hits

    def bites(
        self,
        channel: str,
        zones: tuple[str, ...],
        country: str | None,
        t_us: int,
        touches_us: Sequence[int],
        come_back_us: int | None = None,
    ) -> tuple[RuleHit, ...]:
        """The rules that forbid a moment between `t_us` and the first allowed one, each once."""
        hours, until = self.hours(channel, zones, country), t_us + SEARCH_DAYS * DAY
        hits: dict[str, str] = {}
        moment, opened = t_us, None
        if come_back_us is not None and come_back_us > t_us:
            hits["come_back"] = rule_texts.come_back(moment_of(come_back_us))
            moment = come_back_us
        while moment <= until:
            free = self._free_at(moment, touches_us)
            self._spacing_hits(moment, free, touches_us, hits)
            opened = hours.next_open(free, until)
            if free <= until:
                self._hours_hits(channel, hours, free, opened, hits)
            if opened is None or opened == free:
                break
            moment = opened
        if opened is None:
            hits["never_allowed"] = rule_texts.never(channel, SEARCH_DAYS)
        return tuple(RuleHit(rule, text) for rule, text in hits.items())

    def _build_hours(self, channel: str, zones: tuple[str, ...], country: str | None) -> Hours:
        def entries(of: str | None) -> list[OpeningHours]:
            return [
                entry.any_hour() if any_hour else entry
                for entry in self.settings.hours
                if channel in entry.channels and (entry.countries is None or of in entry.countries)
            ]

        unknown = self.settings.unknown_place
        # Nobody knows the hour at an unknown place: a silent channel keeps to working days only.
        any_hour = not zones and channel not in unknown.ringing
        if zones:
            countries = [country or country_of_zone(zone) for zone in zones]
            return Hours(
                [Place(*at) for at in zip(zones, countries, countries, strict=True)], entries
            )
        if any_hour:
            return Hours([Place("UTC", country, country)], entries)
        places = [Place(z, country or country_of_zone(z), country) for z in unknown.zones]
        return Hours(places, entries)

    def _free_at(self, t_us: int, touches_us: Sequence[int]) -> int:
        if not touches_us or touches_us[-1] + self._longest_us <= t_us:
            return t_us
        while True:
            free = max([spacing.free_at(t_us, touches_us) for spacing in self.spacings])
            if free == t_us:
                return t_us
            t_us = free

    def _spacing_hits(
        self, t_us: int, free_us: int, touches_us: Sequence[int], hits: dict[str, str]
    ) -> None:
        while t_us < free_us:
            ends = {spacing: spacing.free_at(t_us, touches_us) for spacing in self.spacings}
            for spacing in (spacing for spacing, end in ends.items() if end > t_us):
                last = moment_of(touches_us[bisect_right(touches_us, t_us) - 1])
                text = rule_texts.spacing(spacing.touches, spacing.window_us / HOUR, last)
                hits.setdefault(spacing.rule, text)
            t_us = max(ends.values())

    def _hours_hits(
        self, channel: str, hours: Hours, t_us: int, opened_us: int | None, hits: dict[str, str]
    ) -> None:
        # Many people are asked about at one moment, and few places are all they are in.
        key = (hours, t_us, opened_us)
        # Held here: another thread may empty what is kept meanwhile.
        said = self._said.get(key)
        if said is None:
            if len(self._said) >= _HOURS_KEPT:
                self._said.clear()
            said = self._said[key] = self._closed_hours(channel, *key)
        for rule, text in said.items():
            hits.setdefault(rule, text)

    def _closed_hours(
        self, channel: str, hours: Hours, t_us: int, opened_us: int | None
    ) -> dict[str, str]:
        hits: dict[str, str] = {}
        # A look a day is enough: whatever closes the days between closes them at this hour too.
        for moment in range(t_us, t_us + 7 * DAY if opened_us is None else opened_us, DAY):
            if closed := hours.closed(moment):
                rule, text = rule_texts.hours(channel, *closed, moment)
                hits.setdefault(rule, text)
        if opened_us != t_us and any(
            self._opens_earlier(channel, place, t_us, opened_us) for place in hours.places
        ):
            hits["zone_unknown"] = rule_texts.zone_unknown(hours.places)
        return hits

    def _opens_earlier(self, channel: str, place: Place, t_us: int, opened_us: int | None) -> bool:
        """Whether the channel would open earlier were the person known to be in `place`."""
        alone = self.hours(channel, (place.zone,), place.country)
        opened = alone.next_open(t_us, t_us + SEARCH_DAYS * DAY)
        return opened is not None and (opened_us is None or opened < opened_us)

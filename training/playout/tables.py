"""Tables of plays, as numbers for JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.playout.arena import COUNTS
from training.playout.estimates import Estimate, difference, mean_of, share_of_the_way
from training.playout.plays import CLEAR, HABITUAL, Played


@dataclass(frozen=True, slots=True)
class Row:
    """One policy beside the habit and the clear-sighted, met by the same people."""

    played: Played
    value: Estimate
    landed: Estimate
    annoyed: Estimate
    touches: Estimate
    over_habit: Estimate
    share: Estimate

    @classmethod
    def of(cls, played: Played, habit: Played, clear: Played) -> Row:
        """Estimates over contacts; those of differences and of the share are paired."""
        o, parties = played.less_luck, played.parties
        landed, annoyed, touches = (mean_of(x, parties) for x in (o.landed, o.annoyed, o.touches))
        return cls(
            played, mean_of(played.value, parties), landed, annoyed, touches,
            difference(played.value, habit.value, parties),
            share_of_the_way(played.value, habit.value, clear.value, parties),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        names = ("value", "landed", "annoyed", "touches", "over_habit", "share")
        numbers: Mapping[str, Estimate] = {name: getattr(self, name) for name in names}
        return {
            "policy": self.played.play.policy,
            "how": self.played.how,
            "contacts": len(self.played.value),
            "counted": {
                "value": round(float(self.played.counted.mean()), 5),
                **{
                    name: round(float(getattr(self.played.outcome, name).mean()), 5)
                    for name in COUNTS
                },
            },
            **{name: estimate.as_dict() for name, estimate in numbers.items()},
        }

    def cells(self) -> list[str]:
        """As a row of `HEADER`; a mark is not compared with itself."""
        policy = self.played.play.policy
        over = "-" if policy == HABITUAL else span(self.over_habit)
        share = {HABITUAL: "0", CLEAR: "1"}.get(policy) or span(self.share)
        return [
            policy, span(self.value), span(self.landed, per_100=True),
            span(self.annoyed, per_100=True), span(self.touches), over, share,
            self.played.how,
        ]  # fmt: skip


HEADER = ("policy", "value", "landed per 100", "annoyed per 100", "touches",
          "value over the habit's", "share of the way", "how")  # fmt: skip


def span(e: Estimate, per_100: bool = False) -> str:
    """A mean with its 95 % interval: `0.46 (0.44 to 0.48)`."""
    factor, digits = (100, 1) if per_100 else (1, 3)
    mean, low, high = (f"{factor * x:.{digits}f}" for x in (e.mean, e.low, e.high))
    return f"{mean} ({low} to {high})"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def plain(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table for a terminal, columns aligned."""
    table = [list(header), *map(list, rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(header))]
    return ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip()
            for line in table]  # fmt: skip

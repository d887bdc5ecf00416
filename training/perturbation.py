"""Whether reasons are true: take the named cause away, and see where the number goes."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.decide import Decider
from models.decision import Decision, OutcomeName, Reason, Request
from models.topics import topic
from training.causes import REMOVED, Scene, attribute

#: What a text claims: which way the cause pushes which number.
_CLAIM = re.compile(r"(raises|lowers) the (?:chance to (land)|risk to (annoy))")
_NO_CHANGE = 1e-9
#: Senders and clients to put in another's place.
_MOST_OTHERS = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """A claim of a reason put to the test.

    `raises`: what the text says the cause does; `moved`: the log of the chance without the cause
    less that with it.
    """

    topic: str
    outcome: OutcomeName
    raises: bool
    moved: float
    text: str

    @property
    def verdict(self) -> str:
        """`as said`, `unmoved` or `against`."""
        if abs(self.moved) <= _NO_CHANGE:
            return "unmoved"
        return "as said" if (self.moved < 0) == self.raises else "against"


def claims(reason: Reason) -> dict[OutcomeName, bool]:
    """By outcome, whether the text says that the cause raises it."""
    found: dict[OutcomeName, bool] = {}
    for verb, land, _ in _CLAIM.findall(reason.text):
        found["land" if land else "annoy"] = verb == "raises"
    return found


def trials(decider: Decider, requests: Sequence[Request]) -> list[Trial]:
    """Every claim that the answers to `requests` make, tested one cause at a time."""
    first = decider.decide(requests)
    # Asked again about the very thread and channel, so that a change of either changes no number.
    asked = [_pinned(r, d) for r, d in zip(requests, first, strict=True)]
    senders, clients = _names(requests, "actor_id"), _names(requests, "account_id")
    usual = decider.words.usual
    tested: list[tuple[Decision, Reason, list[Request]]] = []
    for r, d in zip(asked, decider.decide(asked), strict=True):
        rows = _rows(r)
        for reason in d.reasons:
            pressing = claims(reason).get("annoy", False)
            scene = Scene(r, rows, usual, pressing, senders, clients)
            tested.append((d, reason, _without(scene, reason)))
    answers = iter(decider.decide([r for _, _, changed in tested for r in changed]))
    found: list[Trial] = []
    for d, reason, changed in tested:
        found += _judged(d, reason, [next(answers) for _ in changed])
    return found


def table(found: Sequence[Trial]) -> str:
    """Shares by topic and outcome as Markdown."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for trial in found:
        counts.setdefault((trial.topic, trial.outcome), Counter())[trial.verdict] += 1
    lines = [
        "| what the reason is about | number | claims | moved as said | unmoved | against |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for (name, outcome), verdicts in sorted(counts.items()):
        total = verdicts.total()
        shares = [f"{verdicts[v] / total:.1%}" for v in ("as said", "unmoved", "against")]
        lines.append(f"| {name} | {outcome} | {total:,} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _pinned(r: Request, d: Decision) -> Request:
    channel = d.channel or (r.channels or ("email",))[0]
    return dataclasses.replace(r, campaign_id=d.campaign_id or "", channels=(channel,))


def _rows(r: Request) -> tuple[dict[str, object], ...]:
    known = [row for row in r.history.to_pylist() if row["recorded_at"] <= r.at]
    return tuple(sorted(known, key=lambda row: (row["occurred_at"], row["event_id"])))


def _names(requests: Sequence[Request], column: str) -> tuple[str, ...]:
    names = {n for r in requests for n in r.history[column].unique().to_pylist() if n}
    return tuple(sorted(names)[:_MOST_OTHERS])


def _without(scene: Scene, reason: Reason) -> list[Request]:
    name = topic(reason.feature)
    if name.startswith("contact."):
        return attribute(scene, name.removeprefix("contact."))
    return REMOVED[name](scene) if name in REMOVED else []


def _judged(d: Decision, reason: Reason, without: Sequence[Decision]) -> Iterator[Trial]:
    if not without:
        return
    name = topic(reason.feature)
    for outcome, raises in claims(reason).items():
        before = np.log(_chance(d, outcome))
        after = np.mean([np.log(_chance(changed, outcome)) for changed in without])
        label = "a column of the contact" if name.startswith("contact.") else name
        yield Trial(label, outcome, raises, float(after - before), reason.text)


def _chance(d: Decision, outcome: OutcomeName) -> float:
    return d.if_nudged.p_land if outcome == "land" else d.if_nudged.p_annoy

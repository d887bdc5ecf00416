"""The constants of a world, each with its unit and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

Channels = tuple[float, float, float, float]
Interests = tuple[float, float, float]


def _about(unit_and_source: str) -> dict[str, str]:
    return {"about": unit_and_source}


_TABLE = "set so that the base rates come out"
_ASSUMED = "assumed"


@dataclass(frozen=True)
class World:
    """How people in one world take to being approached; hazards are per touch.

    After a touch `land`, `neutral` and `annoy` compete with hazards `exp(sum of effects)`:
    `P(any) = 1 - exp(-total)`, each by its share. Per channel: e-mail, phone, SMS, LinkedIn; per
    interest: cold, passive, active.
    """

    name: str
    about: str

    # What a touch can bring.
    land: Channels = field(
        default=(-4.08, -3.08, -4.3, -3.9), metadata=_about(f"log hazard of landing; {_TABLE}")
    )
    neutral: Channels = field(
        default=(-2.62, -3.6, -3.4, -2.7), metadata=_about(f"log hazard of not now; {_TABLE}")
    )
    annoy: Channels = field(
        default=(-5.69, -5.2, -5.1, -5.8), metadata=_about(f"log hazard of annoyance; {_TABLE}")
    )
    interest_land: Interests = field(
        default=(0.0, 1.2, 2.4), metadata=_about(f"log hazard of landing; {_TABLE}")
    )
    interest_neutral: Interests = field(
        default=(0.0, 0.4, 0.5), metadata=_about(f"log hazard of not now; {_TABLE}")
    )
    interest_annoy: Interests = field(
        default=(0.2, 0.0, -0.3), metadata=_about(f"log hazard of annoyance; {_ASSUMED}")
    )
    interest_weight: Channels = field(
        default=(1.0, 0.5, 0.9, 1.0),
        metadata=_about(f"how far answers on a channel follow interest; {_TABLE}"),
    )

    # People differ.
    responsive_sd: float = field(
        default=1.725, metadata=_about(f"spread of answering, log hazard; {_TABLE}")
    )
    responsive_weight: Channels = field(
        default=(1.0, 0.27, 0.9, 1.0),
        metadata=_about(f"how far answers on a channel follow that spread; {_TABLE}"),
    )
    touchy_sd: float = field(
        default=0.8, metadata=_about(f"spread of annoyance, log hazard; {_ASSUMED}")
    )
    preference: float = field(
        default=0.6, metadata=_about(f"preferred channel, log hazard of answering; {_ASSUMED}")
    )
    hour_effect: float = field(
        default=0.25, metadata=_about(f"usual hour against opposite, half log hazard; {_ASSUMED}")
    )
    visible: float = field(
        default=1.0, metadata=_about(f"scale of what contact columns tell; {_ASSUMED}")
    )
    fit_effect: float = field(
        default=1.6, metadata=_about(f"fit from 0 to 1, log hazard of landing; {_ASSUMED}")
    )
    personal_land: float = field(
        default=0.3, metadata=_about(f"written by hand, log hazard of landing; {_ASSUMED}")
    )
    personal_annoy: float = field(
        default=-0.25, metadata=_about(f"written by hand, log hazard of annoyance; {_ASSUMED}")
    )

    # Touches wear and sting: causal.
    half_life: float = field(
        default=21.0, metadata=_about(f"days until half of the pressure has gone; {_ASSUMED}")
    )
    weight: Channels = field(
        default=(1.0, 1.4, 1.2, 0.8),
        metadata=_about(f"pressure of one touch by channel; {_ASSUMED}"),
    )
    wear_land: float = field(
        default=0.85, metadata=_about(f"log hazard of landing lost per unit pressure; {_TABLE}")
    )
    wear_neutral: float = field(
        default=0.55, metadata=_about(f"log hazard of not now lost per unit; {_TABLE}")
    )
    wear_weight: Channels = field(
        default=(1.0, 0.26, 0.9, 1.0),
        metadata=_about(f"how far answers on a channel wear; {_TABLE}"),
    )
    sting: float = field(
        default=0.36, metadata=_about(f"log hazard of annoyance per unit pressure; {_TABLE}")
    )
    sting_count: float = field(
        default=0.12, metadata=_about(f"the same per earlier touch of the thread; {_TABLE}")
    )
    patience: float = field(
        default=0.0, metadata=_about(f"earlier touches of the thread that do not count; {_ASSUMED}")
    )

    # Interest drifts, of itself and after "not now".
    sojourn_days: Interests = field(
        default=(150.0, 60.0, 45.0), metadata=_about(f"mean stay in days; {_ASSUMED}")
    )
    passive_to_active: float = field(
        default=0.3, metadata=_about(f"share of moves out of passive; {_ASSUMED}")
    )
    not_now_wakes: float = field(
        default=0.5, metadata=_about(f"share of not nows that wake later; {_ASSUMED}")
    )
    wake_days: tuple[float, float] = field(
        default=(21.0, 90.0), metadata=_about(f"when they wake, days; {_ASSUMED}")
    )
    not_listening: float = field(
        default=0.8,
        metadata=_about(
            f"touch within three weeks of a not now, log hazard of annoyance; {_ASSUMED}"
        ),
    )

    # Others and the calendar.
    unseen_per_week: float = field(
        default=0.6, metadata=_about(f"other recruiters' touches a week; {_ASSUMED}")
    )
    unseen_wear: float = field(
        default=0.10, metadata=_about(f"log hazard of landing lost per such touch; {_ASSUMED}")
    )
    unseen_sting: float = field(
        default=0.15, metadata=_about(f"log hazard of annoyance per such touch; {_ASSUMED}")
    )
    weekend: float = field(
        default=0.2, metadata=_about(f"log hazard of landing lost at weekends; {_ASSUMED}")
    )
    season: float = field(
        default=0.1,
        metadata=_about(f"yearly wave of landing, highest in late January, log hazard; {_ASSUMED}"),
    )
    lull: float = field(
        default=0.2,
        metadata=_about(f"log hazard of landing lost in mid-August and late December; {_ASSUMED}"),
    )
    lull_annoy: float = field(
        default=0.1, metadata=_about(f"log hazard of annoyance gained then; {_ASSUMED}")
    )

    # When answers come.
    quick_share: Channels = field(
        default=(0.52, 0.85, 0.75, 0.45), metadata=_about("share answered within hours; design")
    )
    quick_hours: Channels = field(
        default=(2.0, 0.08, 0.5, 3.0), metadata=_about(f"their median, hours; {_ASSUMED}")
    )
    later_days: Channels = field(
        default=(1.5, 0.8, 1.0, 1.8), metadata=_about(f"median of the rest, days; {_ASSUMED}")
    )
    slow_share: float = field(
        default=0.05, metadata=_about("share answered after 7 to 28 days; design")
    )
    late_share: Channels = field(
        default=(0.05, 0.01, 0.02, 0.05), metadata=_about("share after 31 to 90 days; design")
    )

    # What else is seen.
    open_rate: Interests = field(
        default=(0.35, 0.5, 0.65), metadata=_about(f"mails and messages opened; {_ASSUMED}")
    )
    click_rate: Interests = field(
        default=(0.05, 0.12, 0.25), metadata=_about(f"opened ones clicked; {_ASSUMED}")
    )
    auto_reply: float = field(default=0.04, metadata=_about(f"share of mails; {_ASSUMED}"))
    dead: Channels = field(
        default=(0.02, 0.05, 0.05, 0.0), metadata=_about(f"wrong address or number; {_ASSUMED}")
    )
    complaint_share: float = field(default=0.075, metadata=_about(f"of annoyance; {_TABLE}"))
    negative_share: float = field(
        default=0.4, metadata=_about(f"of annoyance, said in a reply; {_ASSUMED}")
    )
    negative_opt_out: float = field(
        default=0.5, metadata=_about(f"of those, opted out as well; {_ASSUMED}")
    )
    unknown_sentiment: float = field(
        default=0.1, metadata=_about(f"landing replies without a sentiment; {_ASSUMED}")
    )
    meeting: float = field(
        default=0.55, metadata=_about(f"of landings, within ten days; {_ASSUMED}")
    )
    placement: float = field(
        default=0.15, metadata=_about(f"of meetings, after 30 to 90 days; {_ASSUMED}")
    )
    phone_logged_late: float = field(
        default=0.3, metadata=_about(f"calls logged hours to a week late; {_ASSUMED}")
    )

    # How recruiters work (the history's policy, not nature).
    selectivity: float = field(
        default=0.35, metadata=_about(f"more touches per unit of promise, log; {_ASSUMED}")
    )
    insight: float = field(
        default=0.5, metadata=_about(f"what recruiters see of hidden interest; {_ASSUMED}")
    )
    styles: tuple[float, ...] = field(
        default=(0.34, 0.14, 0.20, 0.14, 0.08, 0.10),
        metadata=_about(
            f"five mails, once or twice, mixed, slow, phone first, daily: shares; {_ASSUMED}"
        ),
    )


def constants_of(world: World) -> NDArray[np.void]:
    """The numbers of a world as one row, for compiled code; shape (1,)."""
    numbers = {
        f.name: getattr(world, f.name) for f in fields(world) if f.name not in ("name", "about")
    }
    layout = [
        (name, "f8", (len(value),)) if isinstance(value, tuple) else (name, "f8")
        for name, value in numbers.items()
    ]
    return np.array([tuple(numbers.values())], dtype=np.dtype(layout))


def assumptions(world: World) -> list[tuple[str, str, str]]:
    """Every constant as `(name, value, unit and source)`, for print and documentation."""
    rows = []
    for f in fields(world):
        if f.name not in ("name", "about"):
            value = getattr(world, f.name)
            numbers = value if isinstance(value, tuple) else (value,)
            rows.append((f.name, ", ".join(f"{n:g}" for n in numbers), f.metadata["about"]))
    return rows

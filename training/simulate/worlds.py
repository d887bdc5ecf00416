"""The worlds that can be simulated, by name: they differ in mechanism, not only in constants."""

from __future__ import annotations

from dataclasses import replace

from features.errors import BadSetting
from training.simulate.world import Channels, World


def _moved(levels: Channels, by: float, phone_by: float | None = None) -> Channels:
    email, phone, sms, linkedin = levels
    return email + by, phone + (by if phone_by is None else phone_by), sms + by, linkedin + by


AGENCY = World(
    "agency",
    "cold outreach with the published base rates: people differ, tire, drift and are pressed",
)

#: People who know the agency: they land several times as often and take longer to be annoyed.
_WARM = replace(
    AGENCY,
    land=_moved(AGENCY.land, 1.75, 0.75),
    annoy=_moved(AGENCY.annoy, -1.3),
    interest_land=(0.0, 0.9, 1.8),
    responsive_sd=1.2,
    wear_land=0.3,
    wear_neutral=0.3,
    wear_weight=(1.0, 0.7, 1.0, 1.0),
)

STEADY = replace(
    _WARM,
    name="steady",
    about="people differ a lot but do not tire: silence tells who they are, touches do nothing",
    land=_moved(AGENCY.land, 1.6, 0.6),
    responsive_sd=2.0,
    responsive_weight=(1.0, 0.8, 1.0, 1.0),
    touchy_sd=1.6,
    wear_land=0.0,
    wear_neutral=0.0,
    sting=0.05,
    sting_count=0.0,
)

FATIGUE = replace(
    _WARM,
    name="fatigue",
    about="people are much alike and tire quickly; rest restores them",
    land=_moved(AGENCY.land, 1.7, 0.7),
    annoy=_moved(AGENCY.annoy, -1.8),
    responsive_sd=0.4,
    touchy_sd=0.4,
    wear_land=0.6,
    sting=0.8,
    sting_count=0.0,
    half_life=10.0,
)

WAKING = replace(
    _WARM,
    name="waking",
    about="most are not interested today; interest wakes after weeks, often after a not now",
    land=_moved(AGENCY.land, 0.6, -0.4),
    neutral=_moved(AGENCY.neutral, 0.8),
    interest_land=(0.0, 1.8, 3.6),
    responsive_sd=0.8,
    sojourn_days=(60.0, 20.0, 25.0),
    passive_to_active=0.4,
    not_now_wakes=0.85,
    wake_days=(21.0, 60.0),
    not_listening=1.5,
)

CROWDED = replace(
    _WARM,
    name="crowded",
    about="other recruiters press unseen, some people far more than others",
    land=_moved(AGENCY.land, 2.0, 1),
    annoy=_moved(AGENCY.annoy, -2.0),
    unseen_per_week=1.5,
    unseen_wear=0.2,
    unseen_sting=0.25,
)

PHONE_LED = replace(
    _WARM,
    name="phone_led",
    about="people answer calls and ignore mail; calls press harder",
    land=(AGENCY.land[0] + 0.6, AGENCY.land[1] + 2.0, AGENCY.land[2] + 1.6, AGENCY.land[3] + 0.4),
    weight=(0.8, 1.8, 1.3, 0.7),
    late_share=(0.08, 0.01, 0.02, 0.08),
    styles=(0.15, 0.10, 0.15, 0.10, 0.42, 0.08),
)

FAVOURITES = replace(
    _WARM,
    name="favourites",
    about="recruiters see more than the CRM and push those they fancy: history is confounded",
    selectivity=0.9,
    insight=1.5,
)

LATE_ANGER = replace(
    _WARM,
    name="late_anger",
    about="nobody minds the first five touches of a thread; then annoyance comes fast",
    annoy=_moved(AGENCY.annoy, -1.8),
    sting=0.1,
    sting_count=0.9,
    patience=5.0,
)

SEASONS = replace(
    _WARM,
    name="seasons",
    about="hiring has seasons: holidays and weekends are dead time, touches then annoy",
    land=_moved(AGENCY.land, 1.9, 0.9),
    season=0.6,
    lull=2.0,
    lull_annoy=1.0,
    weekend=0.8,
)

WORLDS = {
    world.name: world
    for world in (
        AGENCY,
        STEADY,
        FATIGUE,
        WAKING,
        CROWDED,
        PHONE_LED,
        FAVOURITES,
        LATE_ANGER,
        SEASONS,
    )
}


def world_named(name: str) -> World:
    """The world of that name; raises BadSetting naming those there are."""
    if name not in WORLDS:
        raise BadSetting(f"there is no world {name!r}; choose one of {', '.join(WORLDS)}")
    return WORLDS[name]

"""What the planner is asked about, what it says, and the delays that it looks at."""

from __future__ import annotations

import numpy as np

from models.given import TIDES

#: Days until the first touch of a course: now, then ever coarser to three months.
DELAYS = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 17, 21, 25, 30, 45, 60, 90], float)

#: `shift`: from the planning member's score to the ensemble's; `tide_land`: what of it goes with
#: how the organisation's touches land these days, and ebbs. `doubt_annoy`: standard deviation of
#: the score of a touch now, `known_annoy`: the backbone's part of its square, `prudence_annoy`: how
#: many deviations count; `prudence_land`: how many deviations of what the channel adds count under
#: landing. Along a course doubt only grows. `discount` to `hesitation`: as `models.judge.Prudence`
#: has them. `earliest`: the first moment that rules allow but for the hours, `first_window`,
#: `last_window`: where those are in the windows, `begin`: the first moment that all rules allow,
#: `forced`: days until that of any of the request's channels, which cost nothing since nobody chose
#: them; the last two are the planner's own. `closes`: days until the role is known to close,
#: infinite where that is not known.
CASE = np.dtype(
    [
        ("at", "i8"),
        ("local", "i8"),
        ("channel", "i8"),
        ("actor", "i8"),
        ("relevance", "f8"),
        ("personalized", "f8"),
        ("zone_known", "f8"),
        ("worth_land", "f8"),
        ("worth_annoy", "f8"),
        ("cost", "f8"),
        ("shift_land", "f8"),
        ("shift_annoy", "f8"),
        ("tide_land", "f8", (len(TIDES),)),
        ("doubt_annoy", "f8"),
        ("known_annoy", "f8"),
        ("prudence_land", "f8"),
        ("prudence_annoy", "f8"),
        ("discount", "f8"),
        ("fades_after", "f8"),
        ("gone_after", "f8"),
        ("hesitation", "f8"),
        ("earliest", "i8"),
        ("first_window", "i8"),
        ("last_window", "i8"),
        ("begin", "i8"),
        ("forced", "f8"),
        ("closes", "f8"),
    ]
)

#: A touch that was made `lag` days ago; `land`, `annoy`: its rates, in baseline hazards.
MADE = np.dtype([("channel", "i8"), ("lag", "f8"), ("land", "f8"), ("annoy", "f8")])

#: What the planner says of one request. `now`, `wait`, `stop`: worth of the best course of each
#: kind (`wait` less the margin by which it has to be better, and minus infinity where all delays
#: end at the same moment as touching now); `case`: the channel it begins on, `later`: the one it
#: goes on on; `gap`, `growth`, `touches`: its cadence; `wait_touches`: the touches of the best
#: course that waits. `left_`: the hazard of the touches that were made within the horizon, if none
#: is made now; `still_`: what of it is carried over if one is.
COURSE = np.dtype(
    [
        ("now", "f8"),
        ("wait", "f8"),
        ("stop", "f8"),
        ("gap", "f8"),
        ("growth", "f8"),
        ("case", "i8"),
        ("later", "i8"),
        ("touches", "i8"),
        ("delay", "f8"),
        ("wait_touches", "i8"),
        ("left_land", "f8"),
        ("left_annoy", "f8"),
        ("still_land", "f8"),
        ("still_annoy", "f8"),
        ("eta_land", "f8", (len(DELAYS),)),
        ("eta_annoy", "f8", (len(DELAYS),)),
        ("value", "f8", (len(DELAYS),)),
    ]
)

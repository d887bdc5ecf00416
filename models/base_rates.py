"""What is assumed where a history says nothing; docs/base-rates.md gives the sources.

Recruiter e-mail, given silence so far, by touch number 1 to 7.
"""

from __future__ import annotations

#: Share of touches that get a reply.
REPLY = (0.11, 0.047, 0.027, 0.018, 0.013, 0.009, 0.006)
#: Share of replies that are interested.
INTERESTED = (0.32, 0.27, 0.22, 0.18, 0.15, 0.13, 0.11)
#: Share of touches that bring an opt-out or "stop".
OPT_OUT = (0.005, 0.007, 0.011, 0.016, 0.022, 0.030, 0.040)
#: Share of touches that bring a complaint.
COMPLAINT = (0.0004, 0.0006, 0.0008, 0.0012, 0.0017, 0.0025, 0.0036)

LAND_FIRST_TOUCH = REPLY[0] * INTERESTED[0]
ANNOY_FIRST_TOUCH = OPT_OUT[0] + COMPLAINT[0]

#: Coefficients of the backbones that reproduce the table at touches three days apart, by basis
#: name (models.backbone); the precision (1/variance) says how firmly they are held.
LAND_PRIOR = {"log1p thread_touches": -1.3, "log1p person_pressure_8d": 0.0}
ANNOY_PRIOR = {
    "thread_touches": 0.22,
    "thread_pressure_8d": 0.1,
    "person_pressure_8d": 0.05,
    "log1p thread_pressure_2d": 0.2,
    "log1p person_pressure_2d": 0.15,
    "log1p person_pressure_32d": 0.0,
    "log1p person_silence": 0.0,
}
PRIOR_PRECISION = 40.0

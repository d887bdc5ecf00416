"""The person: one memory across all senders and threads."""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, no-any-return"

from __future__ import annotations

import numpy as np

from features.catalog.clock import days_since, decayed, share
from features.catalog.registry import feature
from features.state import QUARTER_COS, QUARTER_SIN, quarter_of


@feature(unit="touches", under_touch="up", words="{count} touch(es) from all senders so far")
def person_touches(t, p, m):
    """Touches this person has received from all senders."""
    return float(p.touches)


@feature(
    unit="days",
    under_touch="down",
    missing="3650 before the first touch",
    words="{value:.1f} days since anybody last reached out",
)
def person_days_since_touch(t, p, m):
    """Days since anybody's last touch."""
    return days_since(p.last_touch, m.time)


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders in the hour")
def person_pressure_45m(t, p, m):
    """Touches from all senders, each counting half after every 45 minutes."""
    return decayed(p.pressure[0], m.person_fade[0])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders in hours")
def person_pressure_3h(t, p, m):
    """Touches from all senders, each counting half after every 3 hours."""
    return decayed(p.pressure[1], m.person_fade[1])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders today")
def person_pressure_12h(t, p, m):
    """Touches from all senders, each counting half after every 12 hours."""
    return decayed(p.pressure[2], m.person_fade[2])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders in days")
def person_pressure_2d(t, p, m):
    """Touches from all senders, each counting half after every 2 days."""
    return decayed(p.pressure[3], m.person_fade[3])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders in a week")
def person_pressure_8d(t, p, m):
    """Touches from all senders, each counting half after every 8 days."""
    return decayed(p.pressure[4], m.person_fade[4])


@feature(unit="touches", under_touch="up", words="{value:.1f} touches from all senders in a month")
def person_pressure_32d(t, p, m):
    """Touches from all senders, each counting half after every 32 days."""
    return decayed(p.pressure[5], m.person_fade[5])


@feature(unit="touches", under_touch="up", words="{value:.1f} recent touches from other threads")
def person_other_pressure_8d(t, p, m):
    """Touches of this person's other threads, each counting half after every 8 days."""
    rest = decayed(p.pressure[4], m.person_fade[4])
    rest -= decayed(t.pressure[4], m.thread_fade[4])
    return rest if rest > 1e-9 else 0.0


@feature(unit="threads", under_touch="up", words="approached in {count} thread(s)")
def person_threads(t, p, m):
    """Threads in which this person has been touched."""
    return float(p.threads)


@feature(unit="threads", under_touch="same", words="{count} earlier thread(s) landed")
def person_lands(t, p, m):
    """This person's threads that landed."""
    return float(p.lands)


@feature(unit="threads", under_touch="same", words="pushed back {count} time(s) before")
def person_annoys(t, p, m):
    """This person's threads that ended in annoyance."""
    return float(p.annoys)


@feature(
    unit="share",
    under_touch="down",
    missing="the prior 0.2 before the first thread",
    words="{value:.0%} of earlier approaches landed",
)
def person_land_rate(t, p, m):
    """Share of this person's threads that landed, shrunk by 2 imagined threads at 0.2."""
    return share(p.lands, p.threads, 0.2, 2.0)


@feature(unit="threads", under_touch="up", words="{count} approach(es) still unanswered")
def person_open_threads(t, p, m):
    """This person's threads that have neither landed nor annoyed: their inbox load."""
    return float(max(p.threads - p.lands - p.annoys, 0))


@feature(unit="answers", under_touch="same", words="answered {count} time(s) before")
def person_answers(t, p, m):
    """Replies and meetings of this person, in all threads."""
    return float(p.answers)


@feature(
    unit="share",
    under_touch="down",
    missing="the prior 0.1 before the first touch",
    words="answers {value:.0%} of touches",
)
def person_answer_rate(t, p, m):
    """Answers per touch received, shrunk by 3 imagined touches at 0.1."""
    return share(p.answers, p.touches, 0.1, 3.0)


@feature(unit="touches", under_touch="up", words="{count} touch(es) without an answer")
def person_silence(t, p, m):
    """Touches from all senders since this person's last answer."""
    return float(p.touches - p.answered_touches)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 if never",
    words="last answered {value:.0f} days ago",
)
def person_days_since_answer(t, p, m):
    """Days since this person last answered anybody."""
    return days_since(p.last_answer, m.time)


@feature(unit="answers", under_touch="same", words="{value:.1f} answers within hours")
def person_answers_3h(t, p, m):
    """Answers to all senders, each counting half after every 3 hours."""
    return decayed(p.answer_pressure[1], m.answer_fade[1])


@feature(unit="answers", under_touch="same", words="{value:.1f} answers within the day")
def person_answers_12h(t, p, m):
    """Answers to all senders, each counting half after every 12 hours."""
    return decayed(p.answer_pressure[2], m.answer_fade[2])


@feature(unit="answers", under_touch="same", words="{value:.1f} answers within a week or so")
def person_answers_8d(t, p, m):
    """Answers to all senders, each counting half after every 8 days."""
    return decayed(p.answer_pressure[4], m.answer_fade[4])


@feature(unit="answers", under_touch="same", words="{value:.1f} answers within a month or so")
def person_answers_32d(t, p, m):
    """Answers to all senders, each counting half after every 32 days."""
    return decayed(p.answer_pressure[5], m.answer_fade[5])


@feature(
    unit="days",
    under_touch="either",
    missing="-1 if never answered",
    words="answers usually come after {value:.1f} days",
)
def person_answer_lag(t, p, m):
    """Typical (geometric mean) days from the thread's last touch to this person's answer."""
    return np.expm1(p.answer_log_lag / p.answers) if p.answers > 0 else -1.0


@feature(unit="replies", under_touch="same", words='said "not now" {count} time(s)')
def person_not_now(t, p, m):
    """Neutral replies ("not now") of this person to anybody."""
    return float(p.not_now)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 without one",
    words='last said "not now" {value:.0f} days ago',
)
def person_days_since_not_now(t, p, m):
    """Days since this person's last neutral reply to anybody."""
    return days_since(p.last_not_now, m.time)


@feature(
    unit="share",
    under_touch="down",
    missing="the prior 0.3 before the first touch",
    words="opens {value:.0%} of what is written",
)
def person_open_rate(t, p, m):
    """Opens and clicks per touch that is no call, shrunk by 3 imagined touches at 0.3."""
    return share(p.opens + p.clicks, p.touches - p.calls, 0.3, 3.0)


@feature(unit="clicks", under_touch="same", words="clicked {count} time(s)")
def person_clicks(t, p, m):
    """Clicks of this person in all threads."""
    return float(p.clicks)


@feature(
    unit="days",
    under_touch="same",
    missing="3650 if never",
    words="last active {value:.1f} days ago",
)
def person_days_since_activity(t, p, m):
    """Days since this person last opened, clicked or answered."""
    return days_since(p.last_activity, m.time)


@feature(
    unit="-1..1",
    under_touch="same",
    missing="0 while nothing is known",
    words="the hour {yes:fits}{no:does not fit} the hours this person is active",
)
def person_usual_hour(t, p, m):
    """How well the local hour fits this person's active hours, shrunk by 3 imagined events."""
    k = quarter_of(m.local_day)
    return (p.hour_cos * QUARTER_COS[k] + p.hour_sin * QUARTER_SIN[k]) / (p.activities + 3.0)


@feature(unit="answers", under_touch="same", words="{count} automatic answer(s) so far")
def person_auto_replies(t, p, m):
    """Automatic answers of this person in all threads."""
    return float(p.auto_replies)


@feature(unit="bounces", under_touch="same", words="{count} message(s) bounced")
def person_bounces(t, p, m):
    """Messages to this person that bounced, in all threads."""
    return float(p.bounces)


@feature(unit="changes", under_touch="up", words="{count} change(s) of sender so far")
def person_sender_changes(t, p, m):
    """How often the next touch to this person came from another actor than the one before."""
    return float(p.actor_changes)

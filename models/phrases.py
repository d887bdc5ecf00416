"""What happened in a thread, topic by topic, as a recruiter would put it.

Phrases may start small; whoever makes a sentence of one makes its first letter large.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from models.spoken import WEEKDAYS, ago, number, ordinal, percent, span, time_of_year, times
from models.story import Story, Touch

#: One and several touches of a channel.
NOUNS = {
    "email": ("e-mail", "e-mails"),
    "phone": ("call", "calls"),
    "sms": ("text", "texts"),
    "linkedin": ("LinkedIn message", "LinkedIn messages"),
    "other": ("message", "messages"),
}
BY = {
    "email": "by e-mail",
    "phone": "by phone",
    "sms": "by text",
    "linkedin": "on LinkedIn",
    "other": "on another channel",
}
_HOURS_ALIKE = 2.0


def attempts(s: Story) -> str:
    """How many touches there were: "Fourth e-mail, none answered so far"."""
    n = len(s.own)
    if n == 0:
        return f"First {_noun(s)} {'in this thread' if s.others else 'to this person'}"
    return f"{_nth(s)}{_unanswered(s)}"


def recency(s: Story) -> str:
    """How close the touches were: "Third touch in six days", "Last e-mail 11 weeks ago"."""
    recent, last = s.recent, s.last
    if last is None:
        return attempts(s)
    if len(recent) < 2:
        if len(s.own) == 1 and not s.others and s.silent:
            return f"Silent since the first {NOUNS[last.channel][0]} {ago(last.ago)}"
        where = "" if last.here else ", in another thread,"
        return f"Last {NOUNS[last.channel][0]}{where} {ago(last.ago)}"
    noun = _common(s.channel, recent)
    return f"{ordinal(len(recent) + 1)} {noun} in {span(recent[0].ago)}{_elsewhere(s)}"


def touches(s: Story) -> str:
    """Both at once: "Third e-mail in six days, none answered so far"."""
    recent, n = s.recent, len(s.own)
    if n == 0:
        if not recent:
            return attempts(s)
        made = f"{number(len(recent))} {_plural(recent)}"
        return f"{attempts(s)}, after {made} in other threads within {span(recent[0].ago)}"
    if not all(t.here for t in recent):
        within = f"the {ordinal(len(recent) + 1)} from all threads in {span(recent[0].ago)}"
        return f"{ordinal(n + 1)} touch in this thread, {within}"
    if n == 1:
        since = f"the first {ago(s.own[0].ago)}"
        return f"{_nth(s)}, silent since {since}" if s.silent else f"{_nth(s)}, {since}"
    if len(recent) == n:
        return f"{_nth(s)} in {span(s.own[0].ago)}{_unanswered(s)}"
    if len(recent) > 1:
        return f"{_nth(s)}, the {ordinal(len(recent) + 1)} in {span(recent[0].ago)}"
    return f"{_nth(s)}{_unanswered(s)}, the last {ago(s.own[-1].ago)}"


def others(s: Story) -> str:
    """Other threads: "Approached in two other threads, last three weeks ago"."""
    threads = f"{number(s.threads)} other thread{'' if s.threads == 1 else 's'}"
    return f"Approached in {threads}, last {ago(s.others[-1].ago)}"


def answers(s: Story, strongest: str) -> str:
    """Earlier answers: "Answered two of five earlier approaches"."""
    if strongest in ("person_lands", "person_land_rate") and s.threads:
        return f"{_of_approaches(s.count('person_lands'), s.threads)} landed"
    if s.answered:
        return f"Answered {_of_approaches(s.answered, s.threads)}"
    where = "" if s.silent else " in this thread"
    return f"Answered{where} {ago(s.value['person_days_since_answer'])}"


def _of_approaches(n: int, of: int) -> str:
    """How many of some earlier approaches."""
    if of == 1:
        return "the earlier approach" if n else "not the earlier approach"
    if n == of:
        return "both earlier approaches" if of == 2 else f"all {number(of)} earlier approaches"
    return f"{number(n) if n else 'none'} of {number(of)} earlier approaches"


def not_now(s: Story) -> str:
    """Neutral replies: 'Said "not now" three weeks ago'."""
    n, since = s.count("person_not_now"), s.value["person_days_since_not_now"]
    often = f"{times(n)}, last " if n > 1 else ""
    where = "" if s.value["thread_not_now"] else "in another thread "
    return f'Said "not now" {often}{where}{ago(since)}'


def pushback(s: Story) -> str:
    """Earlier annoyance: "Pushed back once before"."""
    return f"Pushed back {times(s.count('person_annoys'))} before"


def interest(s: Story) -> str:
    """Opens and clicks: "Opened twice, last two days ago"."""
    opens, clicks = s.count("thread_opens"), s.count("thread_clicks")
    did = [f"{verb} {times(n)}" for verb, n in (("opened", opens), ("clicked", clicks)) if n]
    if did:
        last = "" if opens + clicks == 1 else "last "
        return f"{' and '.join(did)}, {last}{ago(s.value['thread_days_since_open'])}"
    active = s.happened("person_days_since_activity")
    seen = f"active in another thread {ago(s.value['person_days_since_activity'])}"
    if s.own and not s.silent:
        return "No open or click in this thread so far"
    if s.own:
        return "No open or click in this thread so far" + (f", but {seen}" if active else "")
    return seen if active else "No open, click or answer so far"


def away(s: Story) -> str:
    """Automatic answers: "An automatic answer came three days ago"."""
    if s.happened("thread_days_since_auto_reply"):
        return f"An automatic answer came {ago(s.value['thread_days_since_auto_reply'])}"
    n = s.count("person_auto_replies")
    return f"{number(n)} automatic answer{'' if n == 1 else 's'} so far"


def bounces(s: Story) -> str:
    """Messages that did not arrive."""
    n = s.count("person_bounces")
    return f"{number(n)} message{'' if n == 1 else 's'} bounced"


def moment(s: Story, strongest: str) -> str:
    """The moment on the person's own clock: "Tuesday at 10:00 their time"."""
    hour = s.value["local_hour"]
    at = f"{int(hour)}:{int(hour % 1 * 60):02d}"
    if strongest == "person_usual_hour":
        fits = "is a time of day" if s.value[strongest] > 0 else "is not a time of day"
        return f"{at} their time {fits} at which they are usually active"
    if strongest == "thread_hours_off_last":
        off = s.value[strongest]
        if off < _HOURS_ALIKE:
            return "Much the same time of day as the last touch"
        return f"{number(round(off))} hours off the time of day of the last touch"
    return f"{WEEKDAYS[int(s.value['local_weekday']) % 7]} at {at} their time"


def season(s: Story) -> str:
    """The time of year: "The time of year, late January"."""
    turn = math.atan2(s.value["year_sin"], s.value["year_cos"]) / (2 * math.pi)
    return f"The time of year, {time_of_year(turn % 1)}"


def channel(s: Story) -> str:
    """Beside the last channel: "First call, after two e-mails", "By phone, after a text"."""
    usual = next((c for c in NOUNS if s.usual.get(f"channel_{c}") == 1), "other")
    text = BY[s.channel]
    if s.own and all(t.channel != s.channel for t in s.own):
        n = len(s.own)
        made = _with_article(s.own[0].channel) if n == 1 else f"{number(n)} {_plural(s.own)}"
        return f"First {_noun(s)}{'' if s.threads == 0 else ' in this thread'}, after {made}"
    if s.own and s.own[-1].channel != s.channel:
        return f"{text}, after {_with_article(s.own[-1].channel)}"
    return text if usual == s.channel else f"{text}, not {BY[usual]}"


def handover(s: Story, strongest: str) -> str:
    """Who wrote: "Another sender than last time"."""
    if strongest == "thread_same_actor":
        return "Another sender than last time" if not s.value[strongest] else "Same sender again"
    where = "in this thread" if strongest == "thread_handovers" else "across this person's threads"
    return f"The sender changed {times(s.count(strongest))} {where}"


def fit(s: Story) -> str:
    """The relevance given with the touches."""
    value, usual = percent(s.value["relevance"]), percent(s.usual["relevance"])
    return f"Fit of the approach {value}, usually {usual}"


def personal(s: Story) -> str:
    """Whether the message is written for the person."""
    return f"{'Written' if s.value['personalized'] else 'Not written'} for this person"


#: The topics that the history alone can put into words.
TOLD: dict[str, Callable[[Story], str]] = {
    "touches": touches,
    "attempts": attempts,
    "recency": recency,
    "others": others,
    "not_now": not_now,
    "pushback": pushback,
    "interest": interest,
    "away": away,
    "bounces": bounces,
    "season": season,
    "channel": channel,
    "fit": fit,
    "personal": personal,
}
#: Those whose words depend on which column is the strongest.
TOLD_BY_COLUMN: dict[str, Callable[[Story, str], str]] = {
    "answers": answers,
    "moment": moment,
    "handover": handover,
}


def _noun(s: Story) -> str:
    return NOUNS[s.channel][0]


def _with_article(channel: str) -> str:
    noun = NOUNS[channel][0]
    return f"{'an' if noun[0] == 'e' else 'a'} {noun}"


def _nth(s: Story) -> str:
    return f"{ordinal(len(s.own) + 1)} {_common(s.channel, s.own)}"


def _common(channel: str, made: tuple[Touch, ...]) -> str:
    """What touches and the one considered are called together, in the singular."""
    return NOUNS[channel][0] if all(t.channel == channel for t in made) else "touch"


def _plural(made: tuple[Touch, ...]) -> str:
    kinds = {t.channel for t in made}
    names = NOUNS[made[0].channel] if len(kinds) == 1 else ("touch", "touches")
    return names[len(made) != 1]


def _unanswered(s: Story) -> str:
    if not s.silent:
        last = {0: "", 1: ", the last one unanswered"}
        k = s.unanswered
        return f" in this thread{last.get(k, f', the last {number(k)} unanswered')}"
    return ", the first unanswered" if len(s.own) == 1 else ", none answered so far"


def _elsewhere(s: Story) -> str:
    """How many of the recent touches other threads made."""
    n = sum(not t.here for t in s.recent)
    if not n:
        return ""
    return f", {number(n)} of them in {'another thread' if n == 1 else 'other threads'}"

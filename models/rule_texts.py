"""What rules say in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from features.localtime import country_name
from models.hours import Place, local_clock, public_holidays, weekend_of
from models.rulebook import OpeningHours
from models.week import clock, spoken

NOUNS = {
    "email": "E-mails",
    "phone": "Calls",
    "sms": "Texts",
    "linkedin": "LinkedIn messages",
    "other": "Messages",
}
#: Countries whose name in a sentence is not the one in the table of countries.
IN_A_SENTENCE = {
    "AE": "the Emirates",
    "DO": "the Dominican Republic",
    "GB": "the UK",
    "NL": "the Netherlands",
    "PH": "the Philippines",
    "US": "the US",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STOPS = {
    "opted_out": "The contact opted out on {}; nobody may write to them again, on any channel.",
    "complained": "The contact complained on {}; nobody may write to them again, on any channel.",
    "pushed_back": "The contact answered negatively on {}; this thread is over.",
    "landed": "The contact answered well on {}; there is nothing left to follow up in this thread.",
    "role_closed": "The role closed on {}; there is nothing left to follow up in this thread.",
    "role_closes": "The role closes on {}, before the contact may be written to or called.",
}


def stop(rule: str, when: datetime) -> str:
    """Why a thread is over."""
    return _STOPS[rule].format(day(when))


def closed(channel: str) -> str:
    """That the organisation keeps off a channel."""
    return f"{NOUNS[channel]} are not used by this organisation."


def bounced(channel: str, when: datetime) -> str:
    """That a channel no longer works."""
    how = "did not get through" if channel == "phone" else "bounced"
    return f"{NOUNS[channel]} no longer reach the contact: the last one {how} on {day(when)}."


def complaints(domain: str, touches: int, made: int, days: int, stop: bool) -> str:
    """That people complain of what a domain sends."""
    share = f"{made / touches:.2%}" if touches else "all"
    said = (
        f"{made:,} of {touches:,} e-mails from {domain} in {days} days were complained of ({share})"
    )
    if stop:
        return f"{said}; no more are sent from there until that is less."
    return f"{said}; more, and sending has to stop."


def come_back(until: datetime) -> str:
    """That a "not now" is respected."""
    return f'The contact answered "not now"; they are left in peace until {day(until)}.'


def agreed_date(made_us: int, until_us: int, zone: str) -> str:
    """That a date was agreed on; both moments as days of `zone`."""
    made, until = (_date(local_clock(zone, moment)[0]) for moment in (made_us, until_us))
    return f"The contact asked on {made} to be contacted from {until} on; nobody does so before."


def spacing(touches: int, hours: float, last: datetime) -> str:
    """That there have been touches enough; `hours` is the window they count in."""
    latest = f"the last touch was on {day(last)} at {clock(last.hour * 60 + last.minute)} UTC"
    if touches == 1:
        return f"At least {hours:g} hours lie between two touches of anyone; {latest}."
    span = f"{hours / 24:g} days"
    return f"At most {touches} touches in {span}, whoever makes them on whatever channel; {latest}."


def never(channel: str, days: int) -> str:
    """That waiting does not help."""
    return f"{NOUNS[channel]} are not allowed at any moment of the next {days} days."


def zone_unknown(places: Sequence[Place]) -> str:
    """That hours are narrow because nobody knows where the contact is."""
    countries = {place.country for place in places}
    place = "every place they may be in"
    if len(countries) == 1 and (country := next(iter(countries))):
        place = f"all of {_named(country)}"
    return (
        f"The contact's time zone is not known, so only hours allowed in {place} count; "
        "give a timezone to widen them."
    )


def hours(channel: str, entry: OpeningHours, place: Place, t_us: int) -> tuple[str, str]:
    """The rule by which `entry` is closed at a moment in a place, and its words."""
    today, minute, weekday = local_clock(place.zone, t_us)
    city = place.zone.rsplit("/", 1)[-1].replace("_", " ")
    what = f"{NOUNS[channel]}{_where(entry, place)}"
    holiday = public_holidays(place.holidays_of, today.year).get(today)
    if holiday and entry.holidays == "closed":
        text = f"{what} are not allowed on public holidays; {_date(today)} is {holiday}"
        return "public_holiday", f"{text} ({entry.source})."
    week = entry.week(weekend_of(place.country))
    now = f"it is {clock(minute)} in {city}"
    if not week[weekday]:
        name = WEEKDAYS[weekday]
        return "weekend", f"{what} are not allowed on {name}s; {now}, {name} ({entry.source})."
    same_all_week = len({ranges for ranges in week if ranges}) == 1
    on = "" if same_all_week else f" on {WEEKDAYS[weekday]}s"
    text = f"{what} are allowed {spoken(week[weekday])} local time{on}; {now}"
    return "quiet_hours", f"{text} ({entry.source})."


def day(when: datetime) -> str:
    """A UTC day as people write it: 3 March 2026."""
    return _date(when.date())


def _date(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


def _where(entry: OpeningHours, place: Place) -> str:
    where = entry.place or (_named(place.country) if place.country else "")
    return f" in {where}" if where else ""


def _named(country: str) -> str:
    return IN_A_SENTENCE.get(country) or country_name(country)

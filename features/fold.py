"""The compiled routine: advance states event by event and fill a row at every touch."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.catalog.clock import ebbed
from features.catalog.columns import CONTACT_COLUMNS, PARTY_COLUMNS, TIDE_DAYS, compose
from features.catalog.registry import Moment, PartyMoment
from features.compiled import inline, jit
from features.prefetch import AHEAD, prefetch
from features.state import (
    DAY,
    PARTY,
    PERSON,
    THREAD,
    TOUCH,
    add_faded,
    advance_by_response,
    advance_by_touch,
    advance_party_by_outcome,
    advance_party_by_touch,
    clear_party,
    clear_person,
    clear_thread,
    fade,
    note_party_touch,
    note_touch,
)
from features.timeline import APPLY, QUERY

fill_contact = compose(CONTACT_COLUMNS, "t, p, m")
_fill_actor, _fill_account, _fill_contact_party, _fill_organisation, _fill_tide = (
    compose(columns, "a, m") for columns in PARTY_COLUMNS
)

#: Position of a party's first column, by the order of `features.catalog.PARTIES`.
PARTY_OFFSETS = tuple(
    len(CONTACT_COLUMNS) + sum(len(c) for c in PARTY_COLUMNS[:i]) for i in range(len(PARTY_COLUMNS))
)
_ACTOR, _ACCOUNT, _CONTACT, _ORGANISATION, _TIDE = PARTY_OFFSETS
_PARTY_BYTES = PARTY.itemsize
_TIDE_DAYS = np.array(tuple(TIDE_DAYS.values()))
#: Bytes of a row that are in every line of memory which the columns of the contact touch.
_CONTACT_LINES = (*range(0, 4 * len(CONTACT_COLUMNS), 64), 4 * len(CONTACT_COLUMNS) - 1)


@inline
def as_code(value: Any) -> Any:
    """A code as int64, so that every moment is compiled as one type."""
    return np.int64(value)


@inline
def moment_of(e: Any, thread: Any, person: Any) -> Any:
    """The moment of a touch that is an entry of a timeline."""
    return Moment(
        e.occurred,
        e.local / DAY,
        as_code(e.channel),
        as_code(e.actor),
        float(e.relevance),
        np.nan if e.personalized < 0 else float(e.personalized),
        float(e.zone_known),
        fade(thread.decay_time, e.occurred),
        fade(person.decay_time, e.occurred),
        fade(person.answer_decay_time, e.occurred),
    )


@inline
def apply(e: Any, thread: Any, person: Any) -> None:
    """Advance the states by an entry that has become known.

    A meeting agreed ahead is an answer of the moment it was agreed.
    """
    if e.kind == TOUCH:
        advance_by_touch(thread, person, e.occurred, e.channel, e.actor, e.personalized)
    else:
        time = min(e.occurred, e.when)
        local = e.local - (e.occurred - time)
        advance_by_response(thread, person, time, local, e.kind, e.sentiment)


@inline
def open_thread(threads: Any, n: int, slot: int, campaign: int) -> Any:
    """Make room up to `slot`: the (possibly larger) buffer and the number of threads in use."""
    if slot >= len(threads):
        larger = np.empty(max(2 * len(threads), slot + 1), THREAD)
        larger[:n] = threads[:n]
        threads = larger
    while n <= slot:
        clear_thread(threads[n], -1)
        n += 1
    threads[slot].campaign = campaign
    return threads, n


@inline
def read(e: Any, thread: Any, person: Any, x: Any) -> Any:
    """Write the row of a touch as of what is known; the moment it was read at."""
    m = moment_of(e, thread, person)
    fill_contact(x, thread, person, m)
    return m


@inline
def apply_read(e: Any, thread: Any, person: Any, m: Any) -> None:
    """`apply` a touch just read at the moment `m`, sparing the fades known from there."""
    thread.decay_time = add_faded(thread.pressure, m.thread_fade, m.time)
    person.decay_time = add_faded(person.pressure, m.person_fade, m.time)
    note_touch(thread, person, e.occurred, e.channel, e.actor, e.personalized)


@inline
def _ask_for(entries: Any, j: int, row: Any, out: Any) -> None:
    """Ask for the row of a touch some entries on, and for the place of one twice as far."""
    far = entries[min(j + 2 * AHEAD, len(entries) - 1)]
    if far.kind == TOUCH:
        prefetch(row, far.event, 0)
    near = entries[min(j + AHEAD, len(entries) - 1)]
    if near.kind == TOUCH:
        for byte in _CONTACT_LINES:
            prefetch(out, row[near.event], byte)


@jit
def fold_contacts(entries: Any, starts: Any, row: Any, out: Any) -> None:
    """Fold every contact; write the row (`row[event]`) of each touch as of the moment before it.

    Entries of one moment are all read before any is applied: what happens at the same moment is
    not yet known.
    """
    persons = np.empty(1, PERSON)
    threads = np.empty(8, THREAD)
    blank = np.empty(1, THREAD)
    clear_thread(blank[0], -1)
    for c in range(len(starts) - 1):
        # Taken anew each time: a record does not keep the memory of its array alive.
        person = persons[0]
        clear_person(person)
        n = 0
        i = starts[c]
        while i < starts[c + 1]:
            j = i
            while j < starts[c + 1] and entries[j].when == entries[i].when:
                _ask_for(entries, j, row, out)
                e = entries[j]
                if e.slot >= n:
                    threads, n = open_thread(threads, n, e.slot, e.campaign)
                if e.flags & QUERY and e.kind == TOUCH:
                    thread = threads[e.slot] if e.slot >= 0 else blank[0]
                    m = read(e, thread, person, out[row[e.event]])
                j += 1
            first = entries[i]
            if j == i + 1 and first.kind == TOUCH and first.flags == QUERY | APPLY:
                apply_read(first, threads[first.slot], person, m)
                i = j
            while i < j:
                if entries[i].flags & APPLY:
                    apply(entries[i], threads[entries[i].slot], person)
                i += 1


@jit
def final_states(entries: Any, starts: Any, slots: Any, persons: Any, threads: Any) -> None:
    """Fold each contact to the end; keep its person and the thread in `slots[c]` (-1: new)."""
    buffer = np.empty(8, THREAD)
    for c in range(len(starts) - 1):
        clear_person(persons[c])
        n = 0
        for i in range(starts[c], starts[c + 1]):
            e = entries[i]
            if e.slot >= n:
                buffer, n = open_thread(buffer, n, e.slot, e.campaign)
            if e.flags & APPLY:
                apply(e, buffer[e.slot], persons[c])
        if 0 <= slots[c] < n:
            threads[c] = buffer[slots[c]]
        else:
            clear_thread(threads[c], -1)


@inline
def _party_moment(a: Any, when: int, o: Any) -> Any:
    return PartyMoment(
        when,
        fade(a.decay_time, when),
        fade(a.land_decay_time, when),
        o.touches,
        o.threads,
        o.lands,
        o.annoys,
    )


@inline
def _note_named(states: Any, code: int, left: Any, now: int, opens: bool) -> None:
    """`note_party_touch` of somebody: the last of the states is of those who are not named."""
    if code < len(states) - 1:
        note_party_touch(states[code], left, now, opens)


@inline
def _advance_named(states: Any, code: int, now: int, kind: int, number: int) -> None:
    """`_advance` of somebody, likewise."""
    if code < len(states) - 1:
        _advance(states[code], now, kind, number)


@inline
def _advance(party: Any, now: int, kind: int, number: int) -> None:
    """Advance a party by a step: a touch, the `number`th of its thread, or an outcome."""
    if kind == TOUCH:
        advance_party_by_touch(party, now, number == 1)
    else:
        advance_party_by_outcome(party, now, kind)


@jit
def fold_parties(order: Any, steps: Any, keys: Any, row: Any, number: Any, states: Any,
                 nobody: Any, out: Any) -> None:  # fmt: skip
    """Walk all steps in order of time; advance each party and write its columns of a touch's row.

    `steps` are the arrays (event, when, flags, kind); `keys` the actor and account per event and
    the actor that the touched contact is (-1: none); `states` those of actors and accounts, the
    last of each the absent one's, of whom nothing is ever known, and of the organisation. Steps of
    one moment are all read before any is applied.
    """
    event, when, flags, kind = steps
    actor, account, own = keys
    actors, accounts, organisation = states
    i = 0
    while i < len(order):
        now = when[order[i]]
        j = i
        while j < len(order) and when[order[j]] == now:
            if j + AHEAD < len(order):
                later = event[order[j + AHEAD]]
                for byte in range(0, _PARTY_BYTES, 64):
                    prefetch(actors, actor[later], byte)
                    prefetch(accounts, account[later], byte)
            e = event[order[j]]
            if flags[order[j]] & QUERY:
                x = out[row[e]]
                c = organisation[0]
                mc = _party_moment(c, now, c)
                _fill_organisation(x[_ORGANISATION:], c, mc)
                _fill_tide(x[_TIDE:], c, mc)
                a = actors[actor[e]]
                ma = _party_moment(a, now, c)
                _fill_actor(x[_ACTOR:], a, ma)
                b = accounts[account[e]]
                mb = _party_moment(b, now, c)
                _fill_account(x[_ACCOUNT:], b, mb)
                if own[e] >= 0:
                    d = actors[own[e]]
                    _fill_contact_party(x[_CONTACT:], d, _party_moment(d, now, c))
                else:
                    x[_CONTACT:_ORGANISATION] = nobody
            j += 1
        s = order[i]
        if j == i + 1 and kind[s] == TOUCH and flags[s] == QUERY | APPLY:
            # Alone at its moment and just read: the fades are known.
            e = event[s]
            opens = number[e] == 1
            _note_named(actors, actor[e], ma.fade, now, opens)
            _note_named(accounts, account[e], mb.fade, now, opens)
            note_party_touch(organisation[0], mc.fade, now, opens)
            i = j
        while i < j:
            s = order[i]
            i += 1
            if not flags[s] & APPLY:
                continue
            e = event[s]
            _advance_named(actors, actor[e], now, kind[s], number[e])
            _advance_named(accounts, account[e], now, kind[s], number[e])
            _advance(organisation[0], now, kind[s], number[e])


@jit
def read_parties(actors: Any, accounts: Any, own: Any, organisation: Any, when: Any, at: Any,
                 out: Any) -> None:  # fmt: skip
    """Write the party columns of each row from the given states, as of `when` (microseconds).

    Tides have ebbed until `at`, which is not before.
    """
    for r in range(len(out)):
        x, o = out[r], organisation[r]
        _fill_actor(x[_ACTOR:], actors[r], _party_moment(actors[r], when[r], o))
        _fill_account(x[_ACCOUNT:], accounts[r], _party_moment(accounts[r], when[r], o))
        _fill_contact_party(x[_CONTACT:], own[r], _party_moment(own[r], when[r], o))
        _fill_organisation(x[_ORGANISATION:], o, _party_moment(o, when[r], o))
        _fill_tide(x[_TIDE:], o, _party_moment(o, when[r], o))
        for k in range(len(_TIDE_DAYS)):
            x[_TIDE + k] *= ebbed((at[r] - when[r]) / DAY, _TIDE_DAYS[k])


def blank_parties(n: int) -> Any:
    """The states of `n` parties that have never reached out."""
    states = np.zeros(n, PARTY)
    for i in range(n):
        clear_party(states[i])
    return states

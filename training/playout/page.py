"""docs/decision-quality.md: every figure from the plays themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from training.metrics import verdict
from training.playout.agenda import Agenda
from training.playout.book import AVERAGE, Book
from training.playout.bounds import GROUP, LEVELS, Notes, by_level, held
from training.playout.estimates import average, difference, mean_of
from training.playout.plays import BEST, CLASSIFIER, CLEAR, FINELINE, HABITUAL, INSIDER, POLICIES
from training.playout.tables import HEADER, markdown, span
from training.simulate.worlds import WORLDS

AIM_SHARE = 0.7
#: The world made of the base rates.
COLD = "agency"


def page(book: Book, folder: str) -> Iterator[str]:
    """The lines of the page; plots are in `folder` beside it."""
    yield "# How good are the decisions"
    yield ""
    yield from _method(book.agenda)
    for section in (
        _reached(book), _overview(book), _annoyed(book), _by_history(book), _abroad(book),
        _learning(book, folder), _frontier(folder), _bounds(book), _worlds(book),
    ):  # fmt: skip
        yield ""
        yield from section


def _method(a: Agenda) -> Iterator[str]:
    asked_daily = a.main(a.worlds[0], CLASSIFIER).only
    yield (
        "Written by `make playout`. In each simulated world ([simulate.md](simulate.md)) fineline "
        f"learns from a year of {a.history:,} contacts{_shared_out(a)}, then it and other policies "
        f"deal with the same {a.contacts:,} fresh people for 120 days, with the same luck. Value "
        "per contact = landed - 2 x annoyed - 0.01 x touches. Intervals are of 95 %, over contacts "
        "who share recruiters and clients; differences and shares are paired by contact. What "
        "touches bring is drawn, and the world knows by what chances: what was drawn beyond them "
        "is luck, nought in the mean for every policy, and is taken out of all that was counted "
        "(as a control variate), here and where the marks are tuned. Policies:"
    )
    yield ""
    yield (
        "- **habit**: five e-mails, three days apart. **best-cadence**: the fixed cadence worth "
        "most, found in hindsight inside that world on other people."
    )
    yield (
        "- **classifier**: two plain LightGBM classifiers of the same features (lands, annoys "
        "within 30 days), a touch whenever p_land - 2 p_annoy > 0.01; **classifier-weekly**: at "
        "most weekly, with the threshold that is best in hindsight. Both meet the first "
        f"{asked_daily:,} of the people."
    )
    yield (
        "- **insider**: a policy of a dozen parameters over what a CRM can see, tuned by "
        "search inside that very world. **clear-sighted**: knows the true chances of a touch now, "
        "and touches above the threshold that is best in hindsight. It does not plan ahead."
    )
    yield (
        "- **fineline**: follows every hint. The people, recruiters, clients and roles it meets "
        "are strangers to its model. *Share of the way*: from the habit (0) to the clear-sighted "
        "(1)."
    )


def _reached(book: Book) -> Iterator[str]:
    yield "## Reached or missed"
    yield ""
    worlds = book.agenda.worlds
    for mark in (HABITUAL, BEST, INSIDER):
        gaps = {w: book.over(w, mark) for w in worlds}
        above, below = (
            [w for w in worlds if sign * gaps[w].mean > 0 and gaps[w].low * gaps[w].high > 0]
            for sign in (1, -1)
        )
        open_ = [w for w in worlds if w not in above + below]
        yield (
            f"- Against the {mark}: better in {len(above)} of {len(worlds)} worlds (interval above "
            f"zero), worse in {len(below)}{_names(below)}, undecided in {len(open_)}"
            f"{_names(open_)}; on average {span(average(list(gaps.values())))} per contact."
        )
    share = average([book.share(book.agenda.main(w, FINELINE)) for w in worlds])
    yield (
        f"- Share of the way on average: {span(share)}, aim {AIM_SHARE}: "
        f"{verdict(share.mean - AIM_SHARE)}. As counted, with the luck of the draws: "
        f"{span(average([book.counted_share(w) for w in worlds]))}."
    )
    over = [w for w in worlds if book.over_twice(w).mean > 0]
    yield (
        f"- Annoyed never above twice the habit's rate: "
        f"{'reached' if not over else f'missed in {len(over)}{_names(over)}'}."
    )


def _overview(book: Book) -> Iterator[str]:
    yield "## Value per contact"
    yield ""
    marks = [p for p in POLICIES if p not in (HABITUAL, CLEAR)]
    rows = []
    for w in book.agenda.worlds:
        values = [f"{book.main(w, p).value.mean():.3f}" for p in POLICIES]
        shares = [span(book.share(book.agenda.main(w, p))) for p in (BEST, INSIDER, FINELINE)]
        rows.append([w, *values, *shares])
    means = [
        f"{sum(book.main(w, p).value.mean() for w in book.agenda.worlds) / len(rows):.3f}"
        for p in POLICIES
    ]
    shares = [
        span(average([book.share(book.agenda.main(w, p)) for w in book.agenda.worlds]))
        for p in (BEST, INSIDER, FINELINE)
    ]
    rows.append([AVERAGE, *means, *shares])
    header = ["world", *POLICIES, *(f"share: {p}" for p in (BEST, INSIDER, FINELINE))]
    yield from markdown(header, rows)
    yield ""
    yield "Fineline's value less that of others, paired by contact:"
    yield ""
    others = [p for p in (HABITUAL, *marks) if p != FINELINE]
    table = [[w, *(span(book.over(w, p)) for p in others)] for w in book.agenda.worlds]
    table.append(
        [AVERAGE, *(span(average([book.over(w, p) for w in book.agenda.worlds])) for p in others)]
    )
    yield from markdown(["world", *others], table)


def _annoyed(book: Book) -> Iterator[str]:
    yield "## Annoyed people against twice the habit's rate"
    yield ""
    rows = []
    for w in book.agenda.worlds:
        outcomes = (book.main(w, p).less_luck for p in (FINELINE, HABITUAL))
        own, habit = (mean_of(o.annoyed, o.parties) for o in outcomes)
        over = book.over_twice(w)
        rows.append([w, span(habit, True), span(own, True), span(over, True),
                     "reached" if over.mean <= 0 else "missed"])  # fmt: skip
    header = (
        "world",
        "habit, per 100 contacts",
        "fineline",
        "fineline less twice the habit",
        "aim: <= 0",
    )
    yield from markdown(header, rows)


def _by_history(book: Book) -> Iterator[str]:
    n = book.agenda.histories
    yield "## The luck of a history"
    yield ""
    yield (
        "Fineline's value over the best cadence, and its share of the way, by the history that it "
        "learned from; each history's model met other people."
    )
    yield ""
    header = ["world", *(f"over the best cadence, history {k + 1}" for k in range(n)),
              *(f"share, history {k + 1}" for k in range(n))]  # fmt: skip
    rows = [
        [w, *(span(over) for over, _ in found), *(span(share) for _, share in found)]
        for w, found in ((w, book.by_history(w)) for w in book.agenda.worlds)
    ]
    yield from markdown(header, rows)


def _shared_out(a: Agenda) -> str:
    if a.histories == 1:
        return ""
    return (
        f" ({a.histories} such years, of other recruiters, clients and people each: what is "
        "learned from one owes something to luck, so each decides about a share of the people)"
    )


def _abroad(book: Book) -> Iterator[str]:
    yield "## Learned in one world, playing in another"
    yield ""
    rows, shares = [], []
    for w in book.agenda.worlds:
        for play in book.agenda.abroad(w):
            there, parties = book.plays[play], book.plays[play].parties
            shares.append(book.share(play))
            others = (book.main(play.world, p).value for p in (HABITUAL, BEST, FINELINE))
            rows.append(
                [
                    w, play.world, span(mean_of(there.value, parties)), span(shares[-1]),
                    *(span(difference(there.value, other, parties)) for other in others),
                    span(mean_of(there.less_luck.annoyed, parties), True),
                ]
            )  # fmt: skip
    header = ("learned in", "plays in", "value", "share of the way", "over the habit",
              "over the best cadence there", "over a model of that world",
              "annoyed per 100")  # fmt: skip
    yield from markdown(header, rows)
    yield ""
    if shares:
        yield f"Share of the way on average: {span(average(shares))}."


def _learning(book: Book, folder: str) -> Iterator[str]:
    yield "## Learning curve"
    yield ""
    yield f"Share of the way by contacts seen; 0 stands for the first day.{_assumed(book)}"
    yield ""
    curves = book.curves()
    sizes = [f"{n:,}" for n, _ in curves[AVERAGE]]
    yield from markdown(
        ["world", *sizes],
        [[w, *(f"{e.mean:.2f}" for _, e in curve)] for w, curve in curves.items() if w != AVERAGE]
        + [[AVERAGE, *(span(e) for _, e in curves[AVERAGE])]],
    )
    yield ""
    yield f"![Learning curve]({folder}/learning.png)"


def _assumed(book: Book) -> str:
    """How far base rates are from the worlds they are used in."""
    landed = {w: 100 * float(book.main(w, HABITUAL).less_luck.landed.mean())
              for w in book.agenda.worlds}  # fmt: skip
    others = [rate for w, rate in landed.items() if w != COLD]
    if COLD not in landed or not others:
        return ""
    return (
        " All that is known then are base rates of cold outreach, as in the world "
        f"{COLD}, where the habit lands {landed[COLD]:.0f} of 100; in the others it lands "
        f"{min(others):.0f} to {max(others):.0f}."
    )


def _frontier(folder: str) -> Iterator[str]:
    yield "## Landed against annoyed"
    yield ""
    yield (
        "Each point is a policy at one cost of annoyance (the number beside it; landing earns 1). "
        "Up and to the left is better."
    )
    yield ""
    yield f"![Frontier of landed against annoyed]({folder}/frontier.png)"


def _bounds(book: Book) -> Iterator[str]:
    yield "## Do the bounds hold the truth"
    yield ""
    yield (
        "A twentieth of all threads fineline was asked about, in every play above, were asked "
        "about once more with one channel drawn at random, and the 90 % bounds of `if_nudged` "
        "compared with the true chance of that touch. *Average*: over some "
        f"{GROUP} decisions with alike chances on one channel, is the true chance within the "
        "bounds; that is what bounds of a chance promise. *Single*: is one person's true chance "
        "within; it also varies with what nobody sees, so no model could reach 90 %. Strong and "
        "fair evidence is inside the data, weak and none outside."
    )
    notes = {w: book.notes(w) for w in book.agenda.worlds}
    header = ("evidence", "decisions", "land: average, %", "truth below", "above",
              "land: single, %", "annoy: average, %", "truth below", "above",
              "annoy: single, %")  # fmt: skip
    yield ""
    levels = by_level(list(chain.from_iterable(notes.values())))
    yield from markdown(header, [[level, *_held_cells(levels[level])] for level in LEVELS])
    yield ""
    rows = []
    for w in book.agenda.worlds:
        own = by_level(notes[w])
        inside, outside = ([*own[a], *own[b]] for a, b in (LEVELS[:2], LEVELS[2:]))
        rows += [[w, where, *_held_cells(n)] for where, n in (("inside", inside),
                                                             ("outside", outside))]  # fmt: skip
    yield from markdown(("world", "data", *header[1:]), rows)


def _held_cells(notes: Notes) -> list[str]:
    cells = [f"{len(notes):,}"]
    for outcome in ("land", "annoy"):
        h = held(notes, outcome)
        cells += (
            ["-"] * 4
            if h is None
            else [f"{100 * x:.0f}" for x in (h.average, h.below, h.above, h.single)]
        )
    return cells


def _worlds(book: Book) -> Iterator[str]:
    yield "## World by world"
    for w in book.agenda.worlds:
        yield ""
        yield f"### {w}: {WORLDS[w].about}"
        yield ""
        yield from markdown(HEADER, [r.cells() for r in book.rows(w)])


def _names(worlds: Sequence[str]) -> str:
    return f" ({', '.join(worlds)})" if worlds else ""

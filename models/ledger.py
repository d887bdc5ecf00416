"""What a model remembers of who reached out: frozen at the end of its training data.

Senders and clients are told apart by a 64-bit digest of their id, never by the id.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from features.fold import blank_parties
from features.histories import from_events
from features.matrix import party_states
from features.parties import Parties, add_states
from features.state import PARTY

_SCALARS = [n for n in PARTY.names or () if PARTY[n].shape == ()]
_VECTORS = [n for n in PARTY.names or () if PARTY[n].shape != ()]


#: States that stand before those of anybody with a name (`Ledger.NOBODY` to `NO_ACCOUNT`).
_NAMELESS = 4


def digest(name: str) -> int:
    """A 64-bit digest of an id."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Ledger:
    """States by digest of id. `as_of` (microseconds) is when they were frozen."""

    as_of: int
    states: npt.NDArray[Any]
    actors: dict[int, int]
    accounts: dict[int, int]

    NOBODY = 0
    ORGANISATION = 1
    NO_ACTOR = 2
    NO_ACCOUNT = 3

    @classmethod
    def of(cls, parties: Parties, actors: pa.Array, accounts: pa.Array, as_of: int) -> Ledger:
        """Freeze the parties' states; `actors` and `accounts` name their codes."""
        states = np.concatenate(
            [
                blank_parties(1),
                parties.organisation,
                parties.actors[-1:],
                parties.accounts[-1:],
                parties.actors[:-1],
                parties.accounts[:-1],
            ]
        )
        names = (actors.to_pylist(), accounts.to_pylist())
        return cls(as_of, states, *_places(*([digest(a) for a in one] for one in names)))

    @classmethod
    def counted(cls, events: pa.Table, as_of: int) -> Ledger:
        """The ledger of validated events, all recorded by `as_of` (microseconds)."""
        h = from_events(events)
        return cls.of(party_states(h, as_of), h.names["actor_id"], h.names["account_id"], as_of)

    @classmethod
    def merged(cls, parts: Sequence[Ledger], as_of: int) -> Ledger:
        """One ledger of several that are of different people, as of `as_of` (microseconds)."""
        if len(parts) == 1:
            return dataclasses.replace(parts[0], as_of=as_of)
        actors, accounts = _places(_keys(p.actors for p in parts), _keys(p.accounts for p in parts))
        states = blank_parties(_NAMELESS + len(actors) + len(accounts))
        for part in parts:
            places = np.arange(len(part.states))
            for own, all_of_them in ((part.actors, actors), (part.accounts, accounts)):
                places[list(own.values())] = [all_of_them[key] for key in own]
            add_states(states, places, part.states)
        return cls(as_of, states, actors, accounts)

    @classmethod
    def empty(cls) -> Ledger:
        """Nobody has ever reached out."""
        return cls(0, blank_parties(4), {}, {})

    def actor(self, name: str | None) -> int:
        """Position in `states` of an actor; a blank one for somebody never seen."""
        return self.NO_ACTOR if name is None else self.actors.get(digest(name), self.NOBODY)

    def account(self, name: str | None) -> int:
        """Position in `states` of a client account."""
        return self.NO_ACCOUNT if name is None else self.accounts.get(digest(name), self.NOBODY)

    def contact(self, name: str) -> int:
        """Position in `states` of a contact as a sender; blank for most."""
        return self.actors.get(digest(name), self.NOBODY)

    def save(self, path: Path) -> None:
        """Write as Parquet: one row per state."""
        keys = np.zeros(len(self.states), np.uint64)
        role = np.zeros(len(self.states), np.int8)
        for code, known in ((1, self.actors), (2, self.accounts)):
            for key, place in known.items():
                keys[place], role[place] = key, code
        columns: dict[str, Any] = {"key": keys, "role": role}
        columns |= {n: self.states[n] for n in _SCALARS}
        for n in _VECTORS:
            columns |= {f"{n}_{k}": self.states[n][:, k] for k in range(PARTY[n].shape[0])}
        table = pa.table(columns).replace_schema_metadata({"as_of": str(self.as_of)})
        pq.write_table(table, path)

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """Read what `save` wrote."""
        table = pq.read_table(path)
        states = np.zeros(table.num_rows, PARTY)
        for n in _SCALARS:
            states[n] = table[n].to_numpy()
        for n in _VECTORS:
            for k in range(PARTY[n].shape[0]):
                states[n][:, k] = table[f"{n}_{k}"].to_numpy()
        keys, role = table["key"].to_numpy(), table["role"].to_numpy()
        known = [{int(keys[i]): int(i) for i in np.flatnonzero(role == r)} for r in (1, 2)]
        return cls(int(table.schema.metadata[b"as_of"]), states, *known)


def _places(
    actors: Sequence[int], accounts: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Positions in `states` by key: actors after those without a name, accounts after actors."""
    first = _NAMELESS + len(actors)
    return (
        {key: _NAMELESS + i for i, key in enumerate(actors)},
        {key: first + i for i, key in enumerate(accounts)},
    )


def _keys(known: Iterable[Mapping[int, int]]) -> list[int]:
    """All keys, in the order they are first met."""
    return list(dict.fromkeys(key for one in known for key in one))

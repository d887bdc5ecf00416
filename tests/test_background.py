"""Workers are started in order, and stopped the last one first, whatever fails."""

from __future__ import annotations

import anyio
import pytest

from serving.background import working


class Noted:
    """A worker that notes what is done with it, and may fail to start."""

    def __init__(self, name: str, notes: list[str], fails: bool = False) -> None:
        self.name, self.notes, self.fails = name, notes, fails

    def start(self) -> None:
        self.notes.append(f"start {self.name}")
        if self.fails:
            raise RuntimeError(self.name)

    def stop(self) -> None:
        self.notes.append(f"stop {self.name}")


def test_workers_begin_in_order_and_end_the_other_way_round() -> None:
    notes: list[str] = []

    async def whole() -> None:
        async with working([Noted("a", notes), Noted("b", notes)]):
            notes.append("answering")

    anyio.run(whole)
    assert notes == ["start a", "start b", "answering", "stop b", "stop a"]


def test_what_was_begun_ends_where_another_fails_to_begin() -> None:
    notes: list[str] = []

    async def whole() -> None:
        async with working([Noted("a", notes), Noted("b", notes, fails=True), Noted("c", notes)]):
            notes.append("answering")

    with pytest.raises(RuntimeError, match="b"):
        anyio.run(whole)
    assert notes == ["start a", "start b", "stop b", "stop a"]

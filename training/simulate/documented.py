"""The tables of docs/simulate.md, from the worlds themselves.

`python -m training.simulate.documented` prints them.
"""

from __future__ import annotations

from training.simulate.base_rates import comparison
from training.simulate.world import World, assumptions
from training.simulate.worlds import AGENCY, WORLDS

#: What the base rates in the documentation were simulated with.
CONTACTS, SEED = 100_000, 9


def assumptions_table(world: World = AGENCY) -> str:
    """Every constant of a world as a Markdown table."""
    rows = [f"| `{name}` | {value} | {about} |" for name, value, about in assumptions(world)]
    return "\n".join(["| constant | value | unit; source |", "| --- | --- | --- |", *rows])


def worlds_table() -> str:
    """Every world with what it is about and which constants differ from the agency's."""
    lines = ["| world | mechanism | constants unlike the agency's |", "| --- | --- | --- |"]
    usual = {name: value for name, value, _ in assumptions(AGENCY)}
    for world in WORLDS.values():
        unlike = [f"`{name}`" for name, value, _ in assumptions(world) if value != usual[name]]
        lines.append(f"| `{world.name}` | {world.about} | {', '.join(unlike) or 'none'} |")
    return "\n".join(lines)


def rates_table() -> str:
    """Target and simulated base rates of the agency."""
    return comparison(AGENCY, CONTACTS, SEED)


if __name__ == "__main__":
    print(rates_table(), worlds_table(), assumptions_table(), sep="\n\n")

"""A served model as a policy: asked through `POST /v1/scores`, as a CRM would ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import httpx2
import numpy as np
import orjson

from features.errors import BadInput
from models.decision import Request
from training.playout.asked import Game
from training.playout.plays import SERVED, Play, Played
from training.playout.policies import Ints, action
from training.simulate.records import DAY

#: Threads asked about in one request, and seconds to wait for their decisions.
AT_ONCE, PATIENCE = 1000, 300.0


class Served:
    """Follow the hints of a service.

    `http`: a client whose base address is the service's. Raises BadInput with the service's own
    words where it answers anything but decisions.
    """

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        """As `Policy.choose`."""
        parts = (requests[k : k + AT_ONCE] for k in range(0, len(requests), AT_ONCE))
        answers = [answer for part in parts for answer in self._asked(part)]
        actions = [self._action(answer, at + DAY) for answer in answers]
        return np.array([a[0] for a in actions], np.int64), np.array([a[1] for a in actions])

    def _asked(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        body = orjson.dumps({"items": [as_item(r) for r in requests]})
        try:
            answer = self.http.post(
                "/v1/scores", content=body, headers={"content-type": "application/json"}
            )
        except httpx2.HTTPError as error:
            raise BadInput(f"{self.http.base_url} did not answer: {error}") from error
        if answer.status_code != httpx2.codes.OK:
            raise BadInput(f"{self.http.base_url} answered {answer.status_code}: {answer.text}")
        items: list[dict[str, Any]] = orjson.loads(answer.content)["items"]
        return items

    def _action(self, answer: dict[str, Any], next_look: int) -> tuple[int, int]:
        if "error" in answer:
            raise BadInput(f"{self.http.base_url} could not decide: {answer['error']['detail']}")
        when = answer["nudge_at"] and datetime.fromisoformat(answer["nudge_at"])
        at = datetime.fromisoformat(answer["at"])
        return action(answer["hint"], answer["channel"], at, when, next_look)


def as_item(r: Request) -> dict[str, Any]:
    """A request as an item of the body of `POST /v1/scores`."""
    known = {"timezone": r.timezone, "country": r.country}
    return {
        "contact": {
            "contact_id": r.contact_id,
            **{k: v for k, v in known.items() if v},
            "attributes": {k: v for k, v in r.attributes.items() if v is not None},
        },
        "history": [
            {k: v for k, v in row.items() if v is not None} for row in r.history.to_pylist()
        ],
        "at": r.at,
        "campaign_id": r.campaign_id,
        "channels": r.channels,
        "utility": asdict(r.utility),
        "next_touch": {k: v for k, v in asdict(r.next_touch).items() if v is not None},
    }


def play_served(play: Play) -> Played:
    """Play a service; never kept, since the model behind an address may be another tomorrow."""
    address = play.policy.removeprefix(SERVED)
    with httpx2.Client(base_url=address, timeout=PATIENCE) as http:
        game = Game(play.arena(), play.stakes)
        outcome = game.play(Served(http))
    return Played(play, outcome, f"asked over HTTP {game.asked:,} times", game.asked)

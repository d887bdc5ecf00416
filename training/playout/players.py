"""Who plays what: from a play to what it came to, kept once it is known."""

from __future__ import annotations

import time
from typing import Any

from features.errors import BadSetting
from training.playout import classifier, hindsight, policies, served
from training.playout.cadence import Cadence
from training.playout.kept import Kept
from training.playout.plays import (
    CLASSIFIER,
    FINELINE,
    OWN_CADENCE,
    POLICIES,
    SERVED,
    WEEKLY,
    Play,
    Played,
)


def checked(policy: str) -> str:
    """The policy's name as tables give it; raises BadSetting naming those there are."""
    if policy.startswith(OWN_CADENCE):
        return f"{OWN_CADENCE}{Cadence.parse(policy.removeprefix(OWN_CADENCE))}"
    if policy.startswith((f"{SERVED}http://", f"{SERVED}https://")):
        return policy.rstrip("/")
    if policy not in POLICIES:
        known = ", ".join(POLICIES)
        raise BadSetting(
            f"there is no policy {policy!r}; choose one of {known}, all, a cadence such as "
            "cadence:5x3xemail, or a service such as served:http://127.0.0.1:8000"
        )
    return policy


def played(play: Play, kept: Kept) -> Played:
    """Play, or recall how it went."""
    if play.policy.startswith(SERVED):
        return served.play_served(play)
    if play.policy == FINELINE:
        module, player = policies.__name__, policies.play_fineline
    elif play.policy in (CLASSIFIER, WEEKLY):
        module, player = classifier.__name__, classifier.play_classifier
    else:
        module, player = hindsight.__name__, hindsight.play_by_rule

    def compute() -> dict[str, Any]:
        begun = time.process_time()
        found = player(play, kept).as_dict()
        return {"cpu_seconds": round(time.process_time() - begun, 1), **found}

    return Played.of_dict(play, kept.result(play.name, play.key(), module, compute))

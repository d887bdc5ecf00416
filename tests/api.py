"""What the tests of the API ask, and how."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi.testclient import TestClient

from serving.schemas import SCORE_EXAMPLE

PROBLEM = "application/problem+json"


@dataclass
class Clock:
    """What the API takes for now."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def asked(**changes: Any) -> dict[str, Any]:
    """The example of a request, changed."""
    return copy.deepcopy(SCORE_EXAMPLE) | changes


def post(client: TestClient, body: Any, path: str = "/v1/score") -> Any:
    """The answer to a JSON body."""
    headers = {"content-type": "application/json"}
    return client.post(path, content=orjson.dumps(body), headers=headers)

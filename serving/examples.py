"""Answers as the OpenAPI document shows them; a test holds them to the documented schemas."""

from __future__ import annotations

from typing import Any

from serving.problems import FieldError, invalid, within

DECISION: dict[str, Any] = {
    "decision_id": "365297c7d036f2b1ff3673bb",
    "contact_id": "anna",
    "campaign_id": "data-engineer",
    "at": "2026-11-23T09:15:00Z",
    "valid_until": "2026-11-24T09:15:00Z",
    "hint": "wait",
    "channel": "email",
    "nudge_at": "2026-11-26T09:15:00Z",
    "score": -0.012,
    "if_nudged": {
        "p_land": 0.112,
        "p_annoy": 0.031,
        "p_land_interval": [0.081, 0.152],
        "p_annoy_interval": [0.017, 0.056],
    },
    "if_left_alone": {"p_land": 0.034, "p_annoy": 0.002},
    "plan": {"further_touches": 2, "gap_days": 7.0, "stop_after": "2026-12-03T09:15:00Z"},
    "curve": [
        {"delay_days": 0.0, "p_land": 0.112, "p_annoy": 0.031, "value": 0.048},
        {"delay_days": 3.0, "p_land": 0.114, "p_annoy": 0.024, "value": 0.06},
        {"delay_days": 30.0, "p_land": 0.095, "p_annoy": 0.014, "value": 0.041},
    ],
    "reasons": [
        {
            "feature": "thread_touches",
            "outcome": "annoy",
            "effect": 0.23,
            "text": "2 touches in this thread so far: raises the risk to annoy.",
        }
    ],
    "rules": [],
    "evidence": {"level": "fair", "text": "412 earlier touches in a situation like this."},
    "model": {"name": "fineline", "version": "3"},
    "touch_number": 3,
    "held": False,
    "propensity": 1.0,
}
_MISSING = FieldError("contact.contact_id", "is missing, but is required")
SCORES: dict[str, Any] = {
    "items": [DECISION, {"error": within("items[1]", invalid([_MISSING])).body("/v1/scores")}]
}
MODEL: dict[str, Any] = {
    "name": "fineline",
    "version": "3",
    "alias": "champion",
    "trained_at": "2026-11-20T18:00:00Z",
    "trained_on": {"touches": 95_800, "contacts": 20_000},
    "metrics": {"land": {"overall": {"roc_auc": 0.82}}},
}
METRICS = 'fineline_decisions_total{hint="wait"} 412.0\n'

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
    "uplift": {"p_land": 0.084, "p_annoy": 0.029},
    "plan": {
        "further_touches": 2,
        "gap_days": 7.0,
        "stop_after": "2026-12-03T09:15:00Z",
        "open_ended": False,
    },
    "curve": [
        {"delay_days": 0.0, "p_land": 0.112, "p_annoy": 0.031, "value": 0.048},
        {"delay_days": 3.0, "p_land": 0.114, "p_annoy": 0.024, "value": 0.06},
        {"delay_days": 30.0, "p_land": 0.095, "p_annoy": 0.014, "value": 0.041},
    ],
    "advice": "Wait until Thursday, then e-mail and go on every seven days: a rest is worth more "
    "than a touch today.",
    "reasons": [
        {
            "feature": "thread_touches",
            "outcome": "annoy",
            "effect": 0.23,
            "text": "Third e-mail in four days, none answered so far: raises the risk to annoy.",
        }
    ],
    "changes": [
        {
            "what": "time",
            "outcome": "annoy",
            "hint": None,
            "before": 0.031,
            "after": 0.014,
            "delay_days": 30.0,
            "channel": None,
            "text": "In 30 days the risk to annoy halves (3.1 % to 1.4 %).",
        }
    ],
    "rules": [],
    "evidence": {"level": "fair", "text": "412 earlier touches in a situation like this."},
    "model": {"name": "fineline", "version": "3"},
    "touch_number": 3,
    "held": False,
    "propensity": 1.0,
    "over": False,
}
_MISSING = FieldError("contact.contact_id", "is missing, but is required")
SCORES: dict[str, Any] = {
    "items": [DECISION, {"error": within("items[1]", invalid([_MISSING])).body("/v1/scores")}]
}
IN_SERVICE: dict[str, Any] = {
    "champion": "3",
    "since": "2026-11-20T18:00:02Z",
    "kept_copy": False,
    "trouble": None,
}
READY: dict[str, Any] = {"status": "ready", "version": "3", "store_up": True, **IN_SERVICE}
MODEL: dict[str, Any] = {
    "name": "fineline",
    "version": "3",
    "alias": "champion",
    "trained_at": "2026-11-20T18:00:00Z",
    "trained_on": {"touches": 95_800, "contacts": 20_000},
    "metrics": {"land": {"overall": {"roc_auc": 0.82}}},
    "service": IN_SERVICE,
    "challenger": {"version": "4", "asked": True, "since": "2026-11-21T09:00:00Z"},
}
EVENTS: list[dict[str, Any]] = [
    {
        "event_id": "crm-1",
        "contact_id": "anna",
        "occurred_at": "2026-11-09T09:30:00+01:00",
        "kind": "touch",
        "channel": "email",
        "actor_id": "recruiter-7",
        "campaign_id": "data-engineer",
        "relevance": 0.8,
    },
    {
        "event_id": "crm-2",
        "contact_id": "anna",
        "occurred_at": "2026-11-09T12:05:00+01:00",
        "recorded_at": "2026-11-10T01:00:00+01:00",
        "kind": "open",
        "campaign_id": "data-engineer",
    },
]
_UNKNOWN_KIND = FieldError("kind", "is missing, but is required")
RECEIPTS: dict[str, Any] = {
    "accepted": 1,
    "duplicates": 1,
    "refused": 1,
    "items": [
        {"id": "crm-1", "status": "accepted"},
        {"id": "crm-2", "status": "duplicate"},
        {
            "id": "crm-3",
            "status": "refused",
            "error": within("events[2]", invalid([_UNKNOWN_KIND])).body("/v1/events"),
        },
    ],
}
HUBSPOT: dict[str, Any] = {
    "properties": {
        "hs_object_id": "9001", "Associated Contact IDs": "501", "hubspot_owner_id": "7",
        "hs_timestamp": "2026-11-09T08:30:00Z", "hs_email_direction": "EMAIL",
        "hs_email_status": "SENT",
    }
}  # fmt: skip
SALESFORCE: dict[str, Any] = {
    "sobject": {
        "Id": "00T1", "WhoId": "0031", "OwnerId": "0051", "Status": "Completed",
        "TaskSubtype": "Email", "CompletedDateTime": "2026-11-09T08:30:00.000+0000",
    }
}  # fmt: skip


def _stored(event_id: str) -> dict[str, Any]:
    item = {"id": event_id, "status": "accepted"}
    return {"accepted": 1, "duplicates": 0, "refused": 0, "items": [item]}


STORED_HUBSPOT, STORED_SALESFORCE = _stored("hubspot-9001"), _stored("salesforce-00T1")
DESCRIBED: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "country": "DE",
    "attributes": {"seniority": "senior", "years_experience": 9},
}
CONTACTS: list[dict[str, Any]] = [{"contact_id": "anna", **DESCRIBED}, {"contact_id": "ben"}]
STORED: dict[str, Any] = {
    "accepted": 2,
    "duplicates": 0,
    "refused": 0,
    "items": [{"id": "anna", "status": "accepted"}, {"id": "ben", "status": "accepted"}],
}
PERSON: dict[str, Any] = {"contact_id": "anna", **DESCRIBED}
CLOSING: dict[str, Any] = {"closes_at": "2026-12-12T17:00:00Z"}
CAMPAIGN: dict[str, Any] = {
    "campaign_id": "data-engineer",
    "closes_at": "2026-12-12T17:00:00Z",
    "set_at": "2026-11-09T08:31:00Z",
}
WORKLIST: dict[str, Any] = {
    "at": "2026-11-23T09:15:00Z",
    "items": [DECISION | {"hint": "nudge", "nudge_at": "2026-11-23T09:15:00Z", "score": 0.021}],
    "next_cursor": "W1swLjAyMSwiYW5uYSIsImRhdGEtZW5naW5lZXIiXSwxLDAuMDMxXQ",
    "pending": 0,
    "capacity_left": 39,
}
FEEDBACK_SENT: dict[str, Any] = {
    "action": "overridden",
    "reason": "Met her at a fair yesterday.",
    "actor_id": "recruiter-7",
}
FEEDBACK: dict[str, Any] = {
    **FEEDBACK_SENT,
    "decision_id": DECISION["decision_id"],
    "given_at": "2026-11-23T09:20:00Z",
}
_TRAINED = [{"name": "fineline", "version": "3", "trained_at": "2026-11-20T18:00:00Z"}]
EXPORT: dict[str, Any] = {
    "contact": PERSON,
    "events": [EVENTS[0] | {"stored_at": "2026-11-09T08:30:02Z"}],
    "threads": [
        {
            "campaign_id": "data-engineer",
            "actor_id": "recruiter-7",
            "touched_at": "2026-11-09T08:30:00Z",
            "hint": "wait",
            "score": -0.012,
            "p_annoy": 0.031,
        }
    ],
    "decisions": [
        {
            "made_at": "2026-11-23T09:15:00Z",
            "propensity": 1.0,
            "asked": {"campaign_id": "data-engineer", "at_us": 1_795_425_300_000_000},
            "answer": DECISION,
        }
    ],
    "shadows": [
        {
            "decision_id": DECISION["decision_id"],
            "model_version": "8",
            "made_at": "2026-11-23T10:15:05Z",
        }
    ],
    "feedback": [FEEDBACK],
    "messages": [
        {
            "type": "hint.changed",
            "timestamp": "2026-11-23T09:15:00Z",
            "data": {
                "contact_id": "anna",
                "campaign_id": "data-engineer",
                "hint": "wait",
                "before": None,
                "channel": "email",
                "nudge_at": "2026-11-26T09:15:00Z",
            },
        }
    ],
    "models": _TRAINED,
}
ERASED: dict[str, Any] = {
    "events": 3,
    "decisions": 1,
    "feedback": 1,
    "opt_out_kept": False,
    "models": _TRAINED,
}
METRICS = 'fineline_decisions_total{hint="wait"} 412.0\n'

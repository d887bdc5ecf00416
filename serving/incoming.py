"""Events as other systems tell them: CloudEvents, and webhooks of HubSpot and Salesforce."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson

from features.errors import BadInput
from features.ingest.activity_map import load_map
from features.ingest.mapped_csv import apply_map
from serving.bodies import load_json
from serving.problems import FieldError, Problem, invalid

#: CloudEvents 1.0: one event, a batch of them; https://github.com/cloudevents/spec
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
#: Seconds that a signed request of HubSpot may be old.
SIGNED_FOR = 300
#: Where a system's columns may stand.
_NESTED = ("properties", "sobject")
_NEEDED = ("id", "source", "specversion", "type")


def media_type(headers: Mapping[str, str]) -> str:
    """The type of a body, without parameters."""
    return headers.get("content-type", "").split(";")[0].strip().lower()


def is_cloud_event(headers: Mapping[str, str]) -> bool:
    """Whether a request is a CloudEvent, in any of the three modes."""
    return media_type(headers) in (STRUCTURED, BATCH) or "ce-specversion" in headers


def from_cloud_events(headers: Mapping[str, str], body: bytes) -> bytes:
    """The events of a CloudEvents request as the list that `POST /v1/events` takes.

    `data` is an event of ours; where it leaves them out, `event_id` is `source` and `id`, which
    together name a CloudEvent, `contact_id` the `subject`, and `occurred_at` the `time`.
    """
    found = load_json(body)
    kind = media_type(headers)
    if kind == BATCH:
        if not isinstance(found, list):
            raise invalid([FieldError("", "a batch of CloudEvents must be a list")])
        return orjson.dumps([_event(one, f"[{i}]") for i, one in enumerate(found)])
    if kind == STRUCTURED:
        return orjson.dumps([_event(found, "")])
    named = {n.removeprefix("ce-"): unquote(v) for n, v in headers.items() if n.startswith("ce-")}
    return orjson.dumps([_event({**named, "data": found}, "")])


def _event(cloud: Any, place: str) -> dict[str, Any]:
    if not isinstance(cloud, dict):
        raise invalid([FieldError(place, "must be a JSON object, as every CloudEvent is")])
    dot = f"{place}." if place else ""
    errors = [
        FieldError(f"{dot}{name}", "is missing or no text, but every CloudEvent has it")
        for name in _NEEDED
        if not isinstance(cloud.get(name), str) or not cloud[name]
    ]
    if not errors and cloud["specversion"] != "1.0":
        errors.append(FieldError(f"{dot}specversion", "must be 1.0"))
    if not isinstance(cloud.get("data"), dict):
        errors.append(FieldError(f"{dot}data", "must be an event as an object; see docs/events.md"))
    if errors:
        raise invalid(errors)
    left_out = {
        "event_id": f"{cloud['source']}#{cloud['id']}",
        "contact_id": cloud.get("subject"),
        "occurred_at": cloud.get("time"),
    }
    found: dict[str, Any] = {k: v for k, v in left_out.items() if v is not None}
    found |= cloud["data"]
    return found


def from_webhook(system: str, body: bytes, most: int) -> bytes:
    """The events of a webhook, by the map that `fineline ingest csv` has for the system.

    A row may stand alone or in a list, its columns flat, under `properties` (HubSpot's objects) or
    under `sobject` (Salesforce's). Raises Problem naming the row and the field.
    """
    found = load_json(body)
    rows = found if isinstance(found, list) else [found]
    if len(rows) > most:
        raise Problem(413, f"There are {len(rows):,} rows; at most {most:,} are taken at once.")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise invalid([FieldError(f"[{number}]", "must be a JSON object")])
        for name in _NESTED:
            if not isinstance(row.get(name), dict | None):
                raise invalid([FieldError(f"[{number}].{name}", "must be an object")])
    try:
        events = apply_map([_flat(row) for row in rows], load_map(system), system)
    except BadInput as error:
        place = f"[{(error.row or 1) - 1}]"
        field = f"{place}.{error.field}" if error.field else place
        raise invalid([FieldError(field, error.message)]) from None
    sent = [{k: v for k, v in e.items() if v is not None} for e in events.to_pylist()]
    return orjson.dumps(sent)


def _flat(row: Mapping[str, Any]) -> dict[str, str | bool | int | float]:
    """Columns and plain values; what is nested deeper is none of a map's."""
    inner: Mapping[str, Any] = next((row[k] for k in _NESTED if row.get(k) is not None), {})
    return {
        str(name): value
        for name, value in {**row, **inner}.items()
        if isinstance(value, str | bool | int | float)
    }


def check_hubspot(
    secret: str, method: str, url: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> None:
    """Refuse with 401 what HubSpot did not sign (version 3), or signed over five minutes ago.

    HMAC-SHA-256 of method, address, body and timestamp under the app's secret, in base 64; see
    https://developers.hubspot.com/docs/api/webhooks/validating-requests
    """
    told = headers.get("x-hubspot-request-timestamp", "")
    fresh = (
        told.isascii()
        and told.isdigit()
        and len(told) < 20
        and abs(now.timestamp() - int(told) / 1000) <= SIGNED_FOR
    )
    text = b"".join((method.encode(), _decoded(url).encode(), body, told.encode()))
    digest = base64.b64encode(hmac.digest(secret.encode(), text, "sha256"))
    given = headers.get("x-hubspot-signature-v3", "").encode("latin-1")
    if not (hmac.compare_digest(digest, given) and fresh):
        raise Problem(401, "The request is not signed by HubSpot, or was long ago.")


def _decoded(url: str) -> str:
    """An address as HubSpot signs it: these characters stand for themselves."""
    for code, letter in zip(
        ("3A", "2F", "3F", "40", "21", "24", "27", "28", "29", "2A", "2C", "3B"), ":/?@!$'()*,;",
        strict=True,
    ):  # fmt: skip
        url = url.replace(f"%{code}", letter).replace(f"%{code.lower()}", letter)
    return url

"""The OpenAPI document: what FastAPI cannot know of routes that read and write JSON themselves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving import schemas
from serving.access.caller import NO_KEY
from serving.problems import FAILED, MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"
_DOCUMENTED: tuple[type[BaseModel], ...] = (
    schemas.StoredEventIn,
    schemas.WebhookRowIn,
    schemas.StoredContactIn,
    schemas.DescribedIn,
    schemas.ReceiptsOut,
    schemas.WorklistOut,
    schemas.FeedbackIn,
    schemas.FeedbackOut,
    schemas.ExportOut,
    schemas.ErasedOut,
    schemas.PersonOut,
    schemas.CampaignIn,
    schemas.CampaignOut,
    schemas.ScoreIn,
    schemas.ScoresIn,
    schemas.DecisionOut,
    schemas.ScoresOut,
    schemas.ModelOut,
    schemas.ReadyOut,
    schemas.StatusOut,
    schemas.ProblemOut,
)
_REFUSALS = {
    400: "The body is not JSON.",
    413: "The body is larger than 10 MB; send less at once.",
    415: "The body must be application/json.",
    422: "contact.contact_id: is missing, but is required",
    401: NO_KEY,
    403: "This needs the scope erase.",
    429: "More than 6,000 requests in 60 seconds.",
    404: "Nothing is stored about this contact.",
    500: FAILED,
    503: "no model has become champion yet; run `fineline train` first",
}
#: What routes of the store say in place of it.
_STORE_DOWN = "the event store does not answer; ask again in a moment (FINELINE_DATABASE_URL)"
#: Nobody said when the role closes.
UNTOLD = "Nothing was said of this campaign."
#: Statuses of the routes that decide, and of those that store.
DECIDING = STORING = (400, 413, 415, 422, 500, 503)

_STORED = ("/v1/events", "/v1/contacts", "/v1/campaigns", "/v1/worklist", "/v1/decisions")

Responses = dict[int | str, dict[str, Any]]


def body(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """What a route takes, as its `openapi_extra`."""
    return {"requestBody": {"required": True, "content": _json(model, example)}}


def body_list(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """The same of a route that takes a list, in which each item is judged by itself."""
    content = _json(model, example)
    (described,) = content.values()
    # What is not as described is refused in its receipt: the request as a whole is in order.
    described["schema"] = {"type": "array", "items": {"anyOf": [described["schema"], {}]}}
    return {"requestBody": {"required": True, "content": content}}


def body_one_or_list(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """The same of a route that takes one or a list of them, all of which have to be in order."""
    content = _json(model, example)
    (described,) = content.values()
    one = described["schema"]
    described["schema"] = {"anyOf": [one, {"type": "array", "items": one}]}
    return {"requestBody": {"required": True, "content": content}}


def answers(
    path: str, model: type[BaseModel], description: str, example: Any, *refusals: int
) -> Responses:
    """What the route at `path` answers, as its `responses`."""
    found: Responses = {200: {"description": description, "content": _json(model, example)}}
    return found | {status: _refusal(path, status) for status in refusals}


def linked(found: Responses, **links: dict[str, str]) -> Responses:
    """The same answers, and where they lead: operations with where their parameters are found."""
    found[200]["links"] = {
        name: {"operationId": name, "parameters": parameters} for name, parameters in links.items()
    }
    return found


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, described = models_json_schema(
            [(model, "validation") for model in _DOCUMENTED], ref_template=_REF
        )
        found.setdefault("components", {})["schemas"] = described["$defs"]
        _say_who_may(found, app.state.settings.keys_required)
        app.openapi_schema = found
    return app.openapi_schema


def _say_who_may(found: dict[str, Any], keys_required: bool) -> None:
    """Of every route that asks for a key: how it refuses, and whether it can do without."""
    for path, methods in found["paths"].items():
        for route in methods.values():
            if "security" in route:
                route["responses"] |= {
                    str(status): _refusal(path, status) for status in (401, 403, 429)
                }
                # Keys are looked up in the store.
                route["responses"].setdefault("503", _refusal(path, 503))
                route["security"] += [] if keys_required else [{}]


def _json(
    model: type[BaseModel], example: Any, media: str = "application/json"
) -> dict[str, dict[str, Any]]:
    return {media: {"schema": {"$ref": _REF.format(model=model.__name__)}, "example": example}}


def _refusal(path: str, status: int) -> dict[str, Any]:
    detail = _REFUSALS[status]
    if status == 503 and path.startswith(_STORED):
        detail = _STORE_DOWN
    if status == 404 and path.startswith("/v1/campaigns"):
        detail = UNTOLD
    example = Problem(status, detail).body(path)
    return {"description": detail, "content": _json(schemas.ProblemOut, example, MEDIA_TYPE)}

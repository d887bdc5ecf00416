"""Routes about roles: what holds for all of a campaign's threads."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.access.caller import Ingester, Reader
from serving.bodies import body_of, load_json
from serving.openapi import STORING, answers, body, linked
from serving.routes.common import CampaignId, Now, as_json, database, settings
from serving.schemas import CampaignIn, CampaignOut
from serving.stored import campaigns
from serving.stored.campaigns import campaign_id_of

router = APIRouter()
_PATH = "/v1/campaigns/{campaign_id}"


@router.put(
    _PATH,
    tags=["store"],
    summary="Say when a role closes",
    response_class=Response,
    responses=linked(
        answers(_PATH, CampaignOut, "As it is kept.", examples.CAMPAIGN, *STORING),
        campaign={"campaign_id": "$response.body#/campaign_id"},
    ),
    openapi_extra=body(CampaignIn, examples.CLOSING),
)
async def tell_campaign(
    request: Request, campaign_id: CampaignId, caller: Ingester, now: Now
) -> Response:
    """Hints about its threads go by it from now on; null, or nothing, opens it again."""
    sent = await body_of(request.scope, request.receive, settings(request).max_body_mb * 1_000_000)

    def told() -> bytes:
        name = campaign_id_of(campaign_id)
        return campaigns.tell(database(request), caller.tenant, name, load_json(sent), now)

    return as_json(await run_in_threadpool(told))


@router.get(
    _PATH,
    tags=["store"],
    summary="When a role closes",
    response_class=Response,
    responses=answers(_PATH, CampaignOut, "As it is kept.", examples.CAMPAIGN, 404, 422, 500, 503),
)
async def campaign(request: Request, campaign_id: CampaignId, caller: Reader) -> Response:
    """What was said last."""
    name = campaign_id_of(campaign_id)
    return as_json(await run_in_threadpool(campaigns.read, database(request), caller.tenant, name))

"""One message to an endpoint, to see whether it arrives."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime

from features.moments import microseconds
from features.store.endpoints import Endpoint
from features.store.notices import Notice
from serving.settings import ServiceSettings
from serving.webhooks.delivery import Outcome, attempt, client
from serving.webhooks.signing import Seal, signed

KIND = "webhook.test"


def send_trial(endpoint: Endpoint, settings: ServiceSettings, now: datetime) -> Outcome:
    """Send it now, past the outbox."""
    body = Notice(KIND, microseconds(now), {"endpoint_id": endpoint.endpoint_id}).body()
    secret = Seal.of(settings).open(endpoint.secret)
    headers = signed(secret, f"msg_{uuid.uuid4().hex}", body, now)

    async def sent() -> Outcome:
        async with client() as http:
            return await attempt(http, endpoint.url, headers, body, settings.networks)

    return asyncio.run(sent())

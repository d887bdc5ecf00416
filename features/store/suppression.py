"""Opt-outs that outlive erasure: kept by a keyed digest, they come back with the person's id.

The digest is of the id under a secret key: whoever has the database but not the key cannot tell
whose it is, and whoever has the key can only ask about an id they know.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from features.store.secret import KeptSecret
from features.store.selection import chunks
from features.store.tables import SUPPRESSED

#: What stops everything for good, and so outlives the person's data.
FOR_GOOD = ("opt_out", "complaint")


class ErasureKey(KeptSecret):
    """The secret under which digests are made."""


def digest_of(key: bytes, tenant: str, contact_id: str) -> str:
    """The keyed digest of a person's id, as 64 hexadecimal digits."""
    return hmac.new(key, f"{tenant}\0{contact_id}".encode(), "sha256").hexdigest()


def remembered(
    connection: Connection, tenant: str, contact_ids: Sequence[str], key: ErasureKey
) -> Mapping[str, dict[str, Any]]:
    """The opt-outs of erased people among these ids, each as the columns of an event."""
    anybody = select(SUPPRESSED.c.digest).where(SUPPRESSED.c.tenant == tenant).limit(1)
    if not contact_ids or connection.execute(anybody).first() is None:
        return {}
    secret = key.read()
    of = {digest_of(secret, tenant, contact): contact for contact in contact_ids}
    query = select(SUPPRESSED.c.digest, SUPPRESSED.c.kind, SUPPRESSED.c.occurred_us)
    return {
        of[row.digest]: {
            "event_id": f"erased-{row.digest}", "contact_id": of[row.digest],
            "occurred_us": row.occurred_us, "recorded_us": row.occurred_us, "kind": row.kind,
            "channel": None, "sentiment": None, "actor_id": None, "account_id": None,
            "campaign_id": None, "relevance": None, "personalized": None,
            "come_back_us": None,
        }
        for some in chunks(list(of))
        for row in connection.execute(
            query.where(SUPPRESSED.c.tenant == tenant, SUPPRESSED.c.digest.in_(some))
        )
    }  # fmt: skip

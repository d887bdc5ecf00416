"""Signing messages as https://www.standardwebhooks.com says, and keeping the secrets for it."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography.fernet import Fernet, InvalidToken
from standardwebhooks.webhooks import Webhook

from features.errors import BadSetting
from features.store.secret import KeptSecret
from serving.settings import ServiceSettings

_PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret for one endpoint, in the form that receivers' libraries take."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed(secret: str, message_id: str, body: str, now: datetime) -> Mapping[str, str]:
    """The headers of one attempt."""
    moment = now.astimezone(UTC).replace(microsecond=0)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, moment, body),
    }


class Seal:
    """Encrypts secrets for the database, which alone is then of no use to who has got it."""

    def __init__(self, key: KeptSecret) -> None:
        self._key = key

    @classmethod
    def of(cls, settings: ServiceSettings) -> Seal:
        """The seal of a deployment: FINELINE_WEBHOOK_KEY, or a file in the home folder."""
        given = settings.webhook_key.get_secret_value()
        return cls(KeptSecret(given, settings.home / "webhook.key"))

    def close(self, secret: str) -> bytes:
        """A secret, encrypted."""
        return self._cipher().encrypt(secret.encode())

    def open(self, sealed: bytes) -> str:
        """A secret as it was; raises BadSetting if it was sealed with another key."""
        try:
            return self._cipher().decrypt(sealed).decode()
        except InvalidToken:
            raise BadSetting(
                "the endpoint's secret was kept under another FINELINE_WEBHOOK_KEY"
            ) from None

    def _cipher(self) -> Fernet:
        digest = hashlib.sha256(self._key.read()).digest()
        return Fernet(base64.urlsafe_b64encode(digest))

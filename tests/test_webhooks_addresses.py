"""Where messages may go: over TLS to the name that was meant, to no address of our own."""

from __future__ import annotations

import asyncio
import datetime as dt
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Response

from features.errors import BadInput, BadSetting
from models.settings import load_settings
from serving.settings import ServiceSettings
from serving.webhooks.addresses import NotAllowed, chosen, target_of
from serving.webhooks.delivery import Outcome, attempt, client
from tests.served import served

_PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "::ffff:192.168.1.1",
    "64:ff9b::a00:1", "2002:a00:1::",
)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://crm.example", "crm.example", "/"),
        ("https://crm.example:8443/a?b=c", "crm.example:8443", "/a?b=c"),
        ("https://[2001:db8::1]/a", "[2001:db8::1]", "/a"),
        ("http://localhost:99/a", "localhost:99", "/a"),
        ("http://127.0.0.2/", "127.0.0.2", "/"),
    ],
)
def test_an_address_in_parts(url: str, authority: str, path: str) -> None:
    target = target_of(url)
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize(
    "url",
    ["", "crm.example", "ftp://crm.example", "http://crm.example", "http://10.0.0.1/", "https://",
     "https://a:b@crm.example", "https://crm.example/#x", "https://crm.example/ x", "https://[::1",
     "https://crm.example:99999/", "https://crm.exämple/", "https://c/" + "x" * 2000],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(BadInput):
        target_of(url)


@pytest.mark.parametrize("address", _PRIVATE)
def test_what_is_not_public_is_not_connected_to(address: str) -> None:
    target = target_of("https://crm.example/")
    public = ip_address("93.184.216.34")
    assert chosen(target, [public], []) == public
    with pytest.raises(NotAllowed):
        chosen(target, [public, ip_address(address)], [])


def test_networks_can_be_allowed() -> None:
    target, own = target_of("https://crm.example/"), ip_address("10.1.2.3")
    allowed = [ip_network("10.1.0.0/16")]
    assert chosen(target, [own], allowed) == own
    with pytest.raises(NotAllowed):
        chosen(target, [ip_address("10.2.0.1")], allowed)
    with pytest.raises(NotAllowed, match="https"):
        chosen(target_of("http://localhost/"), [own], allowed)
    with pytest.raises(NotAllowed):
        chosen(target, [], allowed)
    with pytest.raises(BadSetting, match="FINELINE_WEBHOOK_NETWORKS"):
        load_settings(ServiceSettings, webhook_networks="10.0.0.1/8")


def _certificate(name: str, folder: Path) -> Path:
    """A certificate for a name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(own).issuer_name(own).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return path


def test_tls_is_checked_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both, app = _certificate("hooks.example", tmp_path), FastAPI()
    monkeypatch.setenv("SSL_CERT_FILE", str(both))

    @app.post("/hooks")
    async def hooks() -> Response:
        return Response(status_code=204)

    async def resolve(_: object) -> list[object]:
        return [ip_address("127.0.0.1")]

    monkeypatch.setattr("serving.webhooks.delivery.resolve", resolve)

    async def tried(host: str, port: str) -> Outcome:
        async with client() as http:
            url = f"https://{host}:{port}/hooks"
            return await attempt(http, url, {}, "{}", [ip_network("127.0.0.0/8")])

    with served(app, ssl_certfile=both, ssl_keyfile=both) as address:
        port = address.rsplit(":", 1)[1]
        assert asyncio.run(tried("hooks.example", port)).status == 204
        other = asyncio.run(tried("other.example", port))
    assert other.status is None
    assert "no connection" in other.said

"""Style and scripts of the page: files of ours, served by us, named by what is in them."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from fastapi import APIRouter, Response

from serving.problems import Problem

router = APIRouter()
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = {
    one.name: one.read_bytes()
    for one in (files("serving.page") / "static").iterdir()
    if one.name.rsplit(".", 1)[-1] in _KINDS
}
_DIGESTS = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in FILES.items()}


def address(name: str) -> str:
    """Where a file is served; another content has another address, so it may be kept for long."""
    return f"/assets/{name}?v={_DIGESTS[name]}"


@router.get("/assets/{name}")
async def asset(name: str, v: str = "") -> Response:
    """One file."""
    if name not in FILES:
        raise Problem(404, f"There is no {name[:100]} here.")
    kept = "public, max-age=31536000, immutable" if v == _DIGESTS[name] else "no-cache"
    media = f"{_KINDS[name.rsplit('.', 1)[-1]]}; charset=utf-8"
    return Response(FILES[name], headers={"content-type": media, "cache-control": kept})

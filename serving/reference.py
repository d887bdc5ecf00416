"""The API's reference as one plain page, drawn from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any


def page(openapi: dict[str, Any]) -> str:
    """HTML without scripts, styles or anything fetched from elsewhere."""
    info = openapi["info"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{escape(info['title'])}</title><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info['description'])} "
        "The same as a document for programs: <a href=/openapi.json>openapi.json</a>.</p>"
        + "".join(_routes(openapi))
    )


def _routes(openapi: dict[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            yield f"<h2>{method.upper()} {escape(path)}</h2><p><b>{escape(route['summary'])}.</b> "
            yield f"{escape(route.get('description', ''))}</p>"
            body = route.get("requestBody", {}).get("content", {}).get("application/json", {})
            if body:
                yield _fields("Body", body["schema"], openapi) + _example(body.get("example"))
            for status, answer in route["responses"].items():
                yield f"<h3>{status}: {escape(answer.get('description', ''))}</h3>"
                for media, content in answer.get("content", {}).items():
                    yield f"<p><code>{escape(media)}</code></p>"
                    yield _fields("Fields", content.get("schema", {}), openapi)
                    yield _example(content.get("example"))


def _fields(title: str, schema: dict[str, Any], openapi: dict[str, Any]) -> str:
    model = _resolved(schema, openapi)
    if not model.get("properties"):
        return ""
    required = model.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{'required' if name in required else ''}"
        f"<td>{escape(_kind(field))}<td>{escape(field.get('description', ''))}"
        for name, field in model["properties"].items()
    )
    summary = f"<summary>{title}: {escape(model.get('title', ''))}</summary>"
    return f"<details>{summary}<table>{rows}</table></details>"


def _resolved(schema: dict[str, Any], openapi: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = openapi["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"])
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "anything")


def _example(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, indent=1)
    return f"<details><summary>Example</summary><pre>{escape(text)}</pre></details>"

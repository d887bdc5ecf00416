"""The API's reference as one plain page, drawn from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any


def page(openapi: dict[str, Any]) -> str:
    """HTML without scripts, styles or anything fetched from elsewhere."""
    info, kinds = openapi["info"], openapi["components"]["schemas"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width">'
        f"<title>{escape(info['title'])}</title><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info['description'])} "
        "The same as a document for programs: <a href=/openapi.json>openapi.json</a>.</p>"
        + "".join(_routes(openapi))
        + "<h2>Objects</h2>"
        + "".join(_object(name, kinds[name]) for name in sorted(kinds))
    )


def _routes(openapi: dict[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            yield f"<h2>{method.upper()} {escape(path)}</h2><p><b>{escape(route['summary'])}.</b> "
            yield f"{escape(route.get('description', ''))}</p>"
            if "requestBody" in route:
                yield "<h3>Body</h3>" + _contents(route["requestBody"])
            for status, answer in route["responses"].items():
                yield f"<h3>{status}: {escape(answer['description'])}</h3>" + _contents(answer)


def _contents(sent: dict[str, Any]) -> str:
    return "".join(
        f"<p><code>{escape(media)}</code>: {_kind(content['schema'])}</p>"
        + _example(content["example"])
        for media, content in sent["content"].items()
    )


def _object(name: str, kind: dict[str, Any]) -> str:
    required = kind.get("required", [])
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{'required' if field in required else ''}"
        f"<td>{_kind(described)}<td>{escape(described.get('description', ''))}"
        for field, described in kind["properties"].items()
    )
    about = escape(kind.get("description", ""))
    return f"<h3 id={escape(name)}>{escape(name)}</h3><p>{about}</p><table>{rows}</table>"


def _kind(schema: dict[str, Any]) -> str:
    """What values of a schema are, as HTML; objects link to their fields."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[-1])
        return f"<a href=#{name}>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    if "prefixItems" in schema:
        return "[" + ", ".join(_kind(item) for item in schema["prefixItems"]) + "]"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return escape(str(schema.get("format") or schema.get("type") or "anything"))


def _example(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=1)
    return f"<details><summary>Example</summary><pre>{escape(text)}</pre></details>"

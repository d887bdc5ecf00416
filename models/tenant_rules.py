"""Rules that an organisation tightens for itself: the file that FINELINE_RULES names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from features.errors import BadSetting
from models.rules import Rulebook

_KEYS = ("everyone", "tenants")


def read_tenant_rules(path: Path, base: Rulebook) -> Mapping[str | None, Rulebook]:
    """The rulebook of each tenant named in the file, and under None that of all others.

    What stands under `everyone` holds for each tenant too. Raises BadSetting naming the file, the
    tenant and the setting that is wrong or would loosen the rulebook.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = " ".join(str(error).split())
        raise BadSetting(f"FINELINE_RULES: {path} cannot be read as YAML ({message})") from None
    content = {} if content is None else content
    if not isinstance(content, dict) or not set(content) <= set(_KEYS):
        raise BadSetting(
            f"FINELINE_RULES: {path} may hold {' and '.join(_KEYS)} only (see docs/rules.md)"
        )
    tenants = content.get("tenants") or {}
    if not isinstance(tenants, dict):
        raise BadSetting(f"FINELINE_RULES: {path}: tenants must be settings by tenant")
    everyone = _tightened(base, content.get("everyone"), f"{path}, everyone")
    own: dict[str | None, Rulebook] = {
        str(name): _tightened(everyone, asked, f"{path}, tenant {name}")
        for name, asked in tenants.items()
    }
    return {None: everyone, **own}


def _tightened(base: Rulebook, asked: object, where: str) -> Rulebook:
    if asked is None:
        return base
    if not isinstance(asked, dict):
        raise BadSetting(f"FINELINE_RULES: {where}: must hold settings such as minimum_gap_hours")
    try:
        return base.tightened({str(name): value for name, value in asked.items()})
    except BadSetting as error:
        message = str(error).removeprefix("the tenant's rules: ")
        raise BadSetting(f"FINELINE_RULES: {where}: {message}") from None

"""Tenants: organisations that share a database and see nothing of each other."""

from __future__ import annotations

import re

from features.errors import BadInput

#: Whose data everything is where there is only one organisation.
DEFAULT_TENANT = "default"
_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def tenant_of(given: str | None) -> str:
    """The tenant that was named, or the one there is without; raises BadInput for no name of one.

    >>> tenant_of(None), tenant_of("north-agency")
    ('default', 'north-agency')
    """
    if given is None:
        return DEFAULT_TENANT
    if not _FORM.fullmatch(given):
        raise BadInput(
            f"{given!r} is no name of a tenant: up to 63 small letters, digits, '.', '_' and '-'",
            field="--tenant",
        )
    return given

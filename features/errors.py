"""Every error a user can meet, each a plain sentence.

FinelineError
├── BadInput            a file, row or field that cannot be accepted
├── BadSetting          an environment variable or option that makes no sense
├── NoModel             no model version is registered or loadable
├── IncompatibleModel   an artifact this version cannot read
├── UnsoundModel        an artifact that does not answer as it did when it was made
├── RegistryUnavailable the model registry does not answer
└── StoreUnavailable    the event store does not answer
"""

from __future__ import annotations


class FinelineError(Exception):
    """Base of all errors; `str()` is one sentence for the person who caused or can fix it."""


class BadInput(FinelineError):
    """Input that is refused: names the source, the row (1 = first data row) and the field.

    >>> str(BadInput("is empty", source="events.csv", row=3, field="contact_id"))
    'events.csv, row 3, field contact_id: is empty'
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        row: int | None = None,
        field: str | None = None,
    ) -> None:
        place = [source] if source else []
        place += [f"row {row}"] if row is not None else []
        place += [f"field {field}"] if field else []
        super().__init__(f"{', '.join(place)}: {message}" if place else message)
        self.message, self.source, self.row, self.field = message, source, row, field


class BadSetting(FinelineError):
    """A setting that makes no sense; names the setting and what it accepts."""


class NoModel(FinelineError):
    """No model version is registered, or none could be loaded."""


class IncompatibleModel(FinelineError):
    """An artifact written by a version of fineline that this one cannot read."""


class UnsoundModel(FinelineError):
    """An artifact that is damaged, or does not answer as it did when it was made."""


class RegistryUnavailable(FinelineError):
    """The model registry did not answer."""


class StoreUnavailable(FinelineError):
    """The event store's database did not answer; nothing of the attempt was stored."""

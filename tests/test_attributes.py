"""Contact columns become features: numbers as they are, a column for each frequent level."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from models.attributes import Encoding

CONTACTS = pa.table(
    {
        "contact_id": [f"c{i}" for i in range(100)],
        "country": ["NL"] * 100,
        "years": [float(i) for i in range(99)] + [None],
        "source": ["referral"] * 60 + ["inbound"] * 38 + ["fax", None],
        "audit_group": ["a"] * 100,
        "empty": pa.nulls(100, pa.float64()),
    }
)
ENCODING = Encoding.fit(CONTACTS)


def test_columns_are_named_after_what_they_are() -> None:
    assert ENCODING.columns == (
        "contact.years",
        "contact.source=referral",
        "contact.source=inbound",
    )


def test_rows_follow_the_names_asked_for() -> None:
    found = ENCODING.of_contacts(CONTACTS, pa.array(["c61", "unheard of", "c0", "c98", "c99"]))
    expected = [[61, 0, 1], [np.nan] * 3, [0, 1, 0], [98, 0, 0], [np.nan] * 3]
    assert np.array_equal(found, np.array(expected, np.float32), equal_nan=True)


def test_one_contact_is_encoded_like_many() -> None:
    row = {name: CONTACTS[name][61].as_py() for name in ("years", "source")}
    together = ENCODING.of_contacts(CONTACTS, pa.array(["c61"]))[0]
    assert np.array_equal(ENCODING.of_values(row), together)
    assert np.isnan(ENCODING.of_values({})).all()


def test_no_contacts_no_columns() -> None:
    assert Encoding.fit(None).columns == ()
    assert Encoding.fit(None).of_contacts(None, pa.array(["a", "b"])).shape == (2, 0)

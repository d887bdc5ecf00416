"""The tables of the event store, as the latest migration leaves them.

Times are microseconds since 1970 in UTC (`_us`): exact, and the same number in every database.
Ids compare by their bytes, so that both databases sort them alike.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
#: Only INTEGER numbers rows by itself in SQLite.
SERIAL = BigInteger().with_variant(Integer, "sqlite")
ID = Text().with_variant(Text(collation="C"), "postgresql")

#: What happened: rows are added, never changed, and leave only with the person (erasure).
#: `seq` counts up in order of storing; `number` within the contact, from 1 and without gaps.
EVENTS = Table(
    "events",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("event_id", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("stored_us", BigInteger, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text),
    Column("sentiment", Text),
    Column("actor_id", Text),
    Column("account_id", Text),
    Column("campaign_id", Text),
    Column("relevance", Float(53)),
    Column("personalized", Boolean),
    Column("come_back_us", BigInteger),
    UniqueConstraint("tenant", "event_id"),
    UniqueConstraint("tenant", "contact_id", "number"),
    Index(None, "tenant", "occurred_us"),
    sqlite_autoincrement=True,
)

#: One row per contact: what is known of the person, and what makes their state stale.
#: `events` counts the stored ones; `version` every change of what is known; from `look_us` on the
#: person's threads have to be looked at again, which somebody does until `claimed_us`; `looked_by`
#: is the model version that looked last.
PEOPLE = Table(
    "people",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("look_us", BigInteger, nullable=False),
    Column("claimed_us", BigInteger, nullable=False),
    Column("looked_by", Text, nullable=False),
    Column("timezone", Text),
    Column("country", Text),
    Column("attributes", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "contact_id"),
    Index(None, "look_us", "tenant"),
)

#: Open threads as last looked at: what a work list is ordered by. Derived; may be deleted.
THREADS = Table(
    "threads",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("campaign_id", ID, nullable=False),
    Column("actor_id", Text),
    Column("touched_us", BigInteger, nullable=False),
    Column("hint", Text, nullable=False),
    Column("score", Float(53), nullable=False),
    Column("p_annoy", Float(53), nullable=False),
    Column("account_id", Text),
    Column("channel", Text),
    Column("nudge_us", BigInteger),
    Column("p_land", Float(53)),
    Column("why", Text),
    PrimaryKeyConstraint("tenant", "contact_id", "campaign_id"),
    Index(None, "tenant", "hint", "score"),
    Index(None, "tenant", "hint", "nudge_us"),
    Index(None, "tenant", "campaign_id"),
)

#: Answers from stored history: rows are added, and leave by retention or with the person.
#: `thread` is what was asked for; `version` and `events` say of which state of the person;
#: `live` answers, asked about the moment they were made, hold until `until_us`; `dials` is the
#: number of the tenant's dials that they went by, 0 before any were set, `closes_us` when the
#: thread's role was to close.
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("decision_id", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("thread", ID, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("model_name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("campaign_id", Text),
    Column("hint", Text, nullable=False),
    Column("touch_number", BigInteger),
    Column("held", Boolean, nullable=False),
    Column("propensity", Float(53), nullable=False),
    Column("asked", Text, nullable=False),
    Column("features", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("dials", BigInteger, nullable=False, server_default="0"),
    Column("closes_us", BigInteger),
    PrimaryKeyConstraint("tenant", "decision_id"),
    Index(None, "tenant", "contact_id", "made_us"),
    Index(None, "made_us"),
)

#: What recruiters did with answers on record: rows are added, and leave with the decision.
FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("decision_id", ID, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("given_us", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text),
    Column("actor_id", Text),
    Index(None, "tenant", "decision_id"),
    Index(None, "tenant", "contact_id"),
    sqlite_autoincrement=True,
)

#: What a challenger would have answered, beside the decision that was; null while it is being
#: asked, and where it failed. Rows leave with the decision.
SHADOWS = Table(
    "shadows",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("decision_id", ID, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("contact_id", ID, nullable=False),
    Column("made_us", BigInteger, nullable=False),
    Column("answer", Text),
    PrimaryKeyConstraint("tenant", "decision_id", "model_version"),
    Index(None, "tenant", "contact_id"),
    Index(None, "model_version", "made_us"),
)

#: What organisations have set for themselves: rows are added, never changed, and stay.
#: `number` counts up from 1 within the tenant, `dials` is JSON, `who` set them.
DIALS = Table(
    "dials",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("dials", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
)

#: When roles close, null where that is open (again): rows are added, never changed, and stay. The
#: last one told by a moment holds then.
CAMPAIGNS = Table(
    "campaigns",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("campaign_id", ID, nullable=False),
    Column("set_us", BigInteger, nullable=False),
    Column("closes_us", BigInteger),
    Index(None, "tenant", "campaign_id", "seq"),
    sqlite_autoincrement=True,
)

#: Opt-outs and complaints of people who were erased, by a keyed digest of the id.
SUPPRESSED = Table(
    "suppressed",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("digest", ID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "digest"),
)

#: Where messages go: `kinds` are those wanted, a space between, all of them if empty; `secret`
#: signs, and is encrypted; nothing is tried before `paused_us`, nor once `disabled_us` is set.
ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("endpoint_id", ID, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("paused_us", BigInteger, nullable=False),
    Column("disabled_us", BigInteger),
    PrimaryKeyConstraint("tenant", "endpoint_id"),
)

#: What others are to be told: written in the transaction in which it became true, sent afterwards.
#: `key` names what happened, so that it is told once.
MESSAGES = Table(
    "messages",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("message_id", ID, nullable=False),
    Column("key", ID, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact_id", ID),
    Column("made_us", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("tenant", "message_id"),
    UniqueConstraint("tenant", "key"),
    Index(None, "tenant", "contact_id"),
    Index(None, "made_us"),
    sqlite_autoincrement=True,
)

#: A message on its way to one endpoint: `waiting`, `delivered` or `dead`. From `due_us` on it is
#: tried, which somebody does until `claimed_us`.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("tenant", ID, nullable=False),
    Column("message_id", ID, nullable=False),
    Column("endpoint_id", ID, nullable=False),
    Column("contact_id", ID),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("claimed_us", BigInteger, nullable=False),
    Column("outcome", Text),
    PrimaryKeyConstraint("tenant", "message_id", "endpoint_id"),
    Index(None, "tenant", "endpoint_id"),
    Index(None, "tenant", "contact_id"),
    Index(None, "state", "due_us"),
)

#: The version that last became champion, as far as others were told.
CHAMPIONS = Table(
    "champions",
    METADATA,
    Column("model_name", ID, primary_key=True),
    Column("version", Text, nullable=False),
    Column("since_us", BigInteger, nullable=False),
)

#: Models trained on this store: on events up to `until_seq`, recorded before `cutoff_us` if set.
TRAININGS = Table(
    "trainings",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("tenant", ID, nullable=False),
    Column("model_name", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("trained_us", BigInteger, nullable=False),
    Column("until_seq", BigInteger, nullable=False),
    Column("cutoff_us", BigInteger),
    sqlite_autoincrement=True,
)

#: API keys: of the secret only a digest. Times are when it was made, until when it holds, when it
#: was last used (to some minutes) and when it was revoked.
API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", ID, nullable=False),
    Column("digest", ID, nullable=False),
    Column("tenant", ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("rate", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("used_us", BigInteger),
    Column("revoked_us", BigInteger),
    PrimaryKeyConstraint("key_id"),
)

#: Who did what: rows are added and, as the database itself sees to, never changed or removed.
AUDIT = Table(
    "audit",
    METADATA,
    Column("seq", SERIAL, primary_key=True, autoincrement=True),
    Column("at_us", BigInteger, nullable=False),
    Column("tenant", ID, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("about", ID, nullable=False),
    Column("outcome", Text, nullable=False),
    Index(None, "tenant", "about"),
    sqlite_autoincrement=True,
)

#: People who sign in: of a password only a slow hash.
USERS = Table(
    "users",
    METADATA,
    Column("user_id", ID, nullable=False),
    Column("tenant", ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("password", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("disabled_us", BigInteger),
    Column("subject", Text),
    PrimaryKeyConstraint("user_id"),
)

#: Who is signed in: of the cookie's secret only a digest.
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("digest", ID, nullable=False),
    Column("user_id", ID, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("digest"),
    Index(None, "user_id"),
)

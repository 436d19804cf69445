"""The tables of the metadata, one class each.

No foreign keys and no indexes but the primary keys: DuckDB refuses to update rows that foreign
keys point at and to alter tables that have indexes. The services keep the rows together; tests
prove that no orphan is left. Ids are random, times are in UTC without a zone.
"""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import BigInteger, Double
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def new_id() -> str:
    """Return an id that no other row has: 32 hexadecimal digits."""
    return uuid4().hex


def utc_now() -> datetime:
    """Return the time in UTC, without a zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """The root of the tables; `Base.metadata` is the schema that the migrations lead to."""


class Account(Base):
    """A person or program that signs in; `name_key` is the name as it is compared.

    Who is `pending` waits for an admin's word and is not `active`. Until `one_time_until` the
    password is one that an admin handed out, to be changed at the next sign-in. `email` is what an
    admin says of the person, `subject` who they are to the single sign-on; an identity that was
    issued before `valid_after` signs nobody in. `language` is the one that the pages are read in.
    """

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    name_key: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool]
    created: Mapped[datetime]
    valid_after: Mapped[datetime]
    pending: Mapped[bool | None]
    one_time_until: Mapped[datetime | None]
    email: Mapped[str | None]
    subject: Mapped[str | None]
    language: Mapped[str | None]


class SignIn(Base):
    """One sign-in of a browser; it is over when its row is gone. `agent` is what the browser says.

    `by_identity` tells those that the single sign-on began.
    """

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str]
    created: Mapped[datetime]
    seen: Mapped[datetime]
    address: Mapped[str]
    agent: Mapped[str]
    by_identity: Mapped[bool]


class KnownAddress(Base):
    """An address that an account has signed in from: guesses from elsewhere don't shut it out."""

    __tablename__ = "known_addresses"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str]
    address: Mapped[str]
    first: Mapped[datetime] = mapped_column("first", quote=True)


class Setting(Base):
    """A setting that was changed while the platform ran; the others are as they started."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    changed: Mapped[datetime]
    changed_by: Mapped[str]


class Token(Base):
    """An access token of an account; only its SHA-256 is known."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]


class Model(Base):
    """A model under its owner's name for it; what it computes is in its versions."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    model_type: Mapped[str]
    description: Mapped[str]
    visibility: Mapped[str]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class Version(Base):
    """One file of a model, never changed: `artifact` is loaded, `source` was uploaded (SHA-256).

    `info` is a `ModelInfo` as JSON. `images` says how pictures become its inputs, as JSON, too, and
    may change; see `core.services.model_images`. `edits` and `revision` (its number) are those of
    the newest `Revision`, here once more because every reading of a version needs them.
    """

    __tablename__ = "versions"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    number: Mapped[int]
    artifact: Mapped[str]
    source: Mapped[str]
    file_name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    info: Mapped[str]
    notes: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    images: Mapped[str | None]
    edits: Mapped[str | None]
    revision: Mapped[int | None]


class Revision(Base):
    """What people add to a version's schema, as one save left it; never changed.

    `edits` are `SchemaEdits` as JSON. The revisions of a version are numbered from 1, and the
    newest applies.
    """

    __tablename__ = "revisions"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[str]
    number: Mapped[int]
    edits: Mapped[str]
    note: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]


class Deployment(Base):
    """A service: one version of a model under an endpoint that is unique on the platform."""

    __tablename__ = "deployments"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    version_id: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    name_key: Mapped[str]
    endpoint: Mapped[str]
    state: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]


class DeploymentChange(Base):
    """One thing done to a service, with its version and state from then on; never changed.

    The changes of a service are numbered from 1. `by` is a name.
    """

    __tablename__ = "deployment_changes"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    deployment_id: Mapped[str]
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column("at", quote=True)
    action: Mapped[str]
    version: Mapped[int]
    state: Mapped[str]
    by: Mapped[str] = mapped_column("by", quote=True)
    note: Mapped[str]


class Task(Base):
    """A file scored in the background; `options` is JSON, `retry_of` the task it repeats.

    Its files were `removed` at that time; those of one that is `kept` never are. `news` is `new`
    while its owner has not been told of its end, `told` until one has looked at it, then null.
    """

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    deployment_id: Mapped[str | None]
    version_id: Mapped[str]
    version: Mapped[int]
    owner_id: Mapped[str]
    kind: Mapped[str]
    file_name: Mapped[str]
    state: Mapped[str]
    options: Mapped[str]
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    rows_failed: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[str]
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    retry_of: Mapped[str | None]
    kept: Mapped[bool | None]
    removed: Mapped[datetime | None]
    news: Mapped[str | None]


class Webhook(Base):
    """Where an account is told of the end of its tasks; `secret` signs what is sent there."""

    __tablename__ = "webhooks"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    secret: Mapped[str]
    created: Mapped[datetime]


class Delivery(Base):
    """What is sent to a webhook for one task (none for a trial), and how often that was tried.

    `state` is `waiting`, `delivered` or `given up`; `detail` says what the last attempt came to.
    """

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str]
    task_id: Mapped[str | None]
    state: Mapped[str]
    attempts: Mapped[int]
    due: Mapped[datetime]
    detail: Mapped[str]
    created: Mapped[datetime]


class Verdict(Base):
    """What a check of a version against expected outputs came to; never changed.

    `file` is the SHA-256 of the CSV. `report` is a `Report` as JSON; `failure` says why there is no
    result. `revision` is that of the version's schema, whose names the CSV uses.
    `engine` and `slipway` are the versions it was made with; `made_by` is empty where
    Slipway checked by itself.
    """

    __tablename__ = "verdicts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    version_id: Mapped[str]
    file: Mapped[str]
    file_name: Mapped[str]
    tolerance: Mapped[float] = mapped_column(Double)
    rows: Mapped[int] = mapped_column(BigInteger)
    agreeing: Mapped[int] = mapped_column(BigInteger)
    report: Mapped[str]
    failure: Mapped[str]
    revision: Mapped[int | None]
    engine: Mapped[str]
    slipway: Mapped[str]
    made: Mapped[datetime]
    made_by: Mapped[str]


class Approval(Base):
    """What an admin was asked, and said, about the types in a file; the file itself is not kept.

    `types` are `AskedType`s as JSON. An approval holds for the content `sha256` and no other.
    """

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str]
    file_name: Mapped[str]
    types: Mapped[str]
    state: Mapped[str]
    asked: Mapped[datetime]
    asked_by_id: Mapped[str]
    asked_by: Mapped[str]
    decided: Mapped[datetime | None]
    decided_by: Mapped[str]


class ColumnChoice(Base):
    """Which column of a file goes to which input of a model, as one account chose it last.

    `headers` is the SHA-256 of the set of the file's headers; `columns` is JSON, by input.
    """

    __tablename__ = "column_choices"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    headers: Mapped[str]
    account_id: Mapped[str]
    columns: Mapped[str]
    chosen: Mapped[datetime]


class Case(Base):
    """Inputs of a model under a name, with what a version answered to them; never changed.

    `record` is JSON without the pictures, which `pictures` holds as base64 by input, JSON, too.
    `answer` is that of `version`. `author_id` is null once the account is gone; `author` is a name.
    """

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    model_id: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    record: Mapped[str]
    pictures: Mapped[str | None]
    version: Mapped[int]
    answer: Mapped[str]
    created: Mapped[datetime]
    author_id: Mapped[str | None]
    author: Mapped[str]


class Event(Base):
    """One thing that somebody did; names are copied, so it can be read after they are gone."""

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column("at", quote=True)  # a reserved word of DuckDB
    actor_id: Mapped[str]
    actor: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    object_name: Mapped[str]
    detail: Mapped[str]


class Threshold(Base):
    """From when on a service is in trouble; a service without a row has the usual thresholds.

    Shares of errors are in percent, latencies in milliseconds; None is not watched.
    """

    __tablename__ = "thresholds"

    deployment_id: Mapped[str] = mapped_column(primary_key=True)
    error_amber: Mapped[float | None] = mapped_column(Double)
    error_red: Mapped[float | None] = mapped_column(Double)
    p95_amber: Mapped[float | None] = mapped_column(Double)
    p95_red: Mapped[float | None] = mapped_column(Double)
    minutes: Mapped[int]
    calls: Mapped[int]

"""A storage folder that a team has used for a while: models, services, tasks, calls, people.

`python -m benchmarks._big_platform FOLDER [CALLS]` fills an empty folder for somebody to look at.
The sample models come in as every upload does, with a service and a task each; the others are
their copies under other names, of other people, at other times. Calls are made inside DuckDB.
"""

import io
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import jwt
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from benchmarks.call_records import fill as fill_calls
from core.db.engine import Database
from core.db.tables import (
    Account,
    Base,
    Deployment,
    DeploymentChange,
    Event,
    Model,
    Revision,
    Task,
    Version,
    new_id,
    utc_now,
)
from core.files import Files
from core.platform import Platform, open_platform
from core.services.accounts import Caller
from core.services.endpoints import free_endpoint
from core.services.names import name_key
from core.services.sign_in_cookie import SECRET, cookie_key
from core.settings import Settings

PASSWORD = "correct horse"
Row = TypeVar("Row", bound=Base)

_USES = ("Churn", "Fraud", "Pricing", "Demand", "Returns", "Claims", "Leads", "Defects")
_PLACES = ("Oslo", "Porto", "Kraków", "北京", "Lima", "Accra", "Quito", "Turin", "Leeds", "Nantes")
_ENDS = {9: ("failed", "The file has no column petal_length."), 19: ("cancelled", "Cancelled.")}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each; the calls lie within so many days before now."""

    models: int = 200
    deployments: int = 50
    tasks: int = 500
    calls: int = 1_000_000
    people: int = 8
    days: int = 7


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, and the cookie of a sign-in that has begun; the first is admin."""

    name: str
    cookie: str


def fill(storage: Path, size: Size = Size()) -> list[Person]:
    """Fill an empty folder and return the people who use it."""
    settings = Settings(storage=storage)
    with _opened(settings) as platform:
        callers = [platform.accounts.register(name, PASSWORD) for name in _people(size.people)]
        if size.models:
            _add_samples(platform, callers[0])
        people = [Person(caller.name, _cookie(platform, caller)) for caller in callers]
    database = Database(settings.database)
    with database.writing() as session:
        models = _copy_models(session, callers, size)
        services = _copy_services(session, models, size)
        _copy_tasks(session, Files(storage), callers, services, size)
    database.close()
    if services and size.calls:
        ids = [each.id for each in services]
        fill_calls(settings.database, size.calls, ids, [each.id for each in callers], size.days)
    return people


def _people(number: int) -> list[str]:
    return ["ann", *(f"person {place}" for place in range(2, number + 1))]


@contextmanager
def _opened(settings: Settings) -> Iterator[Platform]:
    platform = open_platform(settings, inline=True)
    try:
        yield platform
    finally:
        platform.close()


def _add_samples(platform: Platform, caller: Caller) -> None:
    """Add the sample models, each with a service and a finished task, all shared."""
    for sample in platform.samples.list_(caller):
        version = platform.samples.add(caller, sample.key)
        model = platform.models.update(caller, version.model.id, visibility="team")
        service = platform.deployments.create(caller, model.id, "live")
        data = platform.samples.data(version)
        if data is None:
            raise RuntimeError(f"The sample {sample.key} has no data.")
        staged = platform.files.stage(io.BytesIO(data.write()), data.name, 1 << 24)
        kind = Path(data.name).suffix[1:]
        platform.jobs.submit(caller, version, staged, kind=kind, deployment=service)
    platform.runner.run_until_idle()


def _cookie(platform: Platform, caller: Caller) -> str:
    """Begin a sign-in and return its cookie, as streamlit-authenticator signs it."""
    days = platform.settings.cookie_days
    ends = datetime.now(UTC) + timedelta(days=days)
    claims = {"username": platform.sign_ins.begin(caller), "exp_date": ends.timestamp()}
    return jwt.encode(claims, cookie_key(platform.files.secret(SECRET), days), algorithm="HS256")


def _copied(row: Row, **changes: object) -> Row:
    """Return a new row with the values of another, but for its id and the changes."""
    kept = {key: getattr(row, key) for key in inspect(type(row)).attrs.keys()}  # noqa: SIM118
    return type(row)(**{**kept, "id": new_id(), **changes})


def _event(row: Model | Deployment | Task, kind: str, action: str, by: Account) -> Event:
    name = row.file_name if isinstance(row, Task) else row.name
    return Event(
        at=row.created,
        actor_id=by.id,
        actor=by.name,
        action=action,
        object_kind=kind,
        object_id=row.id,
        object_name=name,
        detail="",
    )


def _copy_models(session: Session, callers: Sequence[Caller], size: Size) -> list[Model]:
    """Add models until there are enough; every third has three versions, every fifth is private."""
    originals = list(session.scalars(select(Model).order_by(Model.name)))
    versions = {row.model_id: row for row in session.scalars(select(Version))}
    revisions = {row.version_id: row for row in session.scalars(select(Revision))}
    accounts = [session.get_one(Account, caller.id) for caller in callers]
    models = list(originals)
    for place in range(len(originals), size.models):
        source, owner = originals[place % len(originals)], accounts[place % len(accounts)]
        name = f"{_USES[place % len(_USES)]} {_PLACES[place // 3 % len(_PLACES)]} {place}"
        made = utc_now() - timedelta(hours=7 * place)
        model = _copied(
            source,
            owner_id=owner.id,
            name=name,
            name_key=name_key(name),
            visibility="team" if place % 5 else "private",
            created=made,
            updated=made,
        )
        session.add(model)
        session.add(_event(model, "model", "uploaded", owner))
        for number in range(1, 1 + (1 if place % 3 else 3)):
            version = _copied(
                versions[source.id], model_id=model.id, number=number, created_by=owner.name
            )
            session.add(version)
            session.add(_copied(revisions[versions[source.id].id], version_id=version.id))
        models.append(model)
    session.flush()
    return models


def _copy_services(session: Session, models: Sequence[Model], size: Size) -> list[Deployment]:
    """Add services of the models, in turns, until there are enough; every tenth is paused."""
    services = list(session.scalars(select(Deployment)))
    changes = {row.deployment_id: row for row in session.scalars(select(DeploymentChange))}
    newest = select(Version).order_by(Version.number)
    versions = {row.model_id: row for row in session.scalars(newest)}
    taken = {service.endpoint for service in services}
    for place in range(len(services), size.deployments):
        model, source = models[place % len(models)], services[0]
        owner, version = session.get_one(Account, model.owner_id), versions[model.id]
        name = f"live {place // len(models) or ''}".strip()
        service = _copied(
            source,
            model_id=model.id,
            version_id=version.id,
            version=version.number,
            name=name,
            name_key=name_key(name),
            endpoint=free_endpoint(model.name, name, taken),
            state="paused" if place % 10 == 9 else "running",
            created=model.created,
            created_by=owner.name,
        )
        session.add(service)
        session.add(_copied(changes[source.id], deployment_id=service.id, version=version.number))
        session.add(_event(service, "deployment", "deployed", owner))
        taken.add(service.endpoint)
        services.append(service)
    session.flush()
    return services


def _copy_tasks(
    session: Session,
    files: Files,
    callers: Sequence[Caller],
    services: Sequence[Deployment],
    size: Size,
) -> None:
    """Add tasks with their folders until there are enough; some have failed or were cancelled."""
    artifacts = dict(session.execute(select(Version.id, Version.artifact)).all())
    originals = {artifacts[task.version_id]: task for task in session.scalars(select(Task))}
    accounts = [session.get_one(Account, caller.id) for caller in callers]
    for place in range(len(originals), size.tasks):
        service, owner = services[place % len(services)], accounts[place % len(accounts)]
        source = originals[artifacts[service.version_id]]
        state, message = _ENDS.get(place % 20, (source.state, source.message))
        made = utc_now() - timedelta(minutes=20 * place)
        task = _copied(
            source,
            model_id=service.model_id,
            deployment_id=service.id,
            version_id=service.version_id,
            version=service.version,
            owner_id=owner.id,
            state=state,
            message=message,
            created=made,
            started=made,
            finished=made + timedelta(seconds=place % 90 + 1),
            news=None,
        )
        session.add(task)
        session.add(_event(task, "task", "submitted", owner))
        folder = files.job(task.id)
        shutil.copytree(files.job(source.id), folder, copy_function=os.link, dirs_exist_ok=True)


def main() -> None:
    """Fill the folder that the command line names."""
    if len(sys.argv) < 2:
        raise SystemExit("Name the empty folder to fill: python -m benchmarks._big_platform FOLDER")
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else Size().calls
    people = fill(Path(sys.argv[1]), Size(calls=calls))
    print(f"Sign in as {people[0].name} with the password {PASSWORD}.")


if __name__ == "__main__":
    main()

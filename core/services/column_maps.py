"""Which columns went to which inputs, remembered for the next file with the same header."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.db.engine import Database
from core.db.tables import Account, ColumnChoice, new_id, utc_now
from core.services import events
from core.services.accounts import Caller
from core.services.model_rights import visible_model


@dataclass(frozen=True, slots=True)
class Remembered:
    """Columns by the names of the inputs, and the name of whoever chose them."""

    columns: Mapping[str, str]
    by: str


class ColumnMaps:
    """What people chose for each model and set of headers.

    Everybody who sees a model is offered what others chose for it; one's own choice comes first.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(
        self, caller: Caller, model_id: str, headers: Sequence[str], columns: Mapping[str, str]
    ) -> None:
        """Keep a choice of the caller in place of the one before; raises ModelNotFound."""
        key = _key(headers)
        with self._database.writing() as session:
            model = visible_model(session, caller, model_id)
            row = session.scalar(
                select(ColumnChoice).where(
                    ColumnChoice.model_id == model_id,
                    ColumnChoice.headers == key,
                    ColumnChoice.account_id == caller.id,
                )
            )
            if row is None:
                row = ColumnChoice(
                    id=new_id(), model_id=model_id, headers=key, account_id=caller.id
                )
                session.add(row)
            row.columns = json.dumps(dict(columns), ensure_ascii=False)
            row.chosen = utc_now()
            events.record(session, caller, "chose columns", "model", model.id, model.name)

    def find(self, caller: Caller, model_id: str, headers: Sequence[str]) -> Remembered | None:
        """Return what was chosen for such a header, by the caller or else last by another."""
        query = (
            select(ColumnChoice, Account.name)
            .join(Account, Account.id == ColumnChoice.account_id)
            .where(ColumnChoice.model_id == model_id, ColumnChoice.headers == _key(headers))
            .order_by(ColumnChoice.account_id != caller.id, ColumnChoice.chosen.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            visible_model(session, caller, model_id)
            found = session.execute(query).one_or_none()
        return None if found is None else Remembered(json.loads(found[0].columns), found[1])


def _key(headers: Sequence[str]) -> str:
    """Return what the same set of headers always gives, in whatever order they stand."""
    return hashlib.sha256(json.dumps(sorted(headers)).encode()).hexdigest()

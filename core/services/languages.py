"""The language that a person reads the pages in; HTTP speaks English to everybody."""

from enum import StrEnum

from core.db.engine import Database
from core.db.tables import Account
from core.errors import AccountNotFound, InvalidInput
from core.services import events
from core.services.accounts import Caller
from core.services.directory import Directory


class Language(StrEnum):
    """A language of the pages, by its tag of BCP 47."""

    ENGLISH = "en"
    CHINESE = "zh-CN"


class Languages:
    """Keeps which language each account chose; until then its browser's is taken."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory

    def choose(self, caller: Caller, language: str) -> None:
        """Keep the caller's language; raises InvalidInput for one that there is not."""
        if language not in set(Language):
            known = ", ".join(Language)
            raise InvalidInput(f'There is no language "{language}"; choose one of {known}.')
        with self._database.writing() as session:
            account = session.get(Account, caller.id)
            if account is None:
                raise AccountNotFound("Your account was deleted.")
            if account.language == language:
                return
            account.language = str(language)
            events.record(
                session, caller, "chose language", "account", caller.id, caller.name, str(language)
            )
        self._directory.forget()

    def find(self, caller: Caller) -> Language | None:
        """Return the language that the caller chose, or None; from memory."""
        account = self._directory.contents().by_id.get(caller.id)
        return Language(account.language) if account and account.language else None

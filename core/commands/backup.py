"""`make backup`: writes a backup to a file, whether a server has the storage folder open or not."""

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from core.api.backups import PATH
from core.db.engine import Database
from core.db.tables import utc_now
from core.errors import InternalError, InvalidInput, SlipwayError
from core.files import Files, readable_size, replacing
from core.services.accounts import Caller, Role
from core.services.archives import opened
from core.services.backup_tickets import SECRET, signed
from core.services.backups import KIND, NAMES, Backups
from core.services.restoring import OPERATOR
from core.settings import Settings

_BLOCK = 1 << 20
_OPERATOR = Caller(OPERATOR.id, OPERATOR.name, Role.ADMIN)


def main(arguments: list[str] | None = None) -> int:
    """Write the backup that the command line asks for; return its exit status."""
    wanted = _parser().parse_args(arguments)
    try:
        target = _write(wanted.file, wanted.url, results=wanted.results)
    except (SlipwayError, OSError) as error:
        sys.stderr.write(f"No backup was made. {error}\n")
        return 1
    sys.stdout.write(f"{target} holds {readable_size(target.stat().st_size)}.\n")
    return 0


def _write(target: Path, url: str, *, results: bool) -> Path:
    if target.exists():
        raise InvalidInput(f"{target} is there already; name another file.")
    settings = Settings()
    if not settings.database.exists():
        raise InvalidInput(f"{settings.storage} holds no platform; name it with SLIPWAY_STORAGE.")
    with replacing(target) as temporary:
        temporary.touch(mode=0o600)
        with temporary.open("wb") as file:
            for block in _blocks(settings, url, results=results):
                file.write(block)
        with opened(temporary, KIND, NAMES):
            pass  # it arrived to its end
    return target


def _blocks(settings: Settings, url: str, *, results: bool) -> Iterator[bytes]:
    """Yield a backup of the storage, or of the server that has it open."""
    try:
        database = Database(settings.database)
    except InternalError as error:
        if "open in another process" not in error.message:
            raise
        yield from _of_server(settings.storage, url, results=results)
        return
    with closing(database):
        yield from Backups(database, Files(settings.storage)).make(_OPERATOR, results=results)


def _of_server(storage: Path, url: str, *, results: bool) -> Iterator[bytes]:
    key = (storage / "secrets" / SECRET).read_text(encoding="ascii")
    ticket = signed(key, "", utc_now(), results=results)
    address = f"{url.rstrip('/')}{PATH}?{urlencode({'ticket': ticket})}"
    if urllib.parse.urlsplit(address).scheme not in {"http", "https"}:
        raise InvalidInput(f"The address of the server is {url}; it begins with http or https.")
    try:
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - looked at above
            while block := answer.read(_BLOCK):
                yield block
    except urllib.error.HTTPError as error:
        text = error.read(2_000).decode("utf-8", "replace")
        raise InternalError(f"The server at {url} refused: {text}") from error
    except urllib.error.URLError as error:
        raise InternalError(
            f"A server has {storage} open and does not answer at {url} ({error.reason}); name its "
            "address with URL."
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make backup", description=__doc__)
    parser.add_argument("file", type=Path, help="where the backup is written")
    parser.add_argument("--results", action="store_true", help="with files of tasks that are over")
    parser.add_argument("--url", default="http://127.0.0.1:8501", help="where the server listens")
    return parser


if __name__ == "__main__":
    sys.exit(main())

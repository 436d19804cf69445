"""The catalogues of translations, read from their `.po` files once for the process."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.services.languages import Language
from pages.locale.sentences import Sentences

DOMAIN = "slipway"
CORE = "core"  # the comment that tells what the core says from what pages say
_FOLDER = Path(__file__).parent


def path_of(language: Language) -> Path:
    """Return where the catalogue of a language lies."""
    name = language.replace("-", "_")
    return _FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(language: Language) -> Catalog:
    """Return the catalogue of a language as it is written."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"), domain=DOMAIN)


@cache
def translations(language: Language) -> NullTranslations:
    """Return what translates the texts of pages; English ones stay as they are."""
    if language is Language.ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def sentences(language: Language) -> Sentences:
    """Return what translates sentences of the core, whose values are in them already."""
    said = [each for each in read_catalogue(language) if CORE in each.auto_comments]
    messages = [each for each in said if not each.context]
    return Sentences({str(each.id): str(each.string) for each in messages if each.string})

"""What the code says, collected for translators: `make messages` brings the catalogues up to date.

Pages mark their texts. The core does not: it knows of no language, so its sentences are read from
where they are made, `raise InvalidInput(f"...")` and the like, the holes named by what fills them.
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from core.runtimes.inspection import allowed
from core.samples.catalogue import SAMPLES
from core.services.languages import Language
from pages.locale.catalogue import CORE, DOMAIN, path_of, read_catalogue
from pages.locale.core_sentences import sentences_of
from pages.locale.words import DEED, DEEDS, WORDS

_PROJECT = Path(__file__).parents[2]
_KEYWORDS = {"_": None, "N_": None, "plural": (2, 3)}
_PAGES = ("Home.py", "pages/**/*.py")
_CORE = (
    "core/*.py",
    "core/inputs/*.py",
    "core/preparation/*.py",
    "core/runtimes/*.py",
    "core/services/*.py",
)


def collect() -> Catalog:
    """Return the template of the catalogues: everything that the code says to people."""
    catalog = Catalog(domain=DOMAIN, project="Slipway", fuzzy=False)
    for path in _files(*_PAGES):
        with path.open("rb") as source:
            for _, message, _, _ in extract("python", source, keywords=_KEYWORDS):
                catalog.add(message)
    for path in _files(*_CORE):
        for sentence in sentences_of(path.read_text(encoding="utf-8")):
            catalog.add(sentence, auto_comments=[CORE])
    for word in (*WORDS, *_of_samples(), allowed()):
        catalog.add(word, auto_comments=[CORE])
    for word in DEEDS:
        catalog.add(word, auto_comments=[CORE], context=DEED)
    return catalog


def _of_samples() -> Iterator[str]:
    """Return what the sample models say of themselves and of their inputs."""
    for sample in SAMPLES:
        yield sample.description
        for edit in sample.edits.inputs:
            yield from filter(None, (edit.label, edit.description))


def _files(*patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(_PROJECT.glob(pattern))


def update(language: Language) -> None:
    """Bring the catalogue of a language up to date; what is new in it waits for a translation."""
    catalog = read_catalogue(language)
    template = collect()
    template.creation_date = catalog.creation_date  # or each run would change the file
    catalog.update(template, no_fuzzy_matching=True)
    with path_of(language).open("wb") as file:
        write_po(file, catalog, width=100, no_location=True, sort_output=True, ignore_obsolete=True)


if __name__ == "__main__":
    update(Language.CHINESE)

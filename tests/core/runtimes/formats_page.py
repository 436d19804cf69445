"""Writes `docs/formats.md` from what the files by others do here; `make docs` runs it."""

import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from sklearn.experimental import (  # noqa: F401 - else the list depends on who imported them
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.utils import all_estimators

from core.errors import InvalidInput
from core.inputs.image import MOST_BYTES, MOST_PIXELS, shown
from core.inputs.image_fields import guess_recipe
from core.runtimes import RUNTIMES
from core.runtimes.base import ModelInfo
from core.runtimes.pmml import PmmlRuntime
from core.runtimes.pmml_checks import NOT_SCORED
from core.runtimes.scikit_types import allowed
from core.schema import Field
from tests.core.runtimes.onnx_outcomes import OnnxFormat
from tests.core.runtimes.opened import MATERIAL
from tests.core.runtimes.outcomes import Format, Outcome, Outcomes
from tests.core.runtimes.pmml_outcomes import TRANSFORMATIONS, PmmlFormat
from tests.core.runtimes.scikit_outcomes import ScikitFormat

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
_LONGEST_CELL = 1000

_COUNTS = re.compile(r"\d+ × ")

Found = Mapping[str, Outcome]
Row = Sequence[object]

_BEGIN = """# What you can upload

This page is written by the tests (`make docs`) from what model files made by others, with their
own tools, do in Slipway. It is no promise of what should work but a record of what does.

- **equal**: the answers are those that the file's makers expect, row by row (numbers to one part
  in a million, single-precision ones to one in ten thousand).
- **scored**: the file predicts, and nobody says what the right answers are.
- **marked**: it predicts, and its page carries a warning, which stands in the last column.
- **refused**: it is not taken, and the sentence is what the uploader reads.

Whatever the format, a file is opened in a process of its own, must predict one made-up record, and
is refused if it cannot. A value that is missing, unknown or out of range is answered with a
sentence about that record, never with a made-up prediction.
"""
_PMML = """
Every file is XML without a DOCTYPE. A byte-order mark, another encoding and a missing version
number are mended, and the page of the model says so. Fields of 32 bits, and what they are compared
with, are rounded as the standard has it, so that a record on the border of a branch takes the right
one. What a model does with missing and invalid values is shown for each input. If the file holds
several models, the first is scored. Files that check themselves (`ModelVerification`) are checked
at upload.

Refused by their names, for the engine does not score them: {refused}.
"""
_ONNX = """
One file holds the whole graph: data beside it, operators of other domains than the standard and
`ai.onnx.ml`, and opsets newer than the engine are refused by name. Inputs are numbers, texts or
truth values, alone or as tensors; names of columns that a tensor leaves out are given on the
model's page. A batch that is fixed at one is fed row by row.
"""
_SCIKIT = """
`.skops`, `.joblib` and `.pkl` files hold a fitted estimator or pipeline. A pickle is read by a
reader that takes an exact list of types and runs nothing, and is kept as skops. {estimators} of the
{listed} estimators that the installed scikit-learn lists are on that list. A file that asks for
other classes is refused with their names; where they are classes of an installed package, an admin
may approve them for that one file. Functions of your own, classes from notebooks and everything of
Python itself are never taken. A file of another version of scikit-learn is tried and marked; one
that this version cannot read is refused with the version that it needs.
"""
_PICTURES = """
A model whose input is an image takes pictures of up to {size} MiB and {pixels:,} pixels. What
becomes of a picture (size, crop or letterbox, channels, numbers) is shown and can be changed on the
model's page.
"""


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 file`, `1,200 files`."""
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"


def render(pmml: Found, onnx: Found, scikit: Found) -> str:
    """Return the page."""
    parts = [_BEGIN, *_summary(pmml, onnx, scikit)]
    parts += ["\n## PMML\n", _pmml_words(), *_pmml(pmml), *_files(pmml, _equality)]
    parts += ["\n## ONNX\n", _ONNX, *_onnx(onnx), *_files(onnx, _equality)]
    parts += ["\n## scikit-learn\n", _scikit_words(), *_scikit(scikit), *_files(scikit, _labels)]
    parts += ["\n## Pictures\n", _PICTURES.format(size=MOST_BYTES >> 20, pixels=MOST_PIXELS)]
    parts += _table(("Picture", "What becomes of it"), _pictures())
    return "".join(parts)


def _table(head: Row, rows: Iterable[Row]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["\n", *(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)]


def _cell(value: object) -> str:
    text = " ".join(str(value).split()).replace("|", "\\|")
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _summary(*formats: Found) -> list[str]:
    head = ("Format", "File names", "Files tried", "Equal", "Scored", "Marked", "Refused")
    rows = []
    for runtime, found in zip(RUNTIMES, formats, strict=True):
        kinds = Counter(map(_kind, found.values()))
        counts = [kinds[kind] for kind in ("equal", "scored", "marked", "refused")]
        rows.append([runtime.label, ", ".join(runtime.suffixes), len(found), *counts])
    return _table(head, rows)


def _kind(outcome: Outcome) -> str:
    if outcome.refusal:
        return "refused"
    if outcome.described.warnings:
        return "marked"
    return "equal" if outcome.compared else "scored"


def _taken(found: Found) -> list[Outcome]:
    return [outcome for outcome in found.values() if not outcome.refusal]


def _counted(title: str, words: Iterable[str]) -> list[str]:
    """Return a table of words and in how many files each is, the most frequent first."""
    counts = sorted(Counter(words).items(), key=lambda each: (-each[1], each[0]))
    return _table((title, "Files"), counts)


def _detail(found: Found, name: str) -> Iterator[str]:
    for outcome in _taken(found):
        yield outcome.described.details.get(name, "not said")


def _pmml_words() -> str:
    each = [f"{words} (`{element}`)" for element, words in NOT_SCORED.items()]
    return _PMML.format(refused=f"{', '.join(each[:-1])} and {each[-1]}")


def _pmml(found: Found) -> list[str]:
    elements = Counter(_detail(found, "model element"))
    versions = Counter(_detail(found, "PMML version"))
    marked = Counter(
        outcome.described.details["model element"]
        for outcome in _taken(found)
        if outcome.described.warnings
    )
    rows = [(f"`{name}`", elements[name], marked[name]) for name in sorted(elements)]
    parts = Counter(part for outcome in _taken(found) for part in outcome.holds)
    used = [(f"`{tag}`", words, parts[tag]) for tag, words in TRANSFORMATIONS.items() if parts[tag]]
    return [
        "\n### Models\n",
        *_table(("Element", "Files taken", "Of them marked"), rows),
        "\n### Ensembles and other kinds\n",
        *_counted("What the model is", _ensembles(found)),
        "\n### Versions\n",
        *_table(("PMML version", "Files taken"), sorted(versions.items())),
        "\n### Transformations and checks\n",
        *_table(("Element", "What it is", "Files taken"), used),
    ]


def _ensembles(found: Found) -> Iterator[str]:
    """Yield the kind of each model; of an ensemble what is combined, not how many of it."""
    for outcome in _taken(found):
        algorithm = outcome.described.algorithm
        yield (
            "".join(letter for letter in algorithm if not letter.isdigit())
            .replace(" ×", "")
            .replace("  ", " ")
        )


def _onnx(found: Found) -> list[str]:
    inputs = (kind for outcome in _taken(found) for kind in _inputs(outcome.described))
    return [
        "\n### Models\n",
        *_counted("What the model is", (outcome.described.algorithm for outcome in _taken(found))),
        "\n### Inputs\n",
        *_counted("Input", inputs),
        "\n### Operator sets\n",
        *_counted("Operator sets", _detail(found, "opset")),
    ]


def _inputs(info: ModelInfo) -> list[str]:
    """Return the kinds of a model's inputs, each once."""
    return sorted({_input(field, info) for field in info.inputs})


def _input(field: Field, info: ModelInfo) -> str:
    if guess_recipe(field, info.function, info.details) is not None:
        return f"picture ({field.dimension})"
    return f"tensor of {field.type.value} ({field.dimension})" if field.shape else field.type.value


def _scikit_words() -> str:
    listed = [kind for _, kind in all_estimators()]
    taken = [kind for kind in listed if allowed(kind.__module__, kind.__name__)]
    return _SCIKIT.format(estimators=len(taken), listed=len(listed))


def _scikit(found: Found) -> list[str]:
    words = (outcome.described.algorithm for outcome in _taken(found))
    return ["\n### Models\n", *_counted("Estimator", words)]


def _files(found: Found, agreement: Callable[[Outcome], str]) -> list[str]:
    rows = [
        (f"`{path.partition('/')[2]}`", _kind(outcome), _said(outcome, agreement))
        for path, outcome in sorted(found.items())
    ]
    return ["\n### The files\n", *_table(("File", "Verdict", "Why, and how far"), rows)]


def _said(outcome: Outcome, agreement: Callable[[Outcome], str]) -> str:
    if outcome.refusal:
        return outcome.refusal
    parts = [agreement(outcome) if outcome.compared else "", *outcome.described.warnings]
    return " ".join(part for part in parts if part)


def _equality(outcome: Outcome) -> str:
    """Return how many rows of how many outputs are as expected."""
    rows = max(compared.rows for compared in outcome.compared.values())
    differing = {
        name: compared
        for name, compared in outcome.compared.items()
        if compared.agreeing != compared.rows
    }
    outputs = plural(len(outcome.compared), "output")
    said = f"{plural(rows, 'row')} of {outputs}"
    if not differing:
        return f"{said} {'agrees' if rows == 1 else 'agree'}."
    each = (f"{name} in {found.agreeing:,}" for name, found in differing.items())
    return f"{said} were compared; not all agree: {', '.join(each)}."


def _labels(outcome: Outcome) -> str:
    [compared] = outcome.compared.values()
    return f"Finds {compared.agreeing:,} of {compared.rows:,} true labels."


def _pictures() -> Iterator[Row]:
    for path in sorted((MATERIAL / "media").iterdir()):
        yield f"`{path.name}`", _shown(path.read_bytes())
    plain = Image.new("RGB", (8, 6), "red")
    for name, content in (
        ("JPEG in CMYK", _encoded(plain.convert("CMYK"), "JPEG")),
        ("JPEG in grey", _encoded(plain.convert("L"), "JPEG")),
        ("PNG with transparency", _encoded(plain.convert("RGBA"), "PNG")),
        ("PNG with a palette", _encoded(plain.convert("P"), "PNG")),
        ("PNG that is animated", _encoded(plain, "PNG", save_all=True, append_images=[_other()])),
        *((kind, _encoded(plain, kind)) for kind in ("BMP", "GIF", "TIFF", "WebP")),
    ):
        yield name, _shown(content)


def _other() -> Image.Image:
    return Image.new("RGB", (8, 6), "blue")


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _shown(content: bytes) -> str:
    try:
        shown(content)
    except InvalidInput as refusal:
        return f"refused: {refusal.message}"
    return "taken"


def collected(folder: Path) -> str:
    """Open and score every file here and now, and return the page."""
    pmml = PmmlRuntime()
    formats: tuple[Format, ...] = (PmmlFormat(pmml), OnnxFormat(), ScikitFormat())
    try:
        return render(*(Outcomes(format_, folder).all() for format_ in formats))
    finally:
        pmml.close()


def main() -> None:
    """Write the page."""
    if not MATERIAL.exists():
        sys.exit(f"The files by others are not at {MATERIAL}.")
    with TemporaryDirectory() as folder:
        PAGE.write_text(collected(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What the code says and what the catalogue translates are the same, and the texts are marked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from core.runtimes.inspection import allowed
from core.services.languages import Language
from pages.locale.catalogue import CORE, read_catalogue, sentences
from pages.locale.collection import collect
from pages.locale.core_sentences import sentences_of

PROJECT = Path(__file__).resolve().parents[2]
COLLECTED = collect()
CHINESE = read_catalogue(Language.CHINESE)
MESSAGES = [message for message in CHINESE if message.id]
_HOLE = re.compile(r"%?\{[^{}]*\}")
_MARKUP = re.compile(r":material/\w+:|:[\w-]+\[|`[^`]*`|\]\([^)]*\)")
# Chinese has one form for both.
_DROPPED = {"{have}"}


def key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else "\n".join(message.id or ())


def ids(catalog: Catalog) -> set[str]:
    return {key(message) for message in catalog if message.id}


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_text_has_a_translation_and_no_translation_is_left_over() -> None:
    assert ids(COLLECTED) - ids(CHINESE) == set(), "make messages, then translate them"
    assert ids(CHINESE) - ids(COLLECTED) == set(), "make messages"


def test_the_catalogue_knows_what_the_core_says_from_what_pages_say() -> None:
    said = {key(message) for message in COLLECTED if CORE in message.auto_comments}
    assert {key(message) for message in MESSAGES if CORE in message.auto_comments} == said


def test_no_translation_is_empty_or_a_guess() -> None:
    assert [key(message) for message in MESSAGES if not all(forms(message))] == []
    assert [key(message) for message in MESSAGES if message.fuzzy] == []


@pytest.mark.parametrize("marks", [_HOLE, _MARKUP], ids=["values", "markup"])
def test_a_translation_has_the_values_and_the_markup_of_its_text(marks: re.Pattern[str]) -> None:
    for message in MESSAGES:
        wanted = set(marks.findall(key(message)))
        for form in forms(message):
            assert set(marks.findall(form)) ^ wanted <= _DROPPED, key(message)


def test_chinese_has_chinese_punctuation() -> None:
    """A half-width mark between two Chinese characters is a slip."""
    slip = re.compile(r"[\u4e00-\u9fff][,;:?!()](?:[\u4e00-\u9fff]|$)")
    assert [form for message in MESSAGES for form in forms(message) if slip.search(form)] == []


def test_a_refused_model_file_is_told_with_chinese_marks_alone() -> None:
    refused = f'The file "notes.pmml" seems to be a text; Slipway takes {allowed()}.'
    told = sentences(Language.CHINESE).translate(refused)
    assert told.startswith("文件“notes.pmml”似乎是")
    assert not set(told) & set('"(),;')


# fmt: off
SHOWN = frozenset({
    "title", "header", "subheader", "markdown", "caption", "text", "info", "error", "warning",
    "success", "metric", "button", "text_input", "number_input", "text_area", "selectbox",
    "multiselect", "checkbox", "toggle", "radio", "pills", "segmented_control", "file_uploader",
    "expander", "popover", "tabs", "spinner", "toast", "badge", "download_button",
    "link_button", "form_submit_button", "page_link", "dialog", "say", "open_page", "back",
    "slider", "date_input", "TextColumn", "NumberColumn", "DatetimeColumn", "Column",
    "camera_input", "feedback", "status",
})
# fmt: on
SHOWN_BY_NAME = frozenset({"label", "help", "placeholder", "text", "alt"})
# Names and signs, the same in every language.
SAME = frozenset(
    {"Slipway", "p50", "p95", "p99", "https://example.org/slipway", "JSON", "curl", "input.json"}
)
_WORD = re.compile(r"[A-Za-z]{2,}")


def named(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def shown_arguments(call: ast.Call) -> Iterator[ast.expr]:
    """Return what a call shows: its first argument, if it is one of Streamlit's, and its texts."""
    if ast.unparse(call.func).startswith("logger."):
        return
    if named(call) in SHOWN and call.args:
        yield call.args[0]
    for keyword in call.keywords:
        if keyword.arg in SHOWN_BY_NAME:
            yield keyword.value


def bare_texts(node: ast.expr) -> Iterator[str]:
    """Return the words in an argument that no mark stands around."""
    if isinstance(node, ast.Call):
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield re.sub(r":material/\w+:|:[\w-]+\[", "", node.value)
        return
    children: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        children = [part for part in node.values if isinstance(part, ast.Constant)]
    elif isinstance(node, ast.IfExp):
        children = [node.body, node.orelse]
    elif isinstance(node, ast.BinOp):
        children = [node.left, node.right]
    elif isinstance(node, ast.List | ast.Tuple):
        children = list(node.elts)
    for child in children:
        yield from bare_texts(child)


SOURCES = [PROJECT / "Home.py", *sorted((PROJECT / "pages").glob("**/*.py"))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_a_page_shows_is_marked_for_translation(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    texts = [text for call in calls for each in shown_arguments(call) for text in bare_texts(each)]
    assert [text for text in texts if _WORD.search(text) and text.strip() not in SAME] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_mark_is_hidden_inside_an_f_string(source: Path) -> None:
    """There it would not be collected."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    inside = [
        each
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for each in ast.walk(node)
    ]
    calls = [
        each for each in inside if isinstance(each, ast.Call) and named(each) in {"_", "plural"}
    ]
    assert [ast.unparse(call) for call in calls if isinstance(call.args[0], ast.Constant)] == []


def test_the_sentences_of_the_core_are_read_with_names_for_their_holes() -> None:
    source = '''
class Kind(StrEnum):
    """Not this."""

    ROUND = "round"

def fail(model, rows):
    """Nor this sentence."""
    logger.info("Nor what the log is told")
    execute("SELECT this FROM that WHERE it")
    events.record(session, caller, "melted", "candle", model.id)
    raise InvalidInput(f'"{model.name}" has {len(rows):,} rows and {len(rows)}; take {model.name}.')
'''
    assert list(sentences_of(source)) == [
        "round",
        "melted",
        "candle",
        '"{name}" has {rows} rows and {rows}; take {name}.',
    ]

import pytest

from core.errors import InvalidInput
from core.services.names import clean_name, clean_user_name, name_key

ACCEPTED = {
    "churn": "churn",
    "  churn  ": "churn",
    "客户流失": "客户流失",
    "модель оттока": "модель оттока",
    "نموذج": "نموذج",
    "O'Brien's \"best\"": "O'Brien's \"best\"",
    "🚀 launch": "🚀 launch",
    "👩\u200d💻": "👩\u200d💻",
    "cafe\u0301": "café",
    "a.b": "a.b",
    "...": "...",
    "1; DROP TABLE models": "1; DROP TABLE models",
    "<b>": "<b>",
    "x" * 100: "x" * 100,
}

REFUSED = {
    "": "is empty",
    "   ": "is empty",
    "\u200d": "is empty",
    "\u3000": "is empty",
    "a/b": "contains /",
    "a\\b": r"contains \\",
    "a\nb": r"U\+000A",
    "a\x00b": r"U\+0000",
    "a\u202eb": r"U\+202E",
    "a\u200bb": r"U\+200B",
    "a\u2028b": r"U\+2028",
    "a\ud800": r"U\+D800",
    ".": r'cannot be "\."',
    "..": r'cannot be "\.\."',
    "x" * 101: "has 101 characters; at most 100",
    "x" * 300: "has 300 characters; at most 100",
}


@pytest.mark.parametrize(("given", "kept"), ACCEPTED.items())
def test_a_name_of_any_script_is_kept_trimmed_and_composed(given: str, kept: str) -> None:
    assert clean_name(given, "model name") == kept


@pytest.mark.parametrize(("given", "reason"), REFUSED.items())
def test_what_cannot_be_a_name_is_refused_with_the_reason(given: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"The model name .*{reason}"):
        clean_name(given, "model name")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Churn", "CHURN"),
        ("café", "cafe\u0301"),
        ("ＡＢＣ", "abc"),
        ("straße", "STRASSE"),
        ("a  b", "a b"),
        ("ab", "a\u200db"),
        ("ﬁt", "fit"),
    ],
)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_different_names_stay_different() -> None:
    assert len({name_key(name) for name in ("a", "b", "a b", "ab", "ä", "а")}) == 6


@pytest.mark.parametrize("name", ["r\u043eot", "ann \u03bfx", "root\ufffd"])
def test_a_user_name_that_looks_like_another_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        clean_user_name(name)


@pytest.mark.parametrize(
    "name", ["\u0410\u043d\u043d\u0430", "Ann \u5317\u4eac", "\u0391\u03bd\u03bd\u03b1 Smith"]
)
def test_a_user_name_may_be_of_any_alphabet(name: str) -> None:
    assert clean_user_name(name) == name

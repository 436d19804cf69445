"""What may be a name or a text of an account, a model, a deployment; when names are the same.

Names are data: any script, quotes and emoji are fine. What cannot be told apart by eye, or would
break an address, is refused.
"""

import unicodedata

from core.errors import InvalidInput

LONGEST_NAME = 100
LONGEST_TEXT = 10_000

# They join letters (Persian, Indic scripts) and emoji; on their own they are invisible.
_JOINERS = "\u200c\u200d"
_ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def clean_name(name: str, what: str) -> str:
    """Return a name trimmed and in Unicode's NFC form.

    `what` is said in the sentence of InvalidInput, for example `model name`; that is raised for
    an empty or invisible name, one over 100 characters, `.`, `..`, slashes and control characters.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not name_key(cleaned):
        raise InvalidInput(f"The {what} is empty; give it at least one visible character.")
    if len(cleaned) > LONGEST_NAME:
        raise InvalidInput(
            f"The {what} has {len(cleaned)} characters; at most {LONGEST_NAME} are allowed."
        )
    _refuse_letters(cleaned, what)
    return cleaned


def clean_user_name(name: str) -> str:
    """Return a user name as `clean_name` does.

    Raises InvalidInput also for a word of letters from several of the alphabets that look alike:
    nobody could tell it from another's name.
    """
    cleaned = clean_name(name, "user name")
    for word in cleaned.split():
        alphabets = sorted({_alphabet(letter) for letter in word} & _ALIKE)
        if len(alphabets) > 1:
            mixed = " and ".join(alphabet.capitalize() for alphabet in alphabets)
            raise InvalidInput(
                f"The user name mixes {mixed} letters, which look alike; use one alphabet."
            )
    return cleaned


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def clean_text(text: str, what: str) -> str:
    """Return a description or note trimmed.

    Raises InvalidInput for one over 10,000 characters, or with half a character that cannot be
    stored.
    """
    cleaned = text.strip()
    if len(cleaned) > LONGEST_TEXT:
        raise InvalidInput(
            f"The {what} has {len(cleaned)} characters; at most {LONGEST_TEXT} are allowed."
        )
    if any(unicodedata.category(letter) == "Cs" for letter in cleaned):
        raise InvalidInput(f"The {what} contains a broken character; write it again.")
    return cleaned


def name_key(name: str) -> str:
    """Return the form in which names are compared.

    Case, width, joiners and the length of gaps make no difference.
    """
    text = "".join(letter for letter in name if letter not in _JOINERS)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _refuse_letters(name: str, what: str) -> None:
    if name in {".", ".."}:
        raise InvalidInput(f'The {what} cannot be "{name}"; choose a word.')
    for letter in name:
        if letter in "/\\":
            raise InvalidInput(f"The {what} contains {letter}; slashes are not allowed in names.")
        if letter == "\ufffd":  # what stands for bytes that were no text
            raise InvalidInput(f"The {what} contains a broken character; write it again.")
        if letter not in _JOINERS and unicodedata.category(letter) in _INVISIBLE:
            raise InvalidInput(
                f"The {what} contains the control character U+{ord(letter):04X}; remove it."
            )

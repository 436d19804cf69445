"""The types that a file asks for and the allow-list does not have, and what may be said of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidModel, Problem

_NAMED = 8
_LONGEST_NAME = 90
_INSTEAD = "Export the model as ONNX or PMML."


class Standing(StrEnum):
    """Whether an admin may approve a type."""

    APPROVABLE = "may be approved"
    MISSING = "is not installed here"
    NEVER = "is never allowed"


@dataclass(frozen=True, slots=True)
class AskedType:
    """One type that a file asks for beyond the allow-list.

    `package` and `version` tell where it comes from here, as installed; both are empty where it is
    not. `reason` says in words why it cannot be approved, and is empty where it can.
    """

    name: str
    standing: Standing
    package: str = ""
    version: str = ""
    reason: str = ""

    @property
    def origin(self) -> str:
        """Return where the type comes from, in words."""
        return f"{self.package} {self.version}".strip() or "not installed here"


@dataclass(frozen=True, slots=True)
class Trust:
    """What is admitted beside the allow-list: types by their full names, and their packages.

    `packages` are packages of a team's own, beside those that Slipway knows.
    """

    types: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()


NO_TRUST = Trust()


class TypesRefused(InvalidModel):
    """A file asks for types that are not allowed; `asked` are all of them.

    `instead` says what else can be done about the file where no admin can help.
    """

    def __init__(self, asked: Sequence[AskedType], instead: str = "", follows: str = "") -> None:
        sentence = _sentence(asked, instead or _INSTEAD)
        super().__init__(f"{sentence} {follows}".strip(), details=[*map(_problem, asked)])
        self.asked = tuple(asked)
        self.instead = instead

    def followed_by(self, sentence: str) -> "TypesRefused":
        """Return the same refusal with a sentence after its own."""
        return TypesRefused(self.asked, self.instead, sentence)

    @property
    def may_be_approved(self) -> bool:
        """Return whether an admin may approve every type, be it once a package is installed."""
        return all(asked.standing is not Standing.NEVER for asked in self.asked)


def _sentence(asked: Sequence[AskedType], instead: str) -> str:
    if len(asked) == 1:
        begin = f"The file asks for a type that is not allowed: {_listed(asked)}."
    else:
        begin = f"The file asks for {len(asked)} types that are not allowed: {_listed(asked)}."
    return f"{begin} {_way(asked, instead)}"


def _way(asked: Sequence[AskedType], instead: str) -> str:
    """Return what can be done about it."""
    never = [each for each in asked if each.standing is Standing.NEVER]
    if never:
        return f"No admin can approve {_short(never[0].name)}: it {never[0].reason}. {instead}"
    them = "it" if len(asked) == 1 else "them"
    missing = {each.name.partition(".")[0] for each in asked if each.standing is Standing.MISSING}
    if missing:
        packages = ", ".join(sorted(missing))
        return f"An admin may approve {them} for this file once {packages} is installed here."
    return f"An admin may approve {them} for this one file."


def _listed(asked: Sequence[AskedType]) -> str:
    more = len(asked) - _NAMED
    names = ", ".join(_short(each.name) for each in asked[:_NAMED])
    return names + (f" and {more} more" if more > 0 else "")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _problem(asked: AskedType) -> Problem:
    said = f"{asked.standing.value}{f': it {asked.reason}' if asked.reason else ''}"
    if asked.package:
        said += f" ({asked.package} {asked.version})"
    return Problem(said, value=asked.name)

"""Finds in the source of the core what people are shown, as templates with named holes.

The core does not mark its texts. What counts: what is in a `raise`, the words of enumerations, what
is put on record, and every other text that reads as words and not as SQL, XML or a log's line.
"""

import ast
import re
from collections.abc import Iterator

# fmt: off
_SILENT_CALLS = frozenset({
    "TypeVar", "compile", "debug", "decode", "encode", "endswith", "exception", "execute",
    "fullmatch", "get", "getLogger", "getattr", "getenv", "hasattr", "info", "join", "log",
    "match", "op", "partial", "partition", "removeprefix", "removesuffix", "replace",
    "search", "setattr", "split", "startswith", "strip", "text", "warning", "with_suffix", "words",
})
# fmt: on
_NO_WORDS = re.compile(r"[<>|\\]|%[sd]|\{\{|::|^[\w./-]*[./_][\w./-]*$|\w\(\S*\{|\(c0|charset=")
_SQL = re.compile(r"\b(SELECT|CAST|TRY_CAST|WHERE|FROM|NULLS?|SET|COPY|INSERT|AND|ORDER BY)\b")
_WORD = re.compile(r"[A-Za-z]{2,}")
_ON_RECORD = (2, 3)  # the places of action and kind in events.record(session, caller, ...)


def sentences_of(source: str) -> Iterator[str]:
    """Return the templates of a module's sentences, each as `pages.locale.sentences` reads it."""
    finder = _Finder()
    finder.visit(ast.parse(source))
    yield from finder.found


class _Finder(ast.NodeVisitor):
    """Walks a module and notes its texts; `_raising` tells that what is visited is thrown."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._raising = False

    def visit_Raise(self, node: ast.Raise) -> None:
        self._raising = True
        self.generic_visit(node)
        self._raising = False

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases):
            self._note_members(node)
        for statement in node.body:
            self.visit(statement)

    def _note_members(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                self._note(str(statement.value.value), whatever=True)

    def visit_arg(self, node: ast.arg) -> None:
        """Pass by: an annotation in quotes is no text."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(_name(target) == "action" for target in node.targets):
            self._note_all(node.value)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Pass by: what is compared is told elsewhere."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name = _name(node.func)
        if name == "record":  # `_record` is the same for one kind of object
            for place in _ON_RECORD:
                self._note_words(node, place)
        if name in _SILENT_CALLS:
            for argument in (*node.args, *node.keywords):
                if not isinstance(argument, ast.Constant | ast.JoinedStr):
                    self.visit(argument)
            if isinstance(node.func, ast.Attribute) and name != "join":
                self.visit(node.func.value)
            return
        self.generic_visit(node)

    def _note_words(self, node: ast.Call, place: int) -> None:
        for each in node.args[place : place + 1]:
            self._note_all(each)

    def _note_all(self, node: ast.expr) -> None:
        for constant in ast.walk(node):
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                self._note(constant.value, whatever=True)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._note(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._note(_template(node))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _note(self, text: str, *, whatever: bool = False) -> None:
        text = text.strip().replace("{}", "{value}")
        words = re.sub(r"\{\w+\}", "", text)
        if not _WORD.search(words) or _NO_WORDS.search(text):
            return
        if _SQL.search(text) and not text.endswith("."):  # a sentence may speak of SQL
            return
        if whatever or self._raising or " " in text:
            self.found.append(text)


def _template(node: ast.JoinedStr) -> str:
    """Return an f-string with a name for each hole; the same value has the same name."""
    names: dict[str, str] = {}
    text = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            text += "{" + _hole(part.value, names) + "}"
    return text


def _hole(value: ast.expr, names: dict[str, str]) -> str:
    source = ast.unparse(value)
    if source not in names:
        name = _name(value) or "value"
        taken = set(names.values())
        count = 2
        numbered = name
        while numbered in taken:
            numbered, count = f"{name}{count}", count + 1
        names[source] = numbered
    return names[source]


def _name(value: ast.expr) -> str:
    """Return the word that says best what a value is."""
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    if isinstance(value, ast.Attribute):
        # The value of a member of an enumeration is called what that is.
        return _name(value.value) if value.attr == "value" else value.attr.strip("_").lower()
    if isinstance(value, ast.Call):
        return _name(value.args[0] if value.args and _is_plain(value.func) else value.func)
    if isinstance(value, ast.Subscript):
        return _name(value.value)
    return ""


def _is_plain(function: ast.expr) -> bool:
    """Return whether a function gives its argument in another form, and so has its name."""
    return _name(function) in {"len", "str", "join", "short", "repr", "sorted", "min", "max"}

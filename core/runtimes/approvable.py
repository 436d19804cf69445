"""Which types beyond the allow-list an admin may approve: classes that a known package defines.

Never functions, and never what Python itself brings. A class is refused, too, where taking it from
a file would already run code that the file chooses: one that makes its objects in a way of its own
(`numpy.memmap` opens files), that acts when it is thrown away (a `DataSource` of NumPy removes
folders), or that executes text which it holds (the distributions of SciPy). An approved class is
never called: its objects are made empty and given their state.
"""

import ast
import importlib
import sys
import warnings
from abc import ABCMeta
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

from core.runtimes.asked_types import AskedType, Standing, Trust, TypesRefused

_PACKAGES = frozenset(
    {
        *("catboost", "category_encoders", "feature_engine", "imblearn", "lightgbm"),
        *("numpy", "scipy", "sklearn", "xgboost"),
    }
)
# Parts of packages that test, build or fetch.
_HIDDEN = frozenset(
    {
        *("conftest", "datasets", "distutils", "externals", "f2py", "setup", "test", "testing"),
        *("tests", "_mocking", "_pyinstaller", "_testing"),
    }
)
_EXECUTES = frozenset({("scipy.stats._distn_infrastructure", "rv_generic")})
_MOST_NAMES = 100
_LONGEST_NAME = 200


def refusal(names: Mapping[str, str], trust: Trust, instead: str = "") -> TypesRefused:
    """Return the error for a file that asks for these names.

    The value of a name is why it cannot be approved where that lies in the way it is asked for;
    `instead` says what else can be done about the file.
    """
    asked = [
        AskedType(name, Standing.NEVER, reason=reason) if reason else judged(name, trust.packages)
        for name, reason in list(names.items())[:_MOST_NAMES]
    ]
    if len(names) > _MOST_NAMES:
        reason = f"comes with {len(names) - 1} others, and {_MOST_NAMES} are the most of one file"
        asked[0] = AskedType(asked[0].name, Standing.NEVER, reason=reason)
    return TypesRefused(asked, instead)


def judged(name: str, packages: frozenset[str] = frozenset()) -> AskedType:
    """Return what may be said of a type by its full name; `packages` are a team's own."""
    name = "".join(letter if letter.isprintable() else "?" for letter in name)
    if len(name) > _LONGEST_NAME:
        return AskedType(name[:_LONGEST_NAME], Standing.NEVER, reason="has a name of great length")
    module, _, attribute = name.rpartition(".")
    top = module.partition(".")[0]
    reason = _outside(module, top, packages)
    if reason:
        return AskedType(name, Standing.NEVER, reason=reason)
    if find_spec(top) is None:
        return AskedType(name, Standing.MISSING, reason=f"belongs to {top}")
    reason = _flaw(module, attribute)
    package, release = _origin(top)
    standing = Standing.NEVER if reason else Standing.APPROVABLE
    return AskedType(name, standing, package, release, reason)


def trusted_class(module: str, name: str, trust: Trust) -> type | None:
    """Return the class of a name that was approved, or None; all is judged again."""
    full = f"{module}.{name}"
    if "." in name or full not in trust.types:
        return None
    if judged(full, trust.packages).standing is not Standing.APPROVABLE:
        return None
    found: type = getattr(sys.modules[module], name)
    return found


def _outside(module: str, top: str, packages: frozenset[str]) -> str:
    """Return why nothing of a module can be approved, or nothing where it can."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return "is no name of a class"
    if top == "__main__":
        return "was defined in a notebook or a script, and so is in no package"
    if top in sys.stdlib_module_names:
        return "is part of Python itself, which can do anything"
    if top not in _PACKAGES | packages:
        return f"belongs to {top}, which is none of the packages whose classes may be approved"
    if any(part in _HIDDEN or part.startswith("__") for part in parts):
        return f"belongs to the tests, the building or the data of {top}"
    return ""


def _flaw(module: str, attribute: str) -> str:
    """Return why a name of an installed package cannot be approved, or nothing where it can."""
    # A module is imported only once its text shows the class: others may act when imported.
    if not _defines(module, attribute):
        return f"is no class that the {module.partition('.')[0]} installed here defines in Python"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kind = vars(importlib.import_module(module)).get(attribute)
    except (ImportError, AttributeError, OSError, RuntimeError, TypeError, ValueError) as error:
        return f"cannot be imported here ({type(error).__name__})"
    if not isinstance(kind, type) or (kind.__module__, kind.__name__) != (module, attribute):
        return "is not the class that its module says"
    if type(kind) not in (type, ABCMeta) or _makes_its_own(kind):
        return "makes its objects in a way of its own"
    if hasattr(kind, "__del__") and not hasattr(kind, "__setstate__"):
        return "acts when it is thrown away"
    if any((base.__module__, base.__name__) in _EXECUTES for base in kind.__mro__):
        return "executes text that the file holds"
    return ""


def _makes_its_own(kind: type) -> bool:
    """Return whether a class, or what it builds on, makes its objects otherwise than Python."""
    return any("__new__" in vars(base) for base in kind.__mro__ if base is not object)


def _defines(module: str, attribute: str) -> bool:
    """Return whether the Python text of a module has a class of this name at its top level."""
    top, *rest = module.split(".")
    spec = find_spec(top)
    path = _source(spec, rest) if spec else None
    if path is None:
        return False
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(statement.name == attribute for statement in _classes(tree.body))


def _source(spec: ModuleSpec, rest: Sequence[str]) -> Path | None:
    """Return the file of a module below a top-level one, found without importing any."""
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *rest)
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                return path
    return None


def _classes(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef]:
    """Yield the classes of a module's body; what depends on other packages stands in an if."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement
        elif isinstance(statement, ast.If | ast.Try):
            yield from _classes([*statement.body, *statement.orelse])


def _origin(top: str) -> tuple[str, str]:
    """Return the name and version under which a package is installed, else its own name."""
    for distribution in _distributions().get(top, ()):
        return distribution, version(distribution)
    return top, ""


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    return packages_distributions()

"""Which column of a file goes to which input of a model, where their names differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.coercion import shown
from core.errors import InvalidInput
from core.schema import Schema

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """The column that each input takes, by the input's name; others go by their own names.

    A column that is taken is called like its input from then on. One that had that name already,
    and is taken by none, steps aside as `<name>_given`.
    """

    taken: Mapping[str, str] = field(default_factory=dict)

    def renamed(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Return what each column of a file is called; raises InvalidInput for one it lacks."""
        if not self.taken:
            return tuple(headers)
        for name, header in self.taken.items():
            if header not in headers:
                raise InvalidInput(
                    f"columns: {name} takes the column {shown(header)}, and there is none of that "
                    f"name; there are {_listed(headers)}."
                )
        return self._names(headers)

    def renamed_record(self, record: object) -> object:
        """Return a record by the names of the inputs; what is no object stays as it is."""
        if not self.taken or not isinstance(record, dict):
            return record
        return dict(zip(self._names(list(record)), record.values(), strict=True))

    def _names(self, headers: Sequence[str]) -> tuple[str, ...]:
        inputs = {header: name for name, header in self.taken.items()}
        used = {*headers, *self.taken}
        names = []
        for header in headers:
            name = inputs.get(header, header)
            if header not in inputs and header in self.taken:
                name = free_name(f"{header}_given", used)
                used.add(name)
            names.append(name)
        return tuple(names)


AS_NAMED = ColumnMap()


def read_columns(schema: Schema, option: object) -> ColumnMap:
    """Return the option `columns`, `{input: column}`; raises InvalidInput that says what is wrong.

    An input whose column is null or empty goes by its own name.
    """
    if option is None:
        return AS_NAMED
    if not isinstance(option, Mapping):
        raise InvalidInput('columns must be an object such as {"age": "Age in years"}.')
    taken: dict[str, str] = {}
    for name, header in option.items():
        if name not in schema.names:
            known = _listed(schema.names)
            raise InvalidInput(f"columns: the model has no input {shown(name)}; it has {known}.")
        if header is None or header == "":
            continue
        if not isinstance(header, str):
            raise InvalidInput(f"columns: the column of {name} must be a text.")
        taken[name] = header.strip()
    _refuse_shared(taken)
    return ColumnMap(taken)


def free_name(name: str, used: Iterable[str]) -> str:
    """Return a name that is not among those used: this one, or one that begins with it."""
    while name in used:
        name += "_"
    return name


def _refuse_shared(taken: Mapping[str, str]) -> None:
    by_header: dict[str, str] = {}
    for name, header in taken.items():
        other = by_header.setdefault(header, name)
        if other != name:
            raise InvalidInput(
                f"columns: {other} and {name} take the same column {shown(header)}; copy it in the "
                "file if both are meant."
            )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")

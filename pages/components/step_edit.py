"""The dialog in which a preprocessing step is written, and shows at once what it does."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.preparation.step import RawField, Step
from core.schema import DataType
from core.services.model_views import VersionView
from core.services.preprocessing import Trial, TriedRow
from core.services.step_fields import Record
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, said
from pages.components.tables import height_of
from pages.components.text import listed
from pages.components.uploads import received

MOST_SAMPLE_BYTES = 16 << 20
_SHOWN_ROWS = 5
_MOST_NAMED = 40
_TYPE_WIDTH = 125  # pixels: its longest word, in the language that needs most
_START = "SELECT *\nFROM input"
_OWN = "own"
_ARROW = "→ "


@dialog(N_("Preprocessing in SQL"), width="large")
def edit(view: VersionView, step: Step | None) -> None:
    """Write a version's step, beginning with one that there is, or with none."""
    st.markdown(
        _(
            "One query over the table `input`, whose rows are the records that callers send. Name "
            "each column that it makes after an input of the model, with AS."
        )
    )
    sql = st.text_area(
        _("Query"),
        step.sql if step else _START,
        key="models_step_sql",
        height=180,
        help=_("Ctrl+Enter tries it."),
    )
    inputs = [field.name for field in view.info.model_inputs]
    st.markdown(_("The model takes: {fields}", fields=named(inputs)))
    with showing_errors():
        records, source = _draw_sample(view)
        fields = _draw_fields(view, step, sql, records, source)
        tried = Step(sql, fields)
        trial = session.platform().preprocessing.try_out(
            session.require_caller(),
            view.model.id,
            tried,
            records=[_named(record, fields) for record in records[:_SHOWN_ROWS]],
            version=view.number,
        )
        _draw_trial(trial)
        _draw_save(view, tried)


def named(names: Sequence[str]) -> str:
    """Return names as code in Markdown, the first of many."""
    first = listed("`" + name.replace("`", "'") + "`" for name in names[:_MOST_NAMED])
    return first + (" …" if len(names) > _MOST_NAMED else "")


def _draw_sample(view: VersionView) -> tuple[list[dict[str, object]], str]:
    """Return the rows of a sample, and a text that tells apart where they come from."""
    file = st.file_uploader(
        _("A sample of what callers send"),
        type=["csv"],
        key="models_step_sample",
        help=_(
            "A CSV with a header row. It tells the types of the fields, and the query is tried on "
            "its rows."
        ),
    )
    if file is None:
        return [], ""
    with received(file, MOST_SAMPLE_BYTES) as staged:
        caller = session.require_caller()
        records = session.platform().preprocessing.read_sample(caller, view.model.id, staged)
    return records, file.file_id


def _draw_fields(
    view: VersionView, step: Step | None, sql: str, records: Sequence[Record], source: str
) -> tuple[RawField, ...]:
    """Let the fields that callers send be declared; what the query needs is there already."""
    needed = session.platform().preprocessing.needs(
        session.require_caller(), view.model.id, sql, records=records, version=view.number
    )
    known = {field.name: field for field in step.fields} if step and not records else {}
    begun = [known.get(field.name, field) for field in needed]
    st.markdown(_("**Fields that callers send**"))
    table = st.data_editor(
        pd.DataFrame([_row(field) for field in begun], columns=list(_COLUMNS.values())).rename(
            columns={name: _(name) for name in _COLUMNS.values()}
        ),
        key=f"models_step_fields {sorted(field.name for field in begun)} {source}",
        hide_index=True,
        height=height_of(len(begun)),
        num_rows="fixed",
        placeholder="",
        disabled=[_("Name")],
        column_config=_columns(),
    )
    return tuple(_field(row) for row in table.to_dict("records"))


_COLUMNS = {
    "name": N_("Name"),
    "type": N_("Type"),
    "low": N_("From"),
    "high": N_("To"),
    "categories": N_("Categories"),
    "nullable": N_("May be missing"),
    "example": N_("Example"),
    "unit": N_("Unit"),
}


def _columns() -> dict[str, ColumnConfig]:
    config = st.column_config
    return {
        _("Name"): config.TextColumn(pinned=True),
        _("Type"): config.SelectboxColumn(
            options=[_OWN, *map(str, DataType)],
            format_func=_type_in_words,
            required=True,
            width=_TYPE_WIDTH,
            help=_("As the model: the model's own input of that name, with its range"),
        ),
        _("From"): config.NumberColumn(help=_("The least value that is allowed")),
        _("To"): config.NumberColumn(help=_("The greatest value that is allowed")),
        _("Categories"): config.ListColumn(help=_("The only values that are allowed")),
        _("May be missing"): config.CheckboxColumn(),
        _("Example"): config.TextColumn(help=_("What the form begins with")),
    }


def _type_in_words(type_: object) -> str:
    return _("as the model") if type_ == _OWN else said(str(type_))


def _row(field: RawField) -> dict[str, object]:
    return {
        "Name": field.name,
        "Type": str(field.type or _OWN),
        "From": field.low,
        "To": field.high,
        "Categories": list(field.categories),
        "May be missing": field.nullable,
        "Example": field.example,
        "Unit": field.unit,
    }


def _field(row: Mapping[Hashable, Any]) -> RawField:
    name, type_ = str(row[_("Name")]), str(row[_("Type")])
    if type_ == _OWN:
        return RawField(name)
    categories = row[_("Categories")]
    return RawField(
        name,
        DataType(type_),
        unit=_text(row[_("Unit")]),
        low=_number(row[_("From")]),
        high=_number(row[_("To")]),
        categories=tuple(map(str, categories)) if isinstance(categories, Iterable) else (),
        nullable=row[_("May be missing")] is True,
        example=_text(row[_("Example")]),
    )


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float) and not pd.isna(cell) else None


def _named(record: Record, fields: Sequence[RawField]) -> dict[str, object]:
    """Return of a record what are fields; whatever else a sample holds is not sent."""
    names = {field.name for field in fields}
    return {name: value for name, value in record.items() if name in names}


def _draw_trial(trial: Trial) -> None:
    st.markdown(_("**What it does**"))
    table = pd.DataFrame([_shown(row) for row in trial.rows])
    if _("Error") in table:
        table[_("Error")] = table[_("Error")].fillna("")
    st.dataframe(table, hide_index=True, key="models_step_trial")
    st.caption(
        _(
            "Columns with an arrow are what the model gets, and its answer. Without a sample the "
            "values are made up."
        )
    )
    if trial.made.unused:
        st.caption(
            _("No inputs of the model, so left out: {fields}", fields=named(trial.made.unused))
        )


def _shown(row: TriedRow) -> dict[str, object]:
    after = {f"{_ARROW}{name}": value for name, value in {**row.after, **row.output}.items()}
    return {**row.before, **after, **({_("Error"): said(row.error)} if row.error else {})}


def _draw_save(view: VersionView, step: Step) -> None:
    note = st.text_input(
        _("What has changed"),
        key="models_step_note",
        placeholder=_("For the history; may be empty"),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Save"), key="models_step_save", type="primary"):
            _save(view, step, note, as_new=False)
        if st.button(
            _("Save as a new version"),
            key="models_step_save_new",
            help=_(
                "The same file with this query. Services stay as they are until you switch them."
            ),
        ):
            _save(view, step, note, as_new=True)


def _save(view: VersionView, step: Step, note: str, *, as_new: bool) -> None:
    saved = session.platform().revisions.set_step(
        session.require_caller(),
        view.model.id,
        step,
        version=view.number,
        note=note,
        as_new=as_new,
    )
    say_saved(saved, as_new=as_new)
    st.rerun()


def say_saved(saved: VersionView, *, as_new: bool) -> None:
    """Say on the next run what was saved; a new version is what is looked at then."""
    if as_new:
        st.query_params["version"] = str(saved.number)
        session.say(_("Version {number} is made.", number=saved.number))
    else:
        session.say(_("Revision {revision} is saved.", revision=saved.revision))

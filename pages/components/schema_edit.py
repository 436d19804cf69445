"""The dialog in which people add to a schema what the file leaves out, and its earlier states."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.runtimes.edits import FieldEdit, SchemaEdits, edited_field, hull, nameable_classes
from core.schema import Field
from core.services.model_views import VersionView
from core.services.schema_samples import sample_columns
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog
from pages.components.tables import height_of
from pages.components.text import short
from pages.components.uploads import received

MOST_SAMPLE_BYTES = 64 << 20
PARTS = {
    N_("Names"): ("name",),
    N_("Ranges"): ("low", "high"),
    N_("Categories"): ("categories",),
    N_("Start values"): ("default",),
}
_TEXTS = {
    N_("Name"): "name",
    N_("Label"): "label",
    N_("Unit"): "unit",
    N_("Description"): "description",
}


@dialog(N_("Edit inputs and outputs"), width="large")
def edit(view: VersionView) -> None:
    """Change what people add to a version's schema, by hand or from a sample of the data."""
    st.caption(
        _(
            "What you add lies over what the file says, which never changes. Calls go by it at "
            "once: programs must then use the new names."
        )
    )
    edits, source = _draw_sample(view)
    with st.form("models_schema_form", border=False):
        table = st.data_editor(
            table_of_inputs(view, edits),
            key=f"models_schema_inputs{source}",
            hide_index=True,
            height=height_of(len(view.declared.inputs)),
            placeholder="",
            disabled=[_("In the file")],
            column_config=_columns(),
        )
        classes = _draw_classes(view)
        note = st.text_input(
            _("What has changed"),
            key="models_schema_note",
            placeholder=_("For the history; may be empty"),
        )
        if not st.form_submit_button(_("Save"), key="models_schema_save", type="primary"):
            return
    with showing_errors():
        _save(view, replace(view.edits, inputs=edits_of(table), classes=classes), note)


def _save(view: VersionView, edits: SchemaEdits, note: str) -> None:
    saved = session.platform().revisions.save(
        session.require_caller(), view.model.id, edits, version=view.number, note=note
    )
    session.say(_("Revision {revision} is saved.", revision=saved.revision))
    st.rerun()


def _draw_sample(view: VersionView) -> tuple[SchemaEdits, str]:
    """Return the edits to begin with, and a text that tells apart where they come from."""
    file = st.file_uploader(
        _("Fill in from a sample of the data"),
        type=["csv"],
        key="models_schema_sample",
        help=_(
            "A CSV with a header row and a column for each input, in their order or by their name"
        ),
    )
    edits, source = view.edits, ""
    if file is None:
        return edits, source
    with showing_errors(), received(file, MOST_SAMPLE_BYTES) as staged:
        left_out, parts = _draw_choices(sample_columns(staged.path))
        suggested = session.platform().revisions.suggest(
            session.require_caller(),
            view.model.id,
            staged,
            version=view.number,
            left_out=tuple(left_out),
        )
        edits = merged(view.edits, suggested, parts)
        source = f" {file.file_id} {left_out} {parts}"
    return edits, source


def _draw_choices(columns: Sequence[str]) -> tuple[list[str], list[str]]:
    left_out = st.multiselect(
        _("Columns that are no inputs, such as the target"),
        columns,
        key="models_schema_left_out",
        placeholder=_("Choose columns"),
    )
    parts = st.pills(
        _("Take over"),
        list(PARTS),
        selection_mode="multi",
        default=[part for part in PARTS if part != "Ranges"],
        format_func=_,
        key="models_schema_parts",
        help=_("With ranges, values beyond those of the sample will be refused."),
    )
    return left_out, parts


def merged(edits: SchemaEdits, suggested: SchemaEdits, parts: Collection[str]) -> SchemaEdits:
    """Return edits with those parts of what was suggested that a person wants."""
    names = [name for part, names in PARTS.items() if part in parts for name in names]
    before = edits.inputs or (FieldEdit(),) * len(suggested.inputs)
    inputs = tuple(
        replace(edit, **{name: getattr(new, name) for name in names if getattr(new, name)})
        for edit, new in zip(before, suggested.inputs, strict=True)
    )
    return replace(edits, inputs=inputs)


def _draw_classes(view: VersionView) -> tuple[str, ...]:
    codes = nameable_classes(view.declared)
    if not codes:
        return ()
    text = st.text_area(
        _("Names of the {count} classes, one a line", count=len(codes)),
        "\n".join(view.edits.classes or codes),
        key="models_schema_classes",
        height=min(400, 40 + 25 * len(codes)),
        help=_(
            "In the order {codes}, as the file numbers them", codes=short(", ".join(codes), 200)
        ),
    )
    return tuple(text.strip().splitlines())


def _columns() -> dict[str, ColumnConfig]:
    numbers = st.column_config.NumberColumn
    return {
        _("In the file"): st.column_config.TextColumn(pinned=True, help=_("The field's own name")),
        _("From"): numbers(help=_("The least value that is allowed")),
        _("To"): numbers(help=_("The greatest value that is allowed")),
        _("Categories"): st.column_config.ListColumn(help=_("The only values that are allowed")),
        _("Start value"): st.column_config.TextColumn(help=_("What the form begins with")),
    }


def table_of_inputs(view: VersionView, edits: SchemaEdits) -> pd.DataFrame:
    """Return the inputs of a version with edits laid over them, one row each, to be edited."""
    added = edits.inputs or (FieldEdit(),) * len(view.declared.inputs)
    rows = [
        _row(field, edited_field(field, edit))
        for field, edit in zip(view.declared.inputs, added, strict=True)
    ]
    return pd.DataFrame(rows).astype({_("From"): "float64", _("To"): "float64"})


def _row(said: Field, now: Field) -> dict[str, object]:
    low, high = hull(now.intervals)
    texts = {column: getattr(now, name) for column, name in _TEXTS.items()}
    return {
        _("In the file"): said.name,
        **{_(column): text for column, text in texts.items()},
        _("From"): low,
        _("To"): high,
        _("Categories"): list(now.categories),
        _("Start value"): now.default or "",
    }


def edits_of(table: pd.DataFrame) -> tuple[FieldEdit, ...]:
    """Return the edits that a table of inputs says, as a person left it."""
    return tuple(map(_edit, table.to_dict("records")))


def _edit(row: Mapping[Hashable, Any]) -> FieldEdit:
    texts = {name: _text(row[_(column)]) for column, name in _TEXTS.items()}
    categories = row[_("Categories")]
    return FieldEdit(
        name=texts["name"],
        label=texts["label"],
        unit=texts["unit"],
        description=texts["description"],
        low=_number(row[_("From")]),
        high=_number(row[_("To")]),
        categories=tuple(map(str, categories)) if isinstance(categories, Iterable) else (),
        default=_text(row[_("Start value")]),
    )


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def _number(cell: object) -> float | None:
    return float(cell) if isinstance(cell, int | float) and not pd.isna(cell) else None

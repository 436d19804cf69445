"""A file on trial: what it is, which column goes where, its first rows, then all of it."""

import json
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import Problem
from core.inputs.recognition import recognise
from core.inputs.tabular import COLUMNS, TABLE_KINDS
from core.runtimes.base import ERROR_COLUMN, PREDICTION
from core.services.accounts import Caller
from core.services.predictions import Answer
from core.services.previews import PREVIEW_ROWS, Preview
from pages.components import links, results, session, snippets
from pages.components.clients import curl
from pages.components.column_mapper import draw_mapper
from pages.components.errors import draw_problems, showing_errors
from pages.components.language import N_, _, named_by, plural, said
from pages.components.tables import height_of
from pages.components.text import listed, plain, size
from pages.components.trial_choice import Target
from pages.components.uploads import received

_HELP = N_(
    "CSV, Excel or Parquet with a header that names the fields, JSON records, text with one record "
    "a line, a picture, an MP4 video, or a zip of any of these."
)
_WORDS = {
    "csv": "CSV",
    "txt": N_("text, a record a line"),
    "json": N_("JSON records"),
    "jsonl": N_("JSON lines"),
    "parquet": "Parquet",
    "xlsx": "Excel",
    "jpg": N_("a picture"),
    "mp4": N_("a video"),
    "zip": N_("a zip"),
}
# What files are found to have, as the services name it.
_FOUND = (
    *(N_("encoding"), N_("delimiter"), N_("sheet"), N_("sheets")),
    *(N_("row groups"), N_("members"), N_("unpacked")),
    *(N_("frames"), N_("taken a second"), N_("length")),
)
_ENCODINGS = ("utf-8", "gb18030", "utf-16", "cp1252", "latin-1", "shift_jis", "big5")
_DELIMITERS = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar")}
_SPACE = N_("space")  # found in files, but not offered
_MOST_FPS = 60.0

Options = dict[str, object]


def draw(caller: Caller, target: Target) -> None:
    """Draw the choice of a file and, once there is one, all that is to know before it is scored."""
    st.markdown(
        _(
            "Score a whole file in the background. You see its first {rows} rows tried out before; "
            "the result keeps every column and adds the predictions.",
            rows=PREVIEW_ROWS,
        )
    )
    upload = st.file_uploader(_("File"), key="predict_file_upload", help=_(_HELP))
    if upload is None:
        _draw_http(target)
        return
    with showing_errors():
        _draw_upload(caller, target, upload)


def _draw_http(target: Target) -> None:
    """Draw how a file that is too large for here is sent from disk."""
    most = size(st.get_option("server.maxUploadSize") << 20)
    if target.service is None:
        st.caption(
            _(
                "Up to {most} here. Once the model is deployed, its service takes larger files "
                "over HTTP.",
                most=most,
            )
        )
        return
    st.caption(_("Up to {most} here; larger files go over HTTP.", most=most))
    with st.expander(_("Send it over HTTP"), icon=":material/terminal:"):
        fields = {
            "modelname": target.view.model.name,
            "owner": target.view.model.owner,
            "deployment": target.service.name,
        }
        url = f"{snippets.origin()}/api/deployment/submit"
        st.code(curl.upload_call(url, fields), language="bash", wrap_lines=True)
        st.caption(_("What the file is, is told by its content. The answer is the task's id."))


def _draw_upload(caller: Caller, target: Target, upload: UploadedFile) -> None:
    options = _draw_options(_kind(upload), upload)
    seen = _look(caller, target, upload, options, "first")
    _draw_facts(seen)
    prefix = f"predict_file_{upload.file_id}_{hash(seen.headers)}"
    columns = draw_mapper(target.info.input_schema, seen, prefix)
    if columns != seen.columns:
        options = {**options, COLUMNS: columns}
        seen = _look(caller, target, upload, options, "second")
    _draw_trial(target, seen)
    asked = st.button(
        _("Score all rows"),
        key="predict_file_submit",
        type="primary",
        icon=":material/start:",
        disabled=not seen.can_run,
    )
    if asked:
        _submit(caller, target, upload, seen, options)


def _kind(upload: UploadedFile) -> str:
    def find() -> str:
        with received(upload, session.platform().settings.max_input_bytes) as staged:
            return recognise(staged.path, staged.name)

    return session.made_once("file_kind", upload.file_id, find)


def _look(
    caller: Caller, target: Target, upload: UploadedFile, options: Options, name: str
) -> Preview:
    def look() -> Preview:
        with received(upload, session.platform().settings.max_input_bytes) as staged:
            return session.platform().previews.look(
                caller, target.view, staged.path, staged.name, options=options
            )

    told = json.dumps(options, sort_keys=True)
    key = (upload.file_id, target.view.id, target.view.revision, told)
    return session.made_once(f"file_{name}_look", key, look)


def _submit(
    caller: Caller, target: Target, upload: UploadedFile, seen: Preview, options: Options
) -> None:
    platform = session.platform()
    told = {name: value for name, value in options.items() if name != COLUMNS}
    if seen.columns:
        told[COLUMNS] = seen.columns
        platform.column_maps.remember(caller, target.view.model.id, seen.headers, seen.columns)
    with received(upload, platform.settings.max_input_bytes) as staged:
        task = platform.jobs.submit(
            caller,
            target.view,
            staged,
            kind=seen.kind,
            deployment=target.service,
            options=told,
        )
    st.switch_page(links.TASKS, query_params={"task": task.id})


# --- what it is ------------------------------------------------------------------------------


def _draw_facts(seen: Preview) -> None:
    about = _("1 row") if seen.rows == 1 else _("about {rows:,} rows", rows=seen.rows)
    found = [
        _("{name} {value}", name=_(name), value=_told(name, value))
        for name, value in seen.found.items()
        if name != "rows"
    ]
    st.markdown(plain(" · ".join([_(_WORDS[seen.kind]), *found, about])))


def _told(name: str, value: str) -> str:
    return _(value) if name == "delimiter" else value


def _draw_options(kind: str, upload: UploadedFile) -> Options:
    """Draw what may be said about a file of this kind; return what was said."""
    known = TABLE_KINDS[kind].options
    options: Options = {}
    with st.expander(_("How the file is read"), icon=":material/tune:"):
        if "encoding" in known:
            options["encoding"] = _choice(_("Encoding"), list(_ENCODINGS), "encoding", upload)
        if "delimiter" in known:
            named = named_by(_DELIMITERS)
            options["delimiter"] = _choice(
                _("Delimiter"), list(_DELIMITERS), "delimiter", upload, named
            )
        if "sheet" in known:
            options["sheet"] = st.text_input(
                _("Sheet"),
                key=f"predict_file_sheet_{upload.file_id}",
                placeholder=_("The first"),
            ).strip()
        if "fps" in known:
            options["fps"] = st.number_input(
                _("Frames taken from a video each second"),
                min_value=0.01,
                max_value=_MOST_FPS,
                value=1.0,
                key=f"predict_file_fps_{upload.file_id}",
            )
        if not known:
            st.caption(_("There is nothing to choose for a picture."))
    return {name: value for name, value in options.items() if value}


def _choice(
    label: str,
    choices: list[str],
    name: str,
    upload: UploadedFile,
    named: Callable[[str], str] = str,
) -> str | None:
    return st.selectbox(
        label,
        choices,
        index=None,
        format_func=named,
        placeholder=_("Detected"),
        key=f"predict_file_{name}_{upload.file_id}",
    )


# --- what comes of it ------------------------------------------------------------------------


def _draw_trial(target: Target, seen: Preview) -> None:
    """Draw the first rows with their answers, and what is wrong with them."""
    if not seen.can_run:
        st.error(
            _(
                "No column is chosen for {fields}, which the model needs. Choose above.",
                fields=_named(seen.problems),
            ),
            icon=":material/error:",
        )
        return
    if len(seen.output) == 1 and ERROR_COLUMN not in seen.output[0] and not _shows(seen):
        results.draw_answer(Answer(seen.output[0], seen.latency_ms), target.info, "predict_file")
        return
    st.header(_("First rows, tried out"), anchor=False)
    answers = [_in_words(output) for output in seen.output]
    rows = [{**given, **answer} for given, answer in zip(seen.given, answers, strict=True)]
    table = results.table_of(rows)
    st.dataframe(
        table,
        key="predict_file_table",
        height=height_of(len(table)),
        placeholder="",
        column_order=sorted(table.columns, key=lambda name: name != PREDICTION),
    )
    if seen.problems:
        st.warning(
            plural(
                len({each.row for each in seen.problems}),
                "{count} row of the first {rows} cannot be scored; it keeps its place in the "
                "result, with its error.",
                "{count} rows of the first {rows} cannot be scored; each keeps its place in the "
                "result, with its error.",
                rows=len(rows),
            ),
            icon=":material/warning:",
        )
        draw_problems(seen.problems)
    else:
        st.success(
            plural(
                len(rows), "The first row was scored.", "All of the first {count} rows were scored."
            ),
            icon=":material/check_circle:",
        )


def _in_words(output: results.Record) -> results.Record:
    """Return an answer with its error, if it is one, in the visitor's language."""
    error = output.get(ERROR_COLUMN)
    return {**output, ERROR_COLUMN: said(error)} if isinstance(error, str) else output


def _shows(seen: Preview) -> bool:
    """Return whether the given rows say more than that they are pictures."""
    return seen.kind != "jpg"


def _named(problems: tuple[Problem, ...]) -> str:
    names = [each.field or "" for each in problems]
    named, more = listed(names[:5]), len(names) - 5
    return plain(_("{names} and {more} more", names=named, more=more) if more > 0 else named)

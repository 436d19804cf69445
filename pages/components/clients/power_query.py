"""Calls from Excel and Power BI: a query in the language M.

Source of the quoting: Microsoft's Power Query M language specification, "Lexical structure".
"""

import re

from pages.components.clients.example import INPUT_FILE, Example, Kind, as_json

PLACEHOLDER = "PUT YOUR TOKEN HERE"
_PICTURE = r"C:\Users\you\photo.jpg"
_FOLDER = "C:\\Users\\you\\"
_CONTROL = {"\n": "#(lf)", "\r": "#(cr)", "\t": "#(tab)"}
_HANDLED = "401, 403, 404, 413, 422, 429, 500, 503"  # answers that say what is wrong


def form_call(example: Example) -> str:
    """Return a query of the form contract whose result is a table of one row."""
    steps = [f"    Token = {quoted(example.token or PLACEHOLDER)}"]
    if example.pictures:
        picture = f"File.Contents({quoted(_PICTURE)})"
        steps.append(f"    Picture = Binary.ToText({picture}, BinaryEncoding.Base64)")
    steps += [_body(example), _answer(example)]
    return "let\n" + ",\n".join(steps) + _END


_END = """,
    Output = if Answer[status] = "success"
        then Table.FromRecords({Answer[output]})
        else error Answer[message]
in
    Output"""


def quoted(text: str) -> str:
    """Return a text as a literal of M."""
    escaped = text.replace("#(", "#(#)(").replace('"', '""')
    return '"' + re.sub(r"[\n\r\t]", lambda found: _CONTROL[found[0]], escaped) + '"'


def _body(example: Example) -> str:
    fields = [
        f"        {part.name} = {quoted(part.value)}"
        for part in example.parts
        if part.kind is Kind.TEXT and part.name not in ("input", "filetype")
    ]
    if example.pictures:
        fields.append(f"        filetype = {quoted(_filetype(example))}")
    fields.append(f"        input = {_input(example)}")
    return "    Body = Uri.BuildQueryString([\n" + ",\n".join(fields) + "\n    ])"


def _filetype(example: Example) -> str:
    """Return how pictures are sent: as text, for a query has no other way."""
    if example.is_one_picture:
        return "jpgbase64"
    return as_json(dict.fromkeys(example.pictures, "jpgbase64"))


def _input(example: Example) -> str:
    if example.is_one_picture:
        return "Picture"
    text = quoted(as_json(example.plain_record))
    if example.is_long:
        text = f"Text.FromBinary(File.Contents({quoted(_FOLDER + INPUT_FILE)}))"
    if not example.pictures:
        return text
    record = f"Json.Document({text})"
    for name in example.pictures:
        record = f"Record.AddField({record}, {quoted(name)}, Picture)"
    return f"Text.FromBinary(Json.FromValue({record}))"


def _answer(example: Example) -> str:
    return f"""    Answer = Json.Document(Web.Contents({quoted(example.origin)}, [
        RelativePath = {quoted(example.path.removeprefix("/"))},
        Headers = [
            Authorization = "Bearer " & Token,
            #"Content-Type" = "application/x-www-form-urlencoded"
        ],
        Content = Text.ToBinary(Body),
        ManualStatusHandling = {{{_HANDLED}}}
    ]))"""

"""Models as archives over HTTP: taken from one platform, brought to another."""

from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from core.api import answers
from core.api.forms import Answer, Call, Endpoint, may, upload
from core.api.models import INFO_KEYS, NAMED, named_model, staged_file


def export(call: Call) -> Response:
    """Return a model with all its versions as one archive."""
    model = named_model(call).model
    name = quote(f"{model.name}.slipway.zip", safe="")
    return StreamingResponse(
        call.platform.model_archives.export(call.caller, model.id),
        media_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{model.id}.zip"; '
            f"filename*=UTF-8''{name}"
        },
    )


def import_model(call: Call) -> Answer:
    """Make a model of an archive; each of its files is looked at as any upload is."""
    imported = call.platform.model_archives.import_(
        call.caller,
        staged_file(call),
        name=call.form.find("modelname") or "",
        visibility=call.form.find("visibility") or "private",
    )
    return {**answers.model_info(imported.view), "unchecked": list(imported.unchecked)}


ENDPOINTS = (
    Endpoint("/api/model/export", export, NAMED, media=("application/zip",)),
    Endpoint(
        "/api/model/import",
        import_model,
        (
            upload("file"),
            may("modelname", "the archive's name for it, if it is left out"),
            may("visibility", "private (the default) or team"),
        ),
        adds=(*INFO_KEYS, "unchecked"),
        http=201,
        limit="max_model_bytes",
    ),
)

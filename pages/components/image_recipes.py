"""How pictures become the inputs of a version: shown on the model's page, and changed there."""

from dataclasses import replace

import streamlit as st

from core.errors import InvalidInput
from core.image_recipe import OWN_NUMBERS, Fit, ImageRecipe, Numbers, preset, presets
from core.inputs.class_names import MOST_BYTES, read_class_names
from core.inputs.image_fields import LARGEST_SIDE, Axes, find_axes, guess_recipe
from core.runtimes.edits import nameable_classes
from core.schema import Field
from core.services.accounts import Caller
from core.services.model_views import VersionView
from pages.components import rights, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, named_by, said
from pages.components.text import plain
from pages.components.uploads import received

_FITS = {
    Fit.CROP: N_("Crop: fill the size and cut off what is over"),
    Fit.LETTERBOX: N_("Letterbox: keep all and fill the rest"),
    Fit.STRETCH: N_("Stretch: keep all and change the proportions"),
}


def draw(caller: Caller, view: VersionView) -> None:
    """Draw a line for each input that can be a picture, with a button for those who may edit."""
    found = [(at, field) for at, field in enumerate(view.info.model_inputs) if find_axes(field)]
    if found:
        st.header(_("Images"))
    for position, field in found:
        with st.container(border=True):
            _draw_one(field)
            changeable = rights.may_change(caller, view.model)
            key = f"models_image_{position}"
            if changeable and st.button(_("Edit"), key=key, icon=":material/image:"):
                edit(view, position)
    if found and nameable_classes(view.declared):
        _draw_classes(caller, view)


def _draw_classes(caller: Caller, view: VersionView) -> None:
    codes = nameable_classes(view.declared)
    with st.container(border=True):
        told = (
            N_("The {count:,} classes are named.")
            if view.edits.classes
            else N_("The {count:,} classes are numbered, not named.")
        )
        st.markdown(_(told, count=len(codes)))
        if rights.may_change(caller, view.model) and st.button(
            _("Name them from a file"), key="models_image_classes", icon=":material/label:"
        ):
            name_classes(view)


@dialog(N_("Name the classes"), width="medium")
def name_classes(view: VersionView) -> None:
    """Take the names of the classes from a file; a revision of the schema keeps them."""
    caller = session.require_caller()
    codes = nameable_classes(view.declared)
    with st.form("models_classes_form", border=False):
        file = st.file_uploader(
            _("A file with the names of the {count:,} classes, in their order", count=len(codes)),
            type=["txt", "json"],
            key="models_classes_file",
            help=_("One name a line, or JSON: a list, or an object of numbers and names."),
        )
        if not st.form_submit_button(_("Save"), key="models_classes_submit", type="primary"):
            return
    with showing_errors(), received(file, MOST_BYTES) as staged:
        names = read_class_names(staged.path.read_bytes(), len(codes))
        edits = replace(view.edits, classes=names)
        session.platform().revisions.save(
            caller,
            view.model.id,
            edits,
            version=view.number,
            note=f"Class names from {staged.name}",
        )
        session.say(_("The classes are named."))
        st.rerun()


def _draw_one(field: Field) -> None:
    name = plain(field.name)
    if field.image is None:
        st.markdown(
            _("**{name}** takes numbers alone, though its shape is that of a picture.", name=name)
        )
        return
    st.markdown(
        _(
            "**{name}** takes a JPEG or PNG. It becomes: {image}.",
            name=name,
            image=said(str(field.image)),
        )
    )
    if field.image.guessed:
        st.caption(_("A guess from the file. Check it against how the model was trained."))


@dialog(N_("How a picture becomes this input"), width="medium")
def edit(view: VersionView, position: int) -> None:
    """Change the recipe of one input; calls of the version's services go by it at once."""
    caller = session.require_caller()
    field = view.info.model_inputs[position]
    axes = find_axes(field)
    guess = guess_recipe(field, view.info.function, view.info.details)
    if axes is None or guess is None:
        return
    start = field.image or guess
    takes = st.toggle(
        _("{name} takes pictures", name=plain(field.name)),
        field.image is not None,
        key="models_image_takes",
    )
    with showing_errors():
        recipe = _draw_recipe(axes, start) if takes else None
        if st.button(_("Save"), key="models_image_save", type="primary"):
            session.platform().models.set_image(
                caller, view.model.id, position, recipe, version=view.number
            )
            session.say(_("Saved. Calls go by it from now on."))
            st.rerun()


def _draw_recipe(axes: Axes, start: ImageRecipe) -> ImageRecipe:
    """Draw the widgets of a recipe and return what they hold; raises InvalidInput."""
    size = _draw_size(axes, start)
    recipe = replace(start, width=size[0] if size else None, height=size[1] if size else None)
    recipe = _draw_fit(recipe) if size else replace(recipe, fit=Fit.CROP, shorter=None)
    colours = list(axes.colours)
    colour = st.selectbox(
        _("Channels"),
        colours,
        index=colours.index(start.colour),
        key="models_image_colour",
        help=_("OpenCV and Caffe models mostly take BGR, others RGB."),
    )
    numbers = _draw_numbers(replace(recipe, colour=colour), start)
    return replace(
        recipe,
        colour=colour,
        scale=numbers.scale,
        mean=numbers.mean,
        deviation=numbers.deviation,
    )


def _draw_size(axes: Axes, start: ImageRecipe) -> tuple[int, int] | None:
    if axes.width is not None and axes.height is not None:
        st.caption(
            _(
                "Pictures are brought to {width} x {height} pixels.",
                width=axes.width,
                height=axes.height,
            )
        )
        return axes.width, axes.height
    own = st.toggle(_("Keep the picture's own size"), start.size is None, key="models_image_own")
    if own:
        return None
    left, right = st.columns(2)
    width = left.number_input(
        _("Width"), 1, LARGEST_SIDE, axes.width or start.width or 224, key="models_image_width"
    )
    height = right.number_input(
        _("Height"), 1, LARGEST_SIDE, axes.height or start.height or 224, key="models_image_height"
    )
    return width, height


def _draw_fit(recipe: ImageRecipe) -> ImageRecipe:
    fits = list(_FITS)
    fit = st.selectbox(
        _("Other proportions"),
        fits,
        index=fits.index(recipe.fit),
        format_func=named_by(_FITS),
        key="models_image_fit",
    )
    shorter, fill = None, recipe.fill
    if fit is Fit.CROP:
        shorter = st.number_input(
            _("Shorter side before the crop"),
            max(recipe.size or (1, 1)),
            LARGEST_SIDE,
            recipe.shorter,
            key="models_image_shorter",
            placeholder=_("Left empty, the picture just fills the size"),
            help=_("Many ImageNet models resize to 256 pixels and cut out 224."),
        )
    elif fit is Fit.LETTERBOX:
        fill = st.number_input(
            _("Grey level of the rest"), 0, 255, recipe.fill, key="models_image_fill"
        )
    return replace(recipe, fit=fit, shorter=shorter, fill=fill)


def _draw_numbers(recipe: ImageRecipe, start: ImageRecipe) -> Numbers:
    """Draw the choice of a preset, and for own numbers the three that make it."""
    names = [*presets(recipe.colour), OWN_NUMBERS]
    chosen = st.selectbox(
        _("Numbers"),
        names,
        index=names.index(start.preset),
        format_func=said,
        key="models_image_preset",
    )
    if chosen != OWN_NUMBERS:
        return preset(chosen, recipe.colour)
    st.caption(_("A channel c of 0 to 255 becomes (c x scale - mean) / deviation."))
    return Numbers(
        _draw_list(_("Scale"), (start.scale,), "models_image_scale")[0],
        _draw_list(_("Means, one for each channel"), start.mean, "models_image_mean"),
        _draw_list(_("Deviations"), start.deviation, "models_image_deviation"),
    )


def _draw_list(label: str, start: tuple[float, ...], key: str) -> tuple[float, ...]:
    text = st.text_input(label, ", ".join(f"{number:.10g}" for number in start), key=key)
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput(
            _("{label}: give numbers with commas between them.", label=label)
        ) from None

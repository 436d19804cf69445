"""What was answered over the time of a video: labels as bars, numbers as a line."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.job_media import Frame, Run, VideoTrack
from core.services.job_views import TaskView
from pages.components import chart_table, charts, session
from pages.components.language import _, plural
from pages.components.text import plain, short

_REMEMBERED_SECONDS = 600


def may_have(task: TaskView) -> bool:
    """Return whether a task may hold videos."""
    return task.kind in ("mp4", "zip") and _track(task.id, "", session.require_caller()) is not None


def draw(caller: Caller, task: TaskView) -> None:
    """Draw the answers over the time of a task's video, or of one of its videos."""
    track = _track(task.id, "", caller)
    if track is not None and len(track.videos) > 1:
        chosen = st.selectbox(_("Video"), track.videos, key="tasks_video", format_func=short)
        track = _track(task.id, chosen, caller)
    if track is not None:
        _draw_track(track)


@st.cache_data(ttl=_REMEMBERED_SECONDS, max_entries=50, show_spinner=False)
def _track(task_id: str, video: str, _caller: Caller) -> VideoTrack | None:
    return session.platform().jobs.video_track(_caller, task_id, video)


def _span(frames: Sequence[Frame]) -> str:
    """Return how many frames there are, and the times that they lie between."""
    if not frames:
        return plural(0, "{count} frame", "{count} frames")
    return plural(
        len(frames),
        "{count} frame, {first:.1f} to {last:.1f} s",
        "{count} frames, {first:.1f} to {last:.1f} s",
        first=frames[0].at,
        last=frames[-1].at,
    )


def _draw_track(track: VideoTrack) -> None:
    frames = track.frames
    st.markdown(_("**{output}** over time", output=plain(short(track.output))))
    st.caption(f"{plain(short(track.video or ''))} {_span(frames)}".strip())
    if track.is_number:
        times, values = [each.at for each in frames], [each.value for each in frames]
        numbers = [value if isinstance(value, float | int) else None for value in values]
        figure = charts.draw_values(times, numbers)
        table = pd.DataFrame({_("seconds"): times, _("Value"): numbers})
    else:
        runs = track.runs()
        figure, table = charts.draw_labels(runs), _table_of(runs)
    chart_table.draw(figure, table, "tasks_video_chart", alt=track.output, hide_index=True)


def _table_of(runs: Sequence[Run]) -> pd.DataFrame:
    """Return what was seen from when to when, in seconds."""
    rows = [(run.start, run.end, run.label) for run in runs]
    return pd.DataFrame(rows, columns=[_("From"), _("To"), _("Value")])

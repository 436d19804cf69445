"""Platforms to be looked at: one that is empty, and one with some of everything."""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import jwt

from core.db.tables import utc_now
from core.errors import InvalidModel
from core.files import Staged
from core.platform import Platform
from core.services.accounts import Caller
from core.services.call_records import CallRecord
from core.services.deployment_views import DeploymentView
from core.services.log_rows import Logging
from core.services.model_views import ModelView
from core.services.sign_in_cookie import SECRET, cookie_key
from tests.gallery import files
from tests.shortcuts import quick_platform

PASSWORD = "correct horse"
_HOURS = 24
_CALLS_AN_HOUR = 120
_LONG = "Probability that a customer of the northern region does not renew within the next year"
_CODES = ("invalid_input", "invalid_input", "too_large", "internal_error")


@dataclass
class Stage:
    """What was made: ids by the names that addresses use, and a cookie for each person."""

    ids: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


def set_empty(storage: Path) -> Stage:
    """Make a platform with nothing on it but its admin."""
    stage = Stage()
    with quick_platform(storage) as platform:
        stage.cookies["ann"] = _cookie(platform, platform.accounts.register("Ann", PASSWORD))
    return stage


def set_full(storage: Path) -> Stage:
    """Make a platform with some of everything: see the functions of `_Builder`."""
    with quick_platform(storage) as platform:
        builder = _Builder(platform)
        builder.build()
    for sha256 in builder.lost:
        platform.files.artifact(sha256).unlink()
    return builder.stage


def _cookie(platform: Platform, caller: Caller) -> str:
    """Return the cookie of a new sign-in, as the pages would give it to a browser."""
    sign_in = platform.sign_ins.begin(caller, address="127.0.0.1", agent=_AGENT)
    key = cookie_key(platform.files.secret(SECRET), platform.settings.cookie_days)
    ends = (utc_now() + timedelta(days=7)).timestamp()
    return jwt.encode({"username": sign_in, "exp_date": ends}, key, algorithm="HS256")


class _Builder:
    """Fills one platform; Ann is its admin, Ben an analyst, Vic may only look."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.stage = Stage()
        self.lost: list[str] = []
        accounts = platform.accounts
        self.ann, self.ben, self.vic = (
            accounts.register(name, PASSWORD) for name in ("Ann", "Ben", "Vic")
        )
        self._chance = random.Random(11)

    def build(self) -> None:
        """Make everything, in the order in which a team would."""
        self._settle_people()
        samples = self.platform.samples
        churn = samples.add(self.ann, "subscriptions").model
        machine, bikes, digits = (
            samples.add(self.ann, key).model for key in ("machine", "bikes", "digits")
        )
        self.stage.ids.update(churn=churn.id, machine=machine.id, bikes=bikes.id, digits=digits.id)
        for model in (churn, machine, bikes, digits):
            self.platform.models.update(self.ann, model.id, visibility="team")
        self._add_other_models(churn)
        self._check(churn)
        self._save_case(churn)
        self._serve(churn, machine, bikes)
        self._score(churn, digits)
        self._refuse()

    def _settle_people(self) -> None:
        people, live = self.platform.people, self.platform.live
        people.set_role(self.ann, "Vic", "viewer")
        people.add(self.ann, "Noor", "analyst")
        self.platform.accounts.register("Maximilian von Hohenstein-Wertheim", PASSWORD)
        people.set_active(self.ann, "Maximilian von Hohenstein-Wertheim", False)
        live.set_(self.ann, "registration", "approval")
        self.platform.accounts.register("Zoë", PASSWORD, address="10.0.0.7")
        handed = people.reset_password(self.ann, "Noor").password
        noor = self.platform.accounts.sign_in("Noor", handed)
        vic = self.platform.accounts.sign_in("Vic", PASSWORD)
        everybody = {"ann": self.ann, "ben": self.ben, "vic": vic, "noor": noor}
        self.stage.cookies = {name: _cookie(self.platform, who) for name, who in everybody.items()}
        self.platform.accounts.create_token(self.ann, "nightly scoring", days=90)
        self.platform.accounts.create_token(self.ann, "notebook")

    def _add_other_models(self, churn: ModelView) -> None:
        note = "Taught again with the third quarter."
        second = self._staged(files.other_subscriptions(), "subscriptions-2.skops")
        self.platform.models.add_version(self.ann, churn.id, second, notes=note)
        for key, name, content in (
            ("many", "Line quality", files.many_fields()),
            ("slow", "Sensor neighbours", files.slow()),
            ("long", _LONG, files.many_fields(6)),
        ):
            staged = self._staged(content, f"{key}.skops")
            view = self.platform.models.add(self.ben, name, staged, visibility="team")
            self.stage.ids[key] = view.model.id
        private = self._staged(files.many_fields(6), "draft.skops")
        draft = self.platform.models.add(
            self.ben, "北京客户流失预测", private, visibility="private"
        )
        self.stage.ids["private"] = draft.model.id

    def _check(self, churn: ModelView) -> None:
        for rows in (60, 3):
            staged = self._staged(files.expected(rows), "expected.csv")
            self.platform.matching.check(self.ann, churn.id, 1 if rows == 60 else None, staged)

    def _save_case(self, churn: ModelView) -> None:
        """Save a case with the first version; the newest is asked again when it is opened."""
        record = self.platform.examples.list_(self.ann, churn.id, version=1)[0].record
        save = self.platform.cases.save
        self.stage.ids["case"] = save(self.ann, churn.id, "A loyal one", record, version=1).id

    def _serve(self, churn: ModelView, machine: ModelView, bikes: ModelView) -> None:
        create = self.platform.deployments.create
        production = create(self.ann, churn.id, "production", 1, note="The first for the shop.")
        self.platform.releases.switch(self.ann, production.id, 2, note="Third quarter.")
        amber = create(self.ann, machine.id, "line 4")
        quiet = create(self.ann, bikes.id, "planning")
        paused = create(self.ann, bikes.id, "last year")
        broken = create(self.ben, self.stage.ids["many"], "press shop")
        long = create(self.ben, self.stage.ids["long"], _LONG[:96])
        self._record(production, share=0.004)
        self._record(amber, share=0.08)
        self._record(long, share=0.0)
        self.platform.logs.set_logging(self.ann, production.id, Logging(active=True))
        self._call(production)
        for service in (production, amber, quiet, paused, broken, long):
            self.stage.ids[f"service_{service.name.split()[0].lower()}"] = service.id
        self._paused, self._production = paused, production
        self.lost.append(self.platform.models.get_by_id(self.ben, self.stage.ids["many"]).artifact)

    def _record(self, service: DeploymentView, share: float) -> None:
        """Leave the records of a day of calls, of which a share failed."""
        for call in self._calls(service, share):
            self.platform.calls.record(call)
        self.platform.calls.flush()

    def _calls(self, service: DeploymentView, share: float) -> Iterator[CallRecord]:
        draw, now = self._chance, utc_now()
        for at in range(_HOURS * _CALLS_AN_HOUR):
            moment = now - timedelta(hours=_HOURS) * draw.random() ** 1.3
            code = draw.choice(_CODES) if draw.random() < share else ""
            took = draw.lognormvariate(1.6, 0.5)
            caller = self.ann.id if at % 3 else self.ben.id
            version = 1 if now - moment > timedelta(hours=9) else service.version
            rows = draw.choice((1, 1, 1, 20))
            yield CallRecord(service.id, version, moment, rows, 0, code, took, caller)

    def _call(self, service: DeploymentView) -> None:
        live = self.platform.deployments.live_for(self.ann, service.endpoint)
        sample = self.platform.models.get_by_id(self.ann, service.model_id).info.sample
        for _ in range(5):
            self.platform.predictions.call(self.ann, live, sample)
        self.platform.first_steps.note_test(self.ann, service.model_id)

    def _score(self, churn: ModelView, digits: ModelView) -> None:
        self._submit("done", churn, files.subscribers(4_000), "subscribers-september.csv")
        self._submit("clean", churn, files.subscribers(6), "six.csv")
        self._submit("film", digits, files.film(), "film.mp4", kind="mp4")
        self._submit("archive", digits, self._data("digits"), "digits.zip", kind="zip")
        held = self._submit(
            "held", self._model("bikes"), self._data("bikes"), "days.csv", self._paused
        )
        self.platform.deployments.pause(self.ann, self._paused.id)
        cancelled = self._submit("cancelled", churn, files.subscribers(50), "cancelled.csv")
        self.platform.jobs.cancel(self.ann, cancelled)
        self.platform.runner.run_until_idle()
        assert self.platform.jobs.get(self.ann, held).held
        # The file of this model is lost once the server starts, so the task fails there.
        self._submit("failed", self._model("many"), files.many_rows(), "presses.csv")
        self._submit("running", self._model("slow"), files.slow_rows(), "a-long-night.csv")

    def _submit(
        self,
        key: str,
        model: ModelView,
        content: bytes,
        name: str,
        service: DeploymentView | None = None,
        kind: str = "csv",
    ) -> str:
        staged = self._staged(content, name)
        view = self.platform.models.get_by_id(self.ann, model.id)
        task = self.platform.jobs.submit(self.ann, view, staged, kind=kind, deployment=service)
        self.stage.ids[f"task_{key}"] = task.id
        return task.id

    def _data(self, key: str) -> bytes:
        version = self.platform.models.get_by_id(self.ann, self.stage.ids[key])
        data = self.platform.samples.data(version)
        assert data is not None
        return data.write()

    def _refuse(self) -> None:
        """Let somebody upload what only an admin can let in, so that there is a request."""
        staged = self._staged(files.own_class(), "density.pkl")
        try:
            with self.platform.approvals.asking(self.ben, staged):
                self.platform.models.add(self.ben, "Density", staged)
        except InvalidModel:
            return

    def _model(self, key: str) -> ModelView:
        return self.platform.models.get_by_id(self.ann, self.stage.ids[key]).model

    def _staged(self, content: bytes, name: str) -> Staged:
        return self.platform.files.stage(io.BytesIO(content), name, 1 << 28)


_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"

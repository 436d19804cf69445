"""One platform with a person of each kind, and things of the owner's for them to act on."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from core.db.tables import Approval, new_id, utc_now
from core.files import Staged
from core.platform import Platform
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.job_views import TaskView
from core.services.model_views import ModelView

PASSWORD = "correct horse"
RECORD = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
HOOK = "https://slipway.example/hook"
CSV = ",".join(RECORD) + "\n" + ",".join(map(str, RECORD.values())) + "\n"
EXPECTED = CSV.replace("petal_width", "petal_width,prediction").replace("0.2\n", "0.2,setosa\n")


class Stage:
    """Makes what a test needs, each time afresh, for what one caller did must not help the next.

    The admin is `root`; `owner` owns everything that is made.
    """

    def __init__(self, platform: Platform, iris: Path) -> None:
        self.platform = platform
        self._iris = iris
        self._numbers = itertools.count()
        accounts = platform.accounts
        self.admin = accounts.register("root", PASSWORD)
        self.owner, self.other = (accounts.register(name, PASSWORD) for name in ("owner", "other"))
        platform.people.add(self.admin, "viewer", "viewer")
        self.viewer = self._with_own_password("viewer")
        self.disabled = accounts.register("disabled", PASSWORD)
        self.tokens = {
            name: accounts.create_token(caller, "test").token
            for name, caller in self.callers.items()
        }
        self.tokens["disabled"] = accounts.create_token(self.disabled, "test").token
        self.tokens["expired token"] = self._expired()
        platform.people.set_active(self.admin, "disabled", False)

    @property
    def callers(self) -> dict[str, Caller]:
        """Return who may call, by the column of the tables."""
        return {
            "viewer": self.viewer,
            "another analyst": self.other,
            "owner": self.owner,
            "admin": self.admin,
        }

    def name(self) -> str:
        """Return a name that nothing has."""
        return f"thing {next(self._numbers)}"

    def file(self) -> Path:
        """Return a model's file."""
        return self._iris

    def staged(self, text: str | None = None, name: str = "rows.csv") -> Staged:
        """Return an upload: of a text, or of the model."""
        if text is None:
            with self._iris.open("rb") as source:
                return self.platform.files.stage(source, self._iris.name, 1 << 20)
        path = self._iris.with_name(name)
        path.write_text(text)
        with path.open("rb") as source:
            return self.platform.files.stage(source, name, 1 << 20)

    def model(self, visibility: str = "team", versions: int = 1) -> ModelView:
        """Return a model of the owner."""
        models = self.platform.models
        made = models.add(self.owner, self.name(), self.staged(), visibility=visibility).model
        for _ in range(versions - 1):
            models.add_version(self.owner, made.id, self.staged())
        return made

    def service(self, visibility: str = "team", versions: int = 1) -> DeploymentView:
        """Return a running service of a model of the owner."""
        model = self.model(visibility, versions)
        return self.platform.deployments.create(self.owner, model.id, "live", 1)

    def task(self, visibility: str = "team", *, done: bool = True) -> TaskView:
        """Return a task of the owner."""
        model = self.model(visibility)
        version = self.platform.models.get_by_id(self.owner, model.id)
        task = self.platform.jobs.submit(self.owner, version, self.staged(CSV), kind="csv")
        if done:
            self.platform.runner.run_until_idle()
        return task

    def case(self, visibility: str = "team") -> str:
        """Return the id of a case that the owner saved."""
        model = self.model(visibility)
        return self.platform.cases.save(self.owner, model.id, self.name(), RECORD).id

    def account(self, *, pending: bool = False, active: bool = True) -> str:
        """Return the name of an account that may come to harm."""
        name = self.name()
        if pending:
            self.platform.live.set_(self.admin, "registration", "approval")
            self.platform.accounts.register(name, PASSWORD, address=name)
            self.platform.live.set_(self.admin, "registration", "open")
            return name
        self.platform.people.add(self.admin, name, "analyst")
        if not active:
            self.platform.people.set_active(self.admin, name, False)
        return name

    def approval(self, state: str = "pending") -> str:
        """Return the id of a request to admit the types of a file."""
        row = Approval(
            id=new_id(),
            sha256=new_id(),
            file_name="a.skops",
            types="[]",
            state=state,
            asked=utc_now(),
            asked_by_id=self.owner.id,
            asked_by="owner",
            decided=None,
            decided_by="",
        )
        with self.platform.accounts._database.writing() as session:
            session.add(row)
        return row.id

    def _with_own_password(self, name: str) -> Caller:
        handed = self.platform.people.reset_password(self.admin, name).password
        caller = self.platform.accounts.sign_in(name, handed)
        self.platform.accounts.change_password(caller, handed, PASSWORD)
        return caller

    def _expired(self) -> str:
        accounts = self.platform.accounts
        accounts._now = lambda: utc_now() - timedelta(days=2)
        try:
            return accounts.create_token(self.owner, "old", days=1).token
        finally:
            accounts._now = utc_now


@dataclass(frozen=True)
class Table:
    """A table of docs/security.md: its columns after the first, and the cells by row."""

    columns: tuple[str, ...]
    rows: dict[str, tuple[str, ...]]


def read_table(text: str, heading: str) -> Table:
    """Return the table under a heading."""
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip().strip("|").split("|") for line in section.splitlines() if "|" in line]
    cells = [[cell.strip().strip("`") for cell in line] for line in lines]
    head, _, *body = cells
    return Table(tuple(head[1:]), {line[0]: tuple(line[1:]) for line in body})

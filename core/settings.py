"""The settings of one platform: the only place that reads the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an operator may change, each by an environment variable `SLIPWAY_<NAME>`.

    Sizes are in bytes, times in seconds unless the name says otherwise.
    """

    model_config = SettingsConfigDict(env_prefix="SLIPWAY_", frozen=True)

    storage: Path = Field(
        default=_PROJECT / "storage", description="The folder that holds all data."
    )
    cookie_days: float = Field(
        default=14, gt=0, description="How many days a sign-in lasts in one browser."
    )
    registration: Literal["open", "approval", "closed"] = Field(
        default="open",
        description="Who may make an account: anybody (open), anybody whom an admin approves "
        "(approval), or nobody (closed).",
    )
    registration_role: Literal["viewer", "analyst"] = Field(
        default="analyst", description="The role of a new account."
    )
    max_model_bytes: int = Field(
        default=1 << 30, gt=0, description="The largest model file that is received."
    )
    max_input_bytes: int = Field(
        default=4 << 30, gt=0, description="The largest file that is scored as a task."
    )
    max_call_bytes: int = Field(
        default=64 << 20, gt=0, description="The largest body of a call answered at once."
    )
    inspect_seconds: float = Field(
        default=60, gt=0, description="How long the opening of an uploaded file may take."
    )
    inspect_bytes: int = Field(
        default=4 << 30, gt=0, description="How much memory the opening of a file may take."
    )
    score_seconds: float = Field(
        default=60, gt=0, description="How long one call or one part of a task may take."
    )
    queue_seconds: float = Field(
        default=10, gt=0, description="How long a call may wait for its turn before it is refused."
    )
    service_calls: int = Field(
        default=2, gt=0, description="How many slow calls of one service are scored at once, of 4."
    )
    cached_models: int = Field(
        default=16, gt=0, description="How many loaded models are kept in memory."
    )
    workers: int = Field(
        default=2, gt=0, description="How many parts of tasks are scored at the same time."
    )
    part_rows: int = Field(
        default=50_000, gt=0, description="How many rows make one part of a task."
    )
    call_days: int = Field(
        default=35, gt=0, description="How many days each single call of a service is kept."
    )
    call_history_days: int = Field(
        default=400, gt=0, description="How many days the sums of calls by the hour are kept."
    )
    approvable_packages: str = Field(
        default="",
        description="Packages of your own whose classes an admin may approve, with commas between.",
    )
    keep_results_days: float = Field(
        default=30,
        ge=0,
        description="How many days the files of a task stay after its end; 0 keeps them for good.",
    )
    private_webhooks: bool = Field(
        default=False, description="Whether webhooks may post to addresses inside the network."
    )
    java_heap_mb: int = Field(
        default=1024, gt=0, description="The heap limit of the JVM that scores PMML, in MiB."
    )

    @property
    def own_packages(self) -> frozenset[str]:
        """Return the names of the packages of one's own whose classes an admin may approve."""
        names = (name.strip() for name in self.approvable_packages.split(","))
        return frozenset(name for name in names if name)

    @property
    def database(self) -> Path:
        """Return where the metadata lies."""
        return self.storage / "slipway.duckdb"

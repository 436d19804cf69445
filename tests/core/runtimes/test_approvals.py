"""Types that an admin approves for one file: which may be approved at all, and what they may do."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from scipy import interpolate, stats
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import InvalidModel
from core.runtimes.approvable import judged
from core.runtimes.asked_types import Standing, Trust, TypesRefused
from core.runtimes.base import PREDICTION, ModelInfo
from core.runtimes.scikit import ScikitRuntime
from tests.core.runtimes import hostile
from tests.core.runtimes.hostile import Make
from tests.core.runtimes.opened import open_model
from tests.core.runtimes.test_hostile_files import PICKLES

KDE = "scipy.stats._kde.gaussian_kde"
SPLINE = "scipy.interpolate._fitpack2.InterpolatedUnivariateSpline"
LINE = np.linspace(0, 1, 8)


def pipeline() -> Pipeline:
    """Return a pipeline that keeps a density and a spline beside its steps."""
    fitted = make_pipeline(StandardScaler(), LinearRegression()).fit(LINE[:, None], 2 * LINE)
    fitted.density_ = stats.gaussian_kde(LINE)
    fitted.curve_ = interpolate.InterpolatedUnivariateSpline(LINE, LINE)
    return fitted


@pytest.fixture
def pickled(tmp_path: Path) -> Path:
    path = tmp_path / "line.pkl"
    path.write_bytes(pickle.dumps(pipeline()))
    return path


def asked(path: Path, trust: Trust = Trust()) -> TypesRefused:  # noqa: B008 - it is frozen
    with pytest.raises(TypesRefused) as caught:
        ScikitRuntime(trust=trust).inspect(path, path.with_suffix(".converted"))
    return caught.value


def trusting(*names: str) -> ScikitRuntime:
    return ScikitRuntime(trust=Trust(frozenset(names)))


# --- a file of good will ---------------------------------------------------------------------


@pytest.mark.parametrize("dump", [pickle.dumps, skops.io.dumps], ids=["pickle", "skops"])
def test_a_refusal_lists_every_type_and_says_that_an_admin_may_approve(
    dump: Callable[[object], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "line"
    path.write_bytes(dump(pipeline()))
    refusal = asked(path)
    assert {each.name for each in refusal.asked} == {KDE, SPLINE}
    assert {(each.standing, each.package) for each in refusal.asked} == {
        (Standing.APPROVABLE, "scipy")
    }
    assert "2 types that are not allowed" in refusal.message
    assert "An admin may approve them for this one file." in refusal.message
    assert {problem.value for problem in refusal.details} == {KDE, SPLINE}


def test_with_one_of_two_types_approved_the_other_is_asked_for(pickled: Path) -> None:
    refusal = asked(pickled, Trust(frozenset({KDE})))
    assert [each.name for each in refusal.asked] == [SPLINE]


def test_an_approved_file_scores_and_says_what_was_approved(pickled: Path, tmp_path: Path) -> None:
    opened = open_model(trusting(KDE, SPLINE), pickled, tmp_path)
    assert opened.answer({"x0": 0.25})[PREDICTION] == pytest.approx(0.5)
    assert opened.info.trusted == (SPLINE, KDE)
    assert KDE in opened.info.warnings[0]


def test_the_server_loads_no_more_than_what_was_approved(pickled: Path, tmp_path: Path) -> None:
    converted = tmp_path / "converted"
    info = trusting(KDE, SPLINE).inspect(pickled, converted)
    bare = ModelInfo(info.format, "", "", "", info.inputs, info.outputs)
    with pytest.raises(TypesRefused, match="gaussian_kde"):
        ScikitRuntime().load(converted, bare)


# --- packages --------------------------------------------------------------------------------

PACKAGE = """
from sklearn.base import BaseEstimator, TransformerMixin

class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self
    def transform(self, X):
        return X * 2

def clipped(X):
    return X
"""


@pytest.fixture
def own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of an installed package with a transformer of a team's own."""
    name = "acme_steps"
    folder = tmp_path / "site" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "scaling.py").write_text(PACKAGE)
    (folder / "loud.py").write_text(f"open({str(tmp_path / 'mark')!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return name


def test_a_package_of_ones_own_is_approved_once_it_is_named(
    own_package: str, tmp_path: Path
) -> None:
    scaling = __import__(f"{own_package}.scaling", fromlist=["Doubled"])
    model = make_pipeline(scaling.Doubled(), LinearRegression()).fit(LINE[:, None], LINE)
    path = tmp_path / "own.pkl"
    path.write_bytes(pickle.dumps(model))
    [refused] = asked(path).asked
    assert refused.standing is Standing.NEVER
    assert "none of the packages" in refused.reason
    trust = Trust(packages=frozenset({own_package}))
    [refused] = asked(path, trust).asked
    assert refused.standing is Standing.APPROVABLE
    trust = Trust(frozenset({refused.name}), trust.packages)
    opened = open_model(ScikitRuntime(trust=trust), path, tmp_path)
    assert opened.answer({"x0": 0.25})[PREDICTION] == pytest.approx(0.25)


def test_a_module_that_does_not_define_the_class_is_not_even_imported(
    own_package: str, tmp_path: Path
) -> None:
    found = judged(f"{own_package}.loud.Doubled", frozenset({own_package}))
    assert found.standing is Standing.NEVER
    assert not (tmp_path / "mark").exists()


def test_a_function_of_a_package_is_never_approved(own_package: str) -> None:
    found = judged(f"{own_package}.scaling.clipped", frozenset({own_package}))
    assert found.standing is Standing.NEVER
    assert "no class" in found.reason


def test_a_package_that_is_not_installed_can_be_approved_once_it_is() -> None:
    found = judged("lightgbm.sklearn.LGBMClassifier")
    assert found.standing is Standing.MISSING
    refusal = TypesRefused([found])
    assert refusal.may_be_approved
    assert "once lightgbm is installed here" in refusal.message


# --- never, however asked --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("functools.partial", "part of Python"),
        ("operator.methodcaller", "part of Python"),
        ("builtins.eval", "part of Python"),
        ("os.system", "part of Python"),
        ("posix.system", "part of Python"),
        ("subprocess.Popen", "part of Python"),
        ("__main__.Scaler", "notebook"),
        ("numpy.f2py.run_main", "the tests, the building"),
        ("numpy.f2py.__main__.main", "the tests, the building"),
        ("numpy.testing._private.utils.runstring", "the tests, the building"),
        ("sklearn.externals._packaging.version.Version", "the tests, the building"),
        ("sklearn.utils._mocking.CheckingClassifier", "the tests, the building"),
        ("numpy.save", "no class"),
        ("numpy.memmap", "no class"),
        ("numpy._core.memmap.memmap", "not the class"),
        ("numpy.lib._datasource.DataSource", "not the class"),
        ("sklearn.svm.sys.modules", "no class"),
        ("sklearn.tree._tree.Tree", "no class"),
        ("scipy.io._netcdf.netcdf_file", "thrown away"),
        ("scipy.stats._continuous_distns.norm_gen", "executes text"),
        ("scipy.sparse.linalg._interface.LinearOperator", "a way of its own"),
        ("pandas.HDFStore", "none of the packages"),
        ("", "no name of a class"),
        ("numpy..array", "no name of a class"),
        ("nump\u00e9\x00.x", "no name of a class"),
        ("a." * 200, "great length"),
    ],
)
def test_what_can_run_code_is_never_approved(name: str, reason: str) -> None:
    found = judged(name)
    assert found.standing is Standing.NEVER
    assert reason in found.reason


def test_not_even_a_setting_makes_python_itself_approvable() -> None:
    packages = frozenset({"os", "functools", "builtins", "__main__"})
    for name in ("os.PathLike", "functools.partialmethod", "builtins.object", "__main__.A"):
        assert judged(name, packages).standing is Standing.NEVER


TYPED = {name: make for name, make in PICKLES.items() if not name.startswith(("content", "damag"))}


@pytest.mark.parametrize("name", TYPED)
def test_a_hostile_file_is_refused_though_all_that_it_asks_for_were_approved(
    name: str, tmp_path: Path
) -> None:
    mark, path = tmp_path / "mark", tmp_path / "upload"
    path.write_bytes(TYPED[name](mark))
    trust = Trust()
    with pytest.raises(InvalidModel) as caught:
        ScikitRuntime().inspect(path, tmp_path / "converted")
    if isinstance(caught.value, TypesRefused):
        assert not caught.value.may_be_approved
        names = frozenset(each.name for each in caught.value.asked)
        trust = Trust(names, frozenset(name.partition(".")[0] for name in names))
    with pytest.raises(InvalidModel):
        ScikitRuntime(trust=trust).inspect(path, tmp_path / "converted")
    assert not mark.exists()


def _distribution_that_executes(mark: Path) -> bytes:
    """Return a distribution of SciPy whose state holds text that it would execute."""
    harmful: Any = type(stats.norm)(name="norm")
    harmful._parse_arg_template = hostile.code(mark)
    return pickle.dumps(hostile.with_attribute(harmful))


CALLS: dict[str, Make] = {
    "REDUCE": lambda _: pickle.dumps(hostile.Calls("scipy.stats._kde", "gaussian_kde", [1.0, 2.0])),
    "OBJ": lambda _: b"\x80\x02(cscipy.stats._kde\ngaussian_kde\n](K\x01K\x02eo.",
    "INST": lambda _: b"(](K\x01K\x02eiscipy.stats._kde\ngaussian_kde\n.",
    "copyreg": lambda _: (
        b"\x80\x02ccopyreg\n_reconstructor\ncscipy.stats._kde\ngaussian_kde\nq\x01h\x01]\x87R."
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_approved_class_is_never_called_with_what_the_file_says(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(CALLS[name](tmp_path / "mark"))
    with pytest.raises(InvalidModel, match="calls scipy"):
        trusting(KDE).inspect(path, tmp_path / "converted")


def test_a_class_that_executes_its_state_does_not_get_it(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "upload"
    path.write_bytes(_distribution_that_executes(mark))
    names = {each.name for each in asked(path).asked}
    assert "scipy.stats._continuous_distns.norm_gen" in names
    asked(path, Trust(frozenset(names)))
    assert not mark.exists()
    with pytest.raises(KeyError):
        pickle.loads(path.read_bytes())
    assert mark.exists()


def test_the_methods_of_a_class_are_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(
        b"\x80\x02cscipy.stats._kde\ngaussian_kde\nN}X\x08\x00\x00\x00evaluatecnumpy\nexp\ns\x86b."
    )
    before = stats.gaussian_kde.evaluate
    with pytest.raises(InvalidModel):
        trusting(KDE).inspect(path, tmp_path / "converted")
    assert stats.gaussian_kde.evaluate is before


def test_a_file_that_asks_for_very_many_types_is_refused_for_good(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\x80\x02(" + b"".join(b"clightgbm\nA%d\n" % i for i in range(3000)) + b"t.")
    refusal = asked(path)
    assert len(refusal.asked) <= 100
    assert not refusal.may_be_approved
    assert len(refusal.message) < 1500

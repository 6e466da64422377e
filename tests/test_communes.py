"""Communes: they add up to their département; their draws are those of the national model, whatever the chunks."""

import subprocess
import sys
import zlib
from functools import cache

import dask
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from copkit import paths
from copkit.errors import CopkitError, DataError, TerritoryError
from copkit.models import assumptions, communes, draws
from copkit.models.communes import uncertainty_communes
from copkit.models.levers import FOREST
from copkit.models.panorama import panorama
from copkit.models.uncertainty import uncertainty
from copkit.reference import territories

from .conftest import LONG

QUANTILES = (0.05, 0.5, 0.95)


@pytest.fixture(scope="module")
def whole():
    """The targets of the 34 875 communes."""
    return communes.communes()


@pytest.fixture
def sure_keys(tmp_path):
    """The assumptions of the kit, but keys that do not vary."""
    content = yaml.safe_load(paths.parameters("uncertainty.yml").read_text(encoding="utf-8"))
    content["keys"]["scale"] = 0
    content["unmeasured_share"].update({"low": 0, "high": 0})
    file = tmp_path / "cles_sures.yml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


# ------------------------------------------------------------------ the targets


def test_communes_of_each_departement_add_up_to_it_lever_by_lever(whole, panoramas):
    assert whole.sizes["territory"] == 34_875
    added = whole.target.groupby("departement").sum(min_count=1).to_pandas()
    codes = territories.territories("departement").code
    expected = pd.DataFrame({code: panoramas[code].target.to_pandas() for code in codes}).T
    np.testing.assert_allclose(added, expected.reindex_like(added), rtol=1e-9)  # elsewhere unknown in both, not zero
    assert set(codes) == set(added.index) and set(expected) <= set(added)


def test_share_of_a_lever_of_the_population_is_the_population_and_a_commune_alone_takes_all(whole, panoramas):
    lille, nord = whole.sel(territory="com-59350"), panoramas["dep-59"].target
    people = float(lille.population) / territories.population("dep-59")
    assert float(lille.target.sel(lever="covoiturage") / nord.sel(lever="covoiturage")) == pytest.approx(people)
    effort = float(nord.drop_sel(lever=FOREST).sum())
    assert float(lille.share) == pytest.approx(float(lille.target.drop_sel(lever=FOREST).sum()) / effort)
    assert float(whole.sel(territory="com-75056").share) == 1
    assert (whole.attrs["grade"], whole.attrs["status"]) == ("C", "derive")
    assert "pas un objectif qui lui serait fixé" in whole.attrs["method"]


def test_commune_without_inhabitants_has_nothing_of_what_goes_by_inhabitants_and_is_counted(whole):
    empty = whole.target.sel(territory=whole.population == 0)
    assert whole.attrs["uninhabited"] == 6 == empty.sizes["territory"]
    assert (empty.sel(lever=["covoiturage", "sobriete_isolation_residentiel"]) == 0).all()
    assert (empty.sel(lever=["puits_forestiers", "haies"]) > 0).all()  # its land is there
    assert communes.communes("dep-59").attrs["uninhabited"] == 0


@pytest.mark.parametrize(("within", "count"), [("dep-2A", 124), ("reg-94", 360), ("Corse", 360), ("dep-75", 1)])
def test_communes_of_a_territory_are_the_same_rows(whole, within, count):
    part = communes.communes(within)
    assert part.sizes["territory"] == count
    same = whole.target.sel(territory=part.territory, lever=part.lever)
    np.testing.assert_array_equal(part.target, same)


def test_unknown_lever_of_a_departement_is_unknown_in_its_communes_and_counted(damaged):
    file = damaged.home / "data/clean/allocation.csv"
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table[table.territory != "dep-2A"].to_csv(file, index=False)
    corse = communes.communes("dep-2B")
    unknown = panorama("dep-2B").target.isnull()
    assert unknown.sum() > 0
    assert (corse.missing == int(unknown.sum())).all()
    assert corse.target.isel(lever=unknown.values).isnull().all()
    assert corse.target.isel(lever=~unknown.values).notnull().all()


def test_departement_where_nobody_lives_has_unknown_communes(damaged):
    file = damaged.home / "data/clean/communes.parquet"
    table = pd.read_parquet(file)
    table.loc[table.departement == "dep-2A", "population"] = 0
    table.to_parquet(file)
    corse = communes.communes("reg-94").target
    assert corse.sel(territory=corse.departement == "dep-2A").isnull().all()
    assert corse.sel(territory=corse.departement == "dep-2B").notnull().all()
    found = uncertainty_communes("dep-2A", draws=10, years=[2030]).compute()
    assert found.avoided.isnull().all() and found.probability.isnull().all()


def test_blank_population_is_refused(damaged, says):
    file = damaged.home / "data/clean/communes.parquet"
    table = pd.read_parquet(file)
    table.loc[table.code == "com-01004", "population"] = pd.NA
    table.to_parquet(file)
    with pytest.raises(DataError) as refused:
        communes.communes("dep-01")
    says(refused.value, "communes.parquet", "ligne 4, colonne population : cellule vide. La remplir.")


# ------------------------------------------------------------------ the draws


def test_paris_is_its_departement_draw_for_draw():
    paris = uncertainty_communes("dep-75", draws=300, seed=5).compute().squeeze("territory")
    known = uncertainty("dep-75", draws=300, seed=5, quantiles=QUANTILES).squeeze("territory")
    for name in ("avoided", "mean", "planned", "target", "probability"):
        np.testing.assert_allclose(paris[name], known[name], rtol=1e-12)


@pytest.mark.parametrize(
    ("code", "within"), [("com-59350", "dep-59"), ("com-2A004", "dep-2A"), ("com-97411", "dep-974")]
)
def test_commune_has_the_draws_of_the_national_model_written_for_it(code, within):
    found = uncertainty_communes(within, draws=400, seed=2).compute().sel(territory=code)
    share = float(communes.communes(within).share.sel(territory=code))
    known = assumptions.read()
    model = draws.model_of(panorama(within), known, forest=False)
    scaled = [
        draws.Term(**{name: getattr(term, name) for name in term.__slots__} | {"weight": term.weight * share})
        for term in model.terms
    ]
    stream = ("part du territoire dans son département", "C", code)
    own = draws.Term(
        kind="cle",
        lever="",
        label="",
        law=known.unmeasured_share,
        stream=stream,
        weight=share * model.planned,
        width=1.0,
    )
    values = {"planned": model.planned * share, "target": model.target * share, "terms": (*scaled, own)}
    commune = draws.Model(code=code, name="", missing=0, **values)
    ((_, totals),) = draws.blocks([commune], 400, seed=2)
    np.testing.assert_allclose(found.avoided.sel(year=2030), np.quantile(totals[0], QUANTILES), rtol=1e-10)
    assert float(found["mean"].sel(year=2030)) == pytest.approx(totals.mean(), rel=1e-10)
    assert float(found.probability) == (totals[0] >= commune.target * (1 - 1e-9)).mean()


def test_keys_that_do_not_vary_give_each_commune_the_relative_quantiles_of_its_departement(sure_keys):
    found = uncertainty_communes("reg-94", draws=200, years=[2025, 2030], assumptions=sure_keys).compute()
    known = uncertainty(["dep-2A", "dep-2B"], draws=200, years=[2025, 2030], quantiles=QUANTILES, assumptions=sure_keys)
    expected = known.sel(territory=found.departement.values)
    np.testing.assert_allclose(found.avoided / found.planned, (expected.avoided / expected.planned).values, rtol=1e-12)
    np.testing.assert_array_equal(found.probability, expected.probability)


def test_own_share_makes_a_commune_less_sure_than_its_departement():
    found = uncertainty_communes("dep-59", draws=2_000, years=[2030]).compute()
    nord = uncertainty("dep-59", draws=2_000, years=[2030], quantiles=QUANTILES)
    width, least = ((u.avoided.isel(quantile=-1) - u.avoided.isel(quantile=0)) / u.planned for u in (found, nord))
    assert float(width.min()) > 1.5 * float(least.squeeze())
    np.testing.assert_allclose(found["mean"], found.planned, rtol=0.02)
    assert (found.avoided.diff("quantile") > 0).all()
    assert ((found.probability > 0.4) & (found.probability < 0.6)).all()


@cache
def usual():
    return uncertainty_communes("reg-94", draws=50, seed=1).compute()


@settings(max_examples=8)
@given(chunk=st.integers(1, 400), cells=st.integers(1, 5_000), scheduler=st.sampled_from(["synchronous", "threads"]))
def test_chunks_blocks_and_schedulers_change_nothing(chunk, cells, scheduler):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(communes, "CELLS", cells)
        other = uncertainty_communes("reg-94", draws=50, seed=1, chunk=chunk).compute(scheduler=scheduler)
    assert other.identical(usual())


def test_territory_around_changes_nothing_and_another_seed_does():
    corse, south = (uncertainty_communes(code, draws=50).compute() for code in ("reg-94", "dep-2A"))
    np.testing.assert_allclose(corse.avoided.sel(territory=south.territory), south.avoided, rtol=1e-12)
    assert not np.array_equal(south.avoided, uncertainty_communes("dep-2A", draws=50, seed=1).compute().avoided)


def test_no_two_communes_share_their_draws():
    codes = territories.territories("commune").code
    streams = {zlib.crc32(f"cle:{communes.KEY}:{communes.GRADE}:{code}".encode()) for code in codes}
    assert len(streams) == len(codes)


def test_forest_and_uninhabited_communes():
    without, whole = (uncertainty_communes("dep-55", draws=20, forest=f).compute() for f in (False, True))
    forest = communes.communes("dep-55").target.sel(lever=FOREST)
    np.testing.assert_allclose(whole.target - without.target, forest, atol=1e-9)
    empty = without.population == 0
    assert int(empty.sum()) == 6 == without.attrs["uninhabited"]
    assert (
        without.avoided.sel(territory=empty, year=2030) > 0
    ).all()  # the land of a commune where nobody lives is there
    assert without.probability.notnull().all()


def test_result_is_lazy_chunked_and_says_what_is_random(says):
    within, chunks = ("fr", (1_000,) * 34 + (875,)) if LONG else ("reg-53", (1_000, 202))
    found = uncertainty_communes(within, draws=1_000, chunk=1_000)
    assert dask.is_dask_collection(found.avoided.data)
    assert found.avoided.sizes == {"territory": sum(chunks), "year": 12, "quantile": 3}
    assert found.avoided.data.chunks[0] == chunks
    says(found.attrs["random"], "d'un tirage propre à la commune", "mêmes tirages dans tous les territoires")
    assert (found.attrs["status"], found.attrs["grade"]) == ("hypothese", "C")
    assert found.avoided.attrs["units"] == "ktCO2e/an"


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"draws": 0}, "Nombre de tirages « 0 » refusé."),
        ({"seed": -1}, "Graine « -1 » refusée."),
        ({"years": [2031]}, "Année « 2031 » hors de la trajectoire."),
        ({"quantiles": [2]}, "Quantile « 2 » refusé."),
        ({"chunk": 0}, "Taille de morceau « 0 » refusée. Écrire un nombre de communes, au moins 1."),
    ],
)
def test_argument_out_of_bounds_is_refused(says, argument, message):
    with pytest.raises(CopkitError) as refused:
        uncertainty_communes("dep-2A", **argument)
    says(refused.value, message)


@pytest.mark.parametrize("call", [communes.communes, uncertainty_communes])
def test_commune_or_unknown_territory_is_refused(says, call):
    with pytest.raises(TerritoryError) as refused:
        call("com-59350")
    says(
        refused.value, "« com-59350 » (Lille) : ceci existe pour la France, les régions et les départements seulement."
    )


def test_without_dask_targets_are_there_and_the_draws_say_what_to_install():
    program = (
        "import sys; sys.modules['dask'] = None\n"
        "from copkit.errors import CopkitError\n"
        "from copkit.models.communes import communes, uncertainty_communes\n"
        "print(communes('dep-2A').sizes['territory'])\n"
        "try:\n    uncertainty_communes('dep-2A')\nexcept CopkitError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == ("124\nLe calcul par commune demande un complément. L'installer : pip install 'copkit[cluster]'.\n")

"""Series read again: each trap caught by its named rule, what would change, what is written, how a service is asked."""

import csv
import hashlib
import io
import json
import logging
import os
import re
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit import files, paths
from copkit.commands.cli import main
from copkit.errors import DataError, ParameterError, Problems, ServiceError
from copkit.intake import personal
from copkit.reference import tables, territories
from copkit.refresh import barometer, controls, hub, rules, update
from copkit.refresh.difference import difference
from copkit.refresh.service import Service
from copkit.refresh.settings import Network, settings

SAMPLES = Path(__file__).parents[2] / "shared" / "samples"
TOKEN = "jeton-tres-secret"
AT_ONCE = Network(interval=0, timeout=20, retries=2, backoff=0, longest=0, keep=24)


def hub_file(number, lines, *, unit=None, measure=None, without=""):
    """A file of the hub; lines: code, label, year, value and what splits."""
    one = settings().indicators[number]
    cube = one.measure.partition(".")[0]
    names = [f"{cube}.geocode_region", f"{cube}.libelle_region", f"{cube}.date_mesure.year", one.measure]
    data = []
    for line in lines:
        year = f"{line[2]}-01-01T00:00:00.000" if isinstance(line[2], int) else line[2]
        row = dict(zip([*names, f"{cube}.{one.split}"], [*line[:2], year, *line[3:]], strict=False))
        data.append({name: cell for name, cell in row.items() if not without or not name.endswith(without)})
    found = {
        "cubeName": cube,
        "measureName": measure or one.measure,
        "timeDimension": f"{cube}.date_mesure",
        "data": data,
        "measureMeta": {"unite": unit or one.declared},
    }
    return json.dumps({name: said for name, said in found.items() if name != without}, ensure_ascii=False).encode()


def read_hub(content, number):
    watch = rules.Watch("fichier", Problems())
    return hub.read(content, number, settings(), watch), watch


# ------------------------------------------------------------------ the rules of the hub


@pytest.mark.cases("actualisation", "hub")
def test_each_trap_of_the_hub_is_caught_by_its_rule(case):
    options = {"unit": case.get("unite"), "measure": case.get("mesure"), "without": case.get("sans", "")}
    table, watch = read_hub(hub_file(case["indicateur"], case["lignes"], **options), case["indicateur"])
    if fault := case.get("faute"):
        (said,) = watch.problems.found["fichier"]
        assert said.startswith(fault)
        return
    assert not watch.problems
    found = {f"{row.territory} {row.year}": row.value for row in table.itertuples()}
    assert found == pytest.approx(case["valeurs"])
    assert set(table.status) <= {case.get("statut", "publie")}
    assert watch.done == case.get("regles", {})


def test_every_rule_is_tried_by_a_planted_file(cases):
    told = str(cases("actualisation"))
    elsewhere = {"json_illisible", "reponse_tronquee"}  # below
    assert {rule for rule in (*rules.FAULTS, *rules.DONE, *rules.ABNORMAL) if rule not in told} == elsewhere


@given(st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_refused_whole(share):
    whole = hub_file("826", [["32", "Hauts-de-France", year, 2.5] for year in range(2019, 2025)])
    table, watch = read_hub(whole[: int(share * len(whole))], "826")
    (said,) = watch.problems.found["fichier"]
    assert table.empty and said.startswith("json_illisible : ligne ") and "peut-être coupé" in said


def test_an_answer_as_long_as_what_was_asked_for_is_cut():
    lines = [["32", "Hauts-de-France", 2009, 1]] * settings().hub.rows
    _, watch = read_hub(hub_file("826", lines), "826")
    assert watch.problems.found["fichier"][0].startswith("reponse_tronquee : 5000 lignes, autant que demandé")


# ------------------------------------------------------------------ the barometer


def barometer_file(case=None):
    """A table of the barometer with the series that the kit follows; the figures are invented."""
    headers = ["ID", "Indicateur", "Unité", "Périmètre", "2008", "2023", "2024", "cible_2030"]
    text = io.StringIO()
    writer = csv.DictWriter(text, headers)
    writer.writeheader()
    for key, one in settings().series.items():
        row = {"ID": key if "-" in key else "", "Indicateur": key, "Unité": one.declared, "Périmètre": one.perimeter}
        row |= {"2008": "1", "2023": "61", "2024": "60,2" if one.misleading else "367,5", "cible_2030": "50"}
        if case and key == case.get("serie"):
            row[case["colonne"]] = case["cellule"]
        writer.writerow(row)
    return text.getvalue().encode()


@pytest.mark.cases("actualisation", "barometre")
def test_each_trap_of_the_barometer_is_caught_by_its_rule(case):
    watch = rules.Watch("fichier", Problems())
    table = barometer.of_bytes(barometer_file(case), "table.csv", settings(), watch)
    if fault := case.get("faute"):
        assert any(said.startswith(fault) for said in watch.problems.found["fichier"])
        return
    found = {f"{row.indicator} {row.year}": row.value for row in table.itertuples()}
    assert {name: found[name] for name in case["valeurs"]} == case["valeurs"]
    assert set(table.territory) == {"fr"} and table.year.min() == 2023
    assert {*watch.done} == {*case["regles"]} - {"licence_a_confirmer"}


@given(st.floats(0.3, 0.999))
def test_a_table_of_the_barometer_cut_anywhere_is_refused_or_says_the_same(share):
    whole, watch = barometer_file(), rules.Watch("fichier", Problems())
    table = barometer.of_bytes(whole[: int(share * len(whole))], "table.csv", settings(), watch)
    assert watch.problems or table.equals(barometer.of_bytes(whole, "table.csv", settings(), watch))


def test_a_table_of_the_barometer_without_its_columns_is_refused():
    watch = rules.Watch("fichier", Problems())
    assert barometer.of_bytes(b"Levier,Objectif\nHaies,1\n", "table.csv", settings(), watch).empty
    assert watch.problems.found["fichier"][0].startswith("schema : colonne absente « ID », « Indicateur », « Unité »")
    assert barometer.of_bytes(b"ID,Indicateur,ID,2024\nHaies,1,Haies,2\n", "table.csv", settings(), watch).empty
    assert watch.problems.found["fichier"][1].startswith("schema : colonne en double « ID ».")


# ------------------------------------------------------------------ what would change


@pytest.mark.cases("actualisation", "anormal")
def test_what_would_change_and_what_looks_abnormal(case):
    one = settings().of(case["serie"])

    def rows(values, **columns):
        made = [("reg-32", case["serie"], year, float(value), one.unit, "publie") for year, value in values.items()]
        return pd.DataFrame(made, columns=hub.COLUMNS).assign(**columns)

    stored, read = rows(case["avant"], source="livree"), rows(case["apres"])
    found = difference(stored, read, {case["serie"]: ("livree", "nouvelle")}, settings())
    values = found.values.set_index("year")
    assert values.change.to_dict() == case["change"]
    assert set(values.rule) == ({case["regle"]} if "regle" in case else {""} if len(values) else set())
    assert all(case.get("dit", "") in said.replace("\u202f", " ") for said in values.abnormal)
    after = found.table.set_index("year")
    changed = [year for year, kind in case["change"].items() if kind != "disparu"]
    assert after.value.to_dict() == pytest.approx(
        {year: float(value) for year, value in case["apres"].items()}, abs=1e-6
    )
    assert after.source.to_dict() == {year: "nouvelle" if year in changed else "livree" for year in after.index}


SERIES = st.dictionaries(
    st.tuples(st.sampled_from(["reg-32", "reg-01"]), st.integers(2009, 2030)), st.floats(-1e6, 1e6)
)


@given(SERIES, SERIES)
def test_what_was_written_is_the_reading_and_a_second_one_changes_nothing(before, after):
    name = "chaleur_livree_reseaux"
    stored, read = (
        hub.series([(place, name, year, value, "TWh", "publie") for (place, year), value in found.items()])
        for found in (before, after)
    )
    sources = {name: ("livree", "nouvelle")}
    once = difference(stored.assign(source="livree"), read, sources, settings())
    rows = {(row.territory, row.year): row.value for row in once.table.itertuples()}
    assert rows == pytest.approx(after, abs=settings().rounding, rel=0)
    assert difference(once.table, read, sources, settings()).values.empty


def test_other_sources_and_other_series_are_left_as_they_are():
    stored = tables.read("observed.parquet")
    name = settings().indicators["23"].indicator  # also known by département, from another source
    mine = stored[(stored.indicator == name) & (stored.source == settings().hub.delivered)]
    read = mine.drop(columns="source").assign(value=mine.value + 0.5)
    found = difference(stored, read, {name: (settings().hub.delivered, settings().hub.source)}, settings())
    assert len(found.values) == len(mine) and len(found.table) == len(stored)
    kept = stored.drop(mine.index).reset_index(drop=True)
    assert found.table.iloc[: len(kept)].equals(kept.astype({"year": "int64"}))
    assert set(found.table.source[len(kept) :]) == {settings().hub.source}


def test_control_totals_agree_where_they_exist_and_a_disagreement_is_printed():
    stored = tables.read("observed.parquet")
    found = controls.controls(stored).set_index(["label", "year"])
    points = found.loc[["points de recharge, somme des départements", "points de recharge, somme des régions"]]
    assert set(points.loc[pd.IndexSlice[:, [2023, 2024]], "verdict"]) == {"accord"}  # 2022 is without the overseas
    assert points["sum"].to_list() == points.total.to_list()
    cars = found.loc["voitures électriques de 2019, région par région, et points de départ du simulateur"].loc[2019]
    assert (cars.places, cars.expected, cars.verdict) == (13, 13, "accord")
    energy = found.loc["énergie du tertiaire, somme des régions et France"]
    assert energy.verdict.to_dict() == {
        2017: "accord", 2018: "désaccord", 2019: "désaccord", 2020: "désaccord", 2021: "désaccord", 2022: "incomplet",
        2023: "incomplet",
    }  # fmt: skip
    assert round(100 * energy.gap[2017], 2) == 0.06 and round(100 * energy.gap[2020], 1) == 5.8
    moved = stored.assign(value=stored.value + ((stored.territory == "dep-59") & (stored.unit == "nb")))
    assert "désaccord" in set(controls.controls(moved).set_index("label").loc[points.index[0][0]].verdict)


# ------------------------------------------------------------------ a new version, whole or not at all


def published(number, *, more=()):
    """A file of the hub that says what the kit holds of a series, and more."""
    name, names = settings().indicators[number].indicator, territories.territories("region").set_index("code").name
    rows = tables.read("observed.parquet")
    rows = rows[(rows.indicator == name) & (rows.source == settings().hub.delivered)]
    lines = [[row.territory[4:], names[row.territory], int(row.year), row.value] for row in rows.itertuples()]
    return hub_file(number, [*lines, *more])


@pytest.fixture
def made_hub(damaged, tmp_path):
    """A kit that can be written, and a folder with a small hub: two new years of cars, nothing new of meadows."""
    folder = tmp_path / "hub"
    folder.mkdir()
    more = [["32", "Hauts-de-France", 2026, 3.2], ["44", "Grand Est", 2026, 3.1]]
    (folder / "826.json").write_bytes(published("826", more=more))
    (folder / "356.json").write_bytes(published("356"))
    said = {"generatedAt": "2026-11-01T04:00:00Z", "indicatorIds": ["826", "356"]}
    (folder / "manifest.json").write_text(json.dumps(said))
    return folder


def state(home):
    return {path.relative_to(home): path.read_bytes() for path in sorted((home / "data").rglob("*")) if path.is_file()}


def test_a_small_hub_gives_a_difference_then_nothing(made_hub, damaged):
    before = state(damaged.home)
    found = update.from_folder(made_hub)
    assert found.difference.by_indicator().to_dict("records") == [
        {
            "indicator": "part_electrique_parc_voitures_particulieres", "unit": "%", "added": 2, "changed": 0,
            "gone": 0, "abnormal": 0, "first_year": 2026, "last_year": 2026,
        }
    ]  # fmt: skip
    assert state(damaged.home) == before  # looking writes nothing
    update.write(found)
    row = tables.read("observed.parquet").query(
        "indicator.str.endswith('parc_voitures_particulieres') and year == 2026"
    )
    assert row[["territory", "value", "source"]].values.tolist() == [
        ["reg-32", 3.2, "ecolab_irpe_actualise"],
        ["reg-44", 3.1, "ecolab_irpe_actualise"],
    ]
    again = update.from_folder(made_hub)
    assert again.empty and again.difference.values.empty and not again.new


def test_each_raw_file_keeps_what_it_is_and_no_path(made_hub, damaged):
    update.write(update.from_folder(made_hub))
    folder = damaged.home / "data" / "raw" / "ecolab_irpe_actualise"
    said = json.loads((folder / "826.json.origine.json").read_text(encoding="utf-8"))
    assert said["sha256"] == hashlib.sha256((made_hub / "826.json").read_bytes()).hexdigest()
    assert (folder / "826.json").read_bytes() == (made_hub / "826.json").read_bytes()
    assert said["produit_le"] == "2026-11-01T04:00:00Z" and "à confirmer" in said["licence"] and said["lu_le"]
    assert said["origine"].endswith("mesure parc_vp_e_com.id_826") and said["regles"] == ["licence_a_confirmer"]
    told = "".join(path.read_text(encoding="utf-8") for path in folder.parent.rglob("*.json"))
    assert str(damaged.home) not in told and str(Path.home()) not in told
    record = json.loads((folder.parent / "version.json").read_text(encoding="utf-8"))
    table = damaged.home / "data" / "clean" / "observed.parquet"
    assert record["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest() and record["valeurs"] == {"nouveau": 2}


def test_a_fault_leaves_the_version_as_it_was_and_all_faults_come_at_once(made_hub, damaged):
    before = state(damaged.home)
    whole = (made_hub / "826.json").read_bytes()
    (made_hub / "826.json").write_bytes(whole[: len(whole) // 2])
    (made_hub / "133.json").write_bytes(hub_file("133", [["32", "Gers", 2024, 1, "autre"]]))
    (made_hub / "manifest.json").write_text(json.dumps({"indicatorIds": ["826", "451"]}))
    with pytest.raises(DataError) as refused:
        update.from_folder(made_hub)
    said = str(refused.value)
    assert "hub/826.json : 1 problème\n  • json_illisible : ligne 1" in said and "libelle_et_code" in said
    assert "hub/manifest.json : 1 problème\n  • serie_absente : 451.json est annoncé et absent du dossier." in said
    assert state(damaged.home) == before


def test_what_looks_abnormal_is_written_only_when_it_is_accepted(made_hub, damaged):
    before = state(damaged.home)
    (made_hub / "826.json").write_bytes(published("826", more=[["32", "Hauts-de-France", 2026, 50]]))
    found = update.from_folder(made_hub)
    with pytest.raises(
        DataError, match=r"^1 valeur anormale : rien n'est écrit\. Les vérifier, puis .*--accept-abnormal"
    ):
        update.write(found)
    assert state(damaged.home) == before
    update.write(found, accept_abnormal=True)
    assert update.from_folder(made_hub).empty


def test_a_folder_that_cannot_be_written_leaves_everything(made_hub, damaged):
    found = update.from_folder(made_hub)
    (damaged.home / "data" / "raw").write_text("un fichier à la place du dossier")
    before = state(damaged.home)
    with pytest.raises(DataError, match="écriture impossible"):
        update.write(found)
    assert state(damaged.home) == before


def test_the_version_of_a_user_takes_the_place_of_the_one_of_an_installed_kit(made_hub, damaged, monkeypatch, tmp_path):
    own = tmp_path / "a-moi"
    monkeypatch.setenv("COPKIT_DATA", str(own))
    delivered, count = state(damaged.home), len(tables.read("observed.parquet"))
    update.write(update.from_folder(made_hub))
    assert state(damaged.home) == delivered and len(tables.read("observed.parquet")) == count + 2
    assert paths.clean_data("observed.parquet") == own / "data" / "clean" / "observed.parquet"
    assert paths.clean_data("epci.csv") == damaged.home / "data" / "clean" / "epci.csv"
    assert update.outdated() == ""
    other = damaged.home / "data" / "clean" / "observed.parquet"  # a kit installed since
    pd.read_parquet(other).iloc[1:].to_parquet(other)
    files.reload()
    assert "version faite sur des séries que le kit livre autrement depuis. L'effacer" in update.outdated()
    (own / "data" / "clean" / "observed.parquet").unlink()
    files.reload()
    assert len(tables.read("observed.parquet")) == count - 1


def test_an_installed_kit_writes_where_its_user_can(monkeypatch, tmp_path):
    monkeypatch.delenv("COPKIT_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    installed = Path(paths.__file__).parent / "_files"
    assert paths._own.__wrapped__(str(installed), None) == tmp_path / "copkit"
    assert paths.own() == paths.home()  # a checkout


@pytest.mark.parametrize("folder", ["absent", "vide"])
def test_a_folder_without_anything_to_read_is_refused(tmp_path, folder):
    (tmp_path / "vide").mkdir()
    (tmp_path / "vide" / "note.txt").write_text("rien")
    with pytest.raises(DataError, match={"absent": "dossier absent", "vide": "rien à lire"}[folder]):
        update.from_folder(tmp_path / folder)


def test_a_damaged_file_of_parameters_is_refused(damaged, says):
    damaged.replace("parameters/refresh.yml", "bounds: part}", "bounds: parts}")
    with pytest.raises(ParameterError) as refused:
        settings()
    says(refused.value, "parameters/refresh.yml", "« 23 » : bornes inconnues « parts ». Bornes : nationale, courante")


def test_a_series_in_another_unit_than_the_one_of_the_kit_is_refused(made_hub, damaged, says):
    damaged.replace("parameters/refresh.yml", 'declared: "GWh", unit: "GWh"', 'declared: "GWh", unit: "TWh"')
    files.reload()
    said = "« consommation_energie_tertiaire_non_corrigee » : unité « TWh », alors que la série est en « GWh »."
    assert update.disagreements() == [f"{said} Les accorder."]
    with pytest.raises(DataError) as refused:
        update.from_folder(made_hub)
    says(refused.value, "parameters/refresh.yml : 1 problème", said)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="dossier shared/samples absent : copies du hub non livrées avec le dépôt"
)
def test_the_real_copies_agree_with_the_series_delivered(damaged):
    found = update.from_folder(SAMPLES / "irpe")
    values = found.difference.values
    assert len(found.difference.read) == 43 and found.difference.abnormal.empty
    others = values[values.indicator != "prelevements_eau"]  # its zeros overseas are taken out
    assert others.groupby(["indicator", "change"]).size().to_dict() == {
        ("lineaire_cyclable_par_millier_habitants", "nouveau"): 52
    }
    fired = found.rules.groupby("rule")["count"].sum()
    assert fired[["zero_outre_mer", "serie_cumulee", "origine_etrangere"]].to_list() == [3, 498, 243]
    update.write(found)
    assert update.from_folder(SAMPLES / "irpe").empty


# ------------------------------------------------------------------ a real server on the loopback


class _Script(BaseHTTPRequestHandler):
    """Answers each request with the next one of a script, then with the last."""

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        script = self.server.script
        status, headers, body = script.pop(0) if len(script) > 1 else script[0]
        if callable(body):
            body = body(self)
        if status is None:  # silent until the test ends
            self.server.ended.wait(20)
            return
        self.send_response(status)
        cut = headers.get("Content-Length")
        for name, said in headers.items() | ({} if cut else {"Content-Length": str(len(body))}.items()):
            self.send_header(name, said)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = bool(cut)

    def log_message(self, *_):
        pass


@contextmanager
def serving(*script):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Script)
    server.script, server.asked, server.ended = list(script), [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer(lines=(["32", "Hauts-de-France", 2024, 2.5],), **options):
    """What the interface of the hub answers for cars."""
    found = json.loads(hub_file("826", lines, **options))
    meta = {"measures": {"parc_vp_e_com.id_826": {"meta": found["measureMeta"]}}}
    return json.dumps({"data": found["data"], "annotation": meta}).encode()


FINE = (200, {}, answer())


def asked(url, network=AT_ONCE, **options):
    return hub.ask(Service(url, network, token=TOKEN, **options), "826", settings())


def test_the_hub_is_asked_for_a_measure_by_region_and_answers_a_file_like_its_copies(caplog):
    caplog.set_level(logging.DEBUG)
    with serving(FINE) as (server, url):
        table, watch = read_hub(asked(url), "826")
    assert (
        table[["territory", "year", "value", "unit"]].values.tolist() == [["reg-32", 2024, 2.5, "%"]]
        and not watch.problems
    )
    ((path, headers),) = server.asked
    assert headers["Authorization"] == f"Bearer {TOKEN}" and TOKEN not in path and TOKEN not in caplog.text
    assert json.loads(parse_qs(urlsplit(path).query)["query"][0]) == {
        "measures": ["parc_vp_e_com.id_826"],
        "dimensions": ["parc_vp_e_com.libelle_region", "parc_vp_e_com.geocode_region"],
        "timeDimensions": [{"dimension": "parc_vp_e_com.date_mesure", "granularity": "year"}],
        "limit": 5000,
        "timezone": "UTC",
    }


AGAIN = {
    "trop de demandes": (429, {"Retry-After": "0"}, b""),
    "panne": (500, {}, b"oups"),
    "indisponible": (503, {"Retry-After": "120"}, b""),  # longer than the bound, which wins
    "calcul en cours": (200, {}, b'{"error": "Continue wait"}'),
    "coupée en route": (200, {"Content-Length": "5000"}, answer()[:40]),
    "JSON coupé": (200, {}, answer()[:40]),
    "renvoi au même serveur": (302, {"Location": "/v1/load?encore=1"}, b""),
}


@pytest.mark.parametrize("what", AGAIN)
def test_an_answer_that_asks_for_another_try_gets_one(what):
    with serving(AGAIN[what], FINE) as (server, url):
        table, _ = read_hub(asked(url), "826")
    assert len(table) == 1 and len(server.asked) == 2
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, headers in server.asked)


WRONG = {
    "panne qui dure": ([(500, {}, b"oups")], "réponse 500 après 3 essais. Réessayer plus tard, ou lire des fichiers"),
    "trop de demandes qui dure": ([(429, {"Retry-After": "0"}, b"")], "réponse 429 après 3 essais."),
    "calcul sans fin": ([(200, {}, b'{"error": "Continue wait"}')], "le service calcule encore sa réponse."),
    "JSON toujours coupé": (
        [(200, {}, b'{"data": [')],
        "réponse illisible après 10 octets, ce n'est pas un JSON entier.",
    ),
    "toujours coupée en route": ([(200, {"Content-Length": "99"}, b"{")], "réponse coupée en route."),
    "autre forme": ([(200, {}, b"[1, 2]")], "réponse d'une autre forme que celle attendue (objet JSON)."),
    "schéma changé": (
        [(200, {}, b'{"data": []}')],
        "la réponse n'a plus la forme attendue (data, et annotation.measures de",
    ),
    "jeton refusé": ([(401, {}, b"")], "accès refusé (401). Vérifier le jeton donné dans l'environnement"),
    "droit refusé": ([(403, {}, b"")], "accès refusé (403). Vérifier le jeton donné dans l'environnement"),
    "adresse inconnue": ([(404, {}, b"")], "réponse 404 après un essai."),
    "mesure inconnue": ([(200, {}, b'{"error": "id_826 inconnu"}')], "« id_826 inconnu ». Vérifier la mesure"),
    "renvois sans fin": ([(302, {"Location": "/v1/load"}, b"")], "renvois sans fin."),
    "page à la place": ([(200, {}, b"<html>Connexion</html>")], "ce n'est pas un JSON entier."),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_service_that_does_not_answer_as_it_should_is_said_in_french(what):
    script, said = WRONG[what]
    with serving(*script) as (_, url), pytest.raises((ServiceError, DataError)) as refused:
        asked(url)
    assert (
        said in str(refused.value) and str(refused.value).startswith("127.0.0.1:") and TOKEN not in str(refused.value)
    )


def test_a_service_that_is_given_no_token_is_not_said_to_refuse_it(says):
    with serving((403, {}, b"")) as (_, url), pytest.raises(ServiceError) as refused:
        Service(url, AT_ONCE).content("baromètre")
    says(refused.value, "baromètre : réponse 403 après un essai. Réessayer plus tard, ou lire des fichiers")


def test_a_slow_service_is_left_after_its_time():
    with serving((None, {}, b"")) as (server, url), pytest.raises(ServiceError) as refused:
        asked(url, Network(interval=0, timeout=0.05, retries=1, backoff=0, longest=0, keep=0))
    assert "indicateur 826 : pas de réponse en 0,05 s, après 2 essais. Réessayer plus tard" in str(refused.value)
    assert len(server.asked) == 2


def test_a_service_that_is_not_there_is_said():
    with serving(FINE) as (_, url):
        pass
    with pytest.raises(
        ServiceError, match=r"serveur injoignable\. Vérifier le réseau et l'adresse dans parameters/refresh.yml"
    ):
        asked(url)


def test_a_redirect_to_another_server_gets_no_token_and_is_refused():
    with serving(FINE) as (other, there), serving((302, {"Location": f"{there}/load"}, b"")) as (_, url):
        with pytest.raises(ServiceError, match="le service renvoie vers un autre serveur"):
            asked(url)
        ((_, headers),) = other.asked
    assert "Authorization" not in headers and TOKEN not in str(headers)


def test_the_token_is_never_sent_in_clear_nor_taken_from_what_a_server_repeats(monkeypatch, tmp_path):
    with pytest.raises(
        ServiceError, match=r"adresse en http, où le jeton partirait en clair\. Écrire une adresse en https"
    ):
        Service("http://hub.example/v1", AT_ONCE, token=TOKEN)
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login moi password autre\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    repeats = lambda asked: json.dumps({"error": f"jeton {asked.headers['Authorization']} inconnu"}).encode()  # noqa: E731
    with serving((200, {}, repeats)) as (server, url), pytest.raises(DataError) as refused:
        asked(url)
    assert "jeton Bearer … inconnu" in str(refused.value) and TOKEN not in str(refused.value)
    assert server.asked[0][1]["Authorization"] == f"Bearer {TOKEN}"  # not what netrc says


def test_an_answer_is_kept_a_while_without_the_token(tmp_path):
    with serving(FINE) as (server, url):
        service = Service(url, AT_ONCE, token=TOKEN, cache=tmp_path)
        for _ in range(2):
            content = service.kept("826.json", lambda: hub.ask(service, "826", settings()))
        assert len(server.asked) == 1
        (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
        assert path.read_bytes() == content and TOKEN not in str(path) and TOKEN.encode() not in content
        day = 24 * 3600 + 60
        os.utime(path, (path.stat().st_atime - day, path.stat().st_mtime - day))
        service.kept("826.json", lambda: hub.ask(service, "826", settings()))
    assert len(server.asked) == 2


@pytest.fixture
def network_kit(damaged, monkeypatch, tmp_path):
    """A kit whose services are on the loopback: one indicator of the hub, and the barometer."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COPKIT_HUB_TOKEN", TOKEN)

    def at(hub_url, barometer_url):
        text = damaged.read("parameters/refresh.yml")
        start, end = text.index('  "23": '), text.index("\n# Les séries nationales")
        kept = [line for line in text[start:end].splitlines() if line.startswith('  "826": ')]
        text = text[:start] + "\n".join(kept) + "\n" + text[end:]
        text = text.replace(settings().hub.url, hub_url).replace(settings().barometer.url, barometer_url)
        for name in ("interval", "backoff", "longest"):
            text = text.replace(f"\n  {name}: ", f"\n  {name}: 0 # ")
        damaged.write("parameters/refresh.yml", text)
        files.reload()  # the addresses that are written are read, and no others
        return damaged.home

    return at


def run(capsys, monkeypatch, *words):
    """The command in this process: what it says, and how it ends."""
    monkeypatch.setattr("sys.argv", ["copkit", *words])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


def test_the_command_fetches_shows_writes_and_says_nothing_of_the_token(network_kit, capsys, monkeypatch, tmp_path):
    lines = json.loads(published("826"))["data"]
    cube = "parc_vp_e_com"
    lines += [{**lines[0], f"{cube}.date_mesure.year": "2026-01-01T00:00:00.000", f"{cube}.id_826": 5.0}]
    body = json.dumps({"data": lines, "annotation": json.loads(answer())["annotation"]}).encode()
    stored = tables.read("observed.parquet").query("source == 'sgpe_barometre_2026'")
    with serving((200, {}, body)) as (server, url), serving((200, {}, table_of(stored))) as (_, there):
        home = network_kit(url, there)
        code, said = run(capsys, monkeypatch, "update", "--format", "csv")
        assert code == 0 and said.splitlines()[1].startswith("part_electrique_parc_voitures_particulieres,reg-")
        code, said = run(capsys, monkeypatch, "update", "--write")
    assert code == 0 and "13 séries lues : 1 valeur changerait." in said and "Écrit : " in said
    assert len(server.asked) == 1  # the second one took the answer that was kept
    told = [path.read_bytes() for path in [*tmp_path.rglob("*")] if path.is_file() and path.suffix in (".json", ".csv")]
    assert TOKEN not in said and not any(TOKEN.encode() in one for one in told)
    names = sorted(path.name for path in (home / "data" / "raw").rglob("*.origine.json"))
    assert names == ["826.json.origine.json", "barometre.csv.origine.json"]


def table_of(stored):
    """The table of the barometer that says what the kit holds."""
    known = {one.indicator: (key, one) for key, one in settings().series.items()}
    years = [str(year) for year in range(2010, 2026)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ID", "Indicateur", "Unité", "Périmètre", *years])
    for name, (key, one) in known.items():
        points = stored[stored.indicator == name].set_index("year").value
        cells = [f"{points[int(y)]}".replace(".", ",") if int(y) in points.index else "" for y in years]
        writer.writerow([key if "-" in key else "", key, one.declared, one.perimeter, *cells])
    return text.getvalue().encode()


def test_faults_of_a_measure_come_with_those_of_the_others(network_kit, tmp_path):
    stored = tables.read("observed.parquet").query("source == 'sgpe_barometre_2026'")
    table = table_of(stored).replace("térawattheures".encode(), b"gigawattheures")
    with serving((200, {}, b'{"error": "id_826 inconnu"}')) as (_, url), serving((200, {}, table)) as (_, there):
        network_kit(url, there)
        with pytest.raises(DataError) as refused:
            update.from_network(cache=tmp_path / "cache")
    said = str(refused.value)
    assert "hub, indicateur 826 : 1 problème" in said and "« id_826 inconnu »" in said
    assert "baromètre : 2 problèmes" in said and "unite_declaree" in said


def test_without_a_token_the_command_says_what_to_do(capsys, monkeypatch):
    monkeypatch.delenv("COPKIT_HUB_TOKEN", raising=False)
    code, said = run(capsys, monkeypatch, "update")
    assert code == 2 and said.lstrip().startswith(
        "COPKIT_HUB_TOKEN n'est pas dans l'environnement : le hub demande un jeton."
    )


def test_the_command_shows_each_value_and_writes_only_when_asked(made_hub, damaged, capsys, monkeypatch):
    before = state(damaged.home)
    shutil.copy(made_hub / "manifest.json", made_hub / "inconnu.csv")
    code, said = run(capsys, monkeypatch, "update", "--offline-dir", str(made_hub))
    assert code == 0 and state(damaged.home) == before
    energy = "Énergie du tertiaire, somme des régions et France : désaccord en 2018, 2019, 2020 et 2021. Deux"
    assert energy in said and "voitures électriques de 2019" in said
    assert "2 séries lues : 2 valeurs changeraient." in said and "Rien n'est écrit." in said
    assert "laissés : inconnu.csv" in said and "Grand Est" in said and "nouveau" in said
    code, said = run(capsys, monkeypatch, "update", "--offline-dir", str(made_hub), "--write")
    assert code == 0 and "Écrit : " in said
    code, said = run(capsys, monkeypatch, "update", "--offline-dir", str(made_hub), "--write")
    assert code == 0 and "2 séries lues : rien ne change." in said and "Rien à écrire." in said


# ------------------------------------------------------------------ persons

PERSON = "Voir M. Plante{0:03}, plante{0:03}@exemple.invalid ou 06 12 00 {0:02} 99"


def traces(text):
    """The persons in a text, and the telephone numbers whatever stands between their digits."""
    found = {one.lower() for one in re.findall(r"plante\d{3}", text, re.IGNORECASE)}
    return found | set(re.findall(r"061200\d{2}99", re.sub(r"[\s.\u00a0\u202f-]", "", text)))


def with_persons(folder):
    """Files of series, a person in each part that is not read, and in each that is shown or kept."""
    said = json.loads(published("684", more=[["ZZ", PERSON.format(1), 2024, 1], ["ZZ", PERSON.format(2), 2024, 1]]))
    said |= {"auteur": PERSON.format(3), "measureMeta": said["measureMeta"] | {"contact": PERSON.format(4)}}
    said["data"] = [row | {"saisi_par": PERSON.format(5)} for row in said["data"]]
    (folder / "684.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    header, *lines = barometer_file().decode().splitlines()
    lines = [
        f"{header},Contact",
        *(f'{line},"{PERSON.format(6)}"' for line in lines),
        f'PLANTE007,"{PERSON.format(8)}",,,,,,,x',
    ]
    (folder / "barometre plante009@exemple.invalid.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "note de M. Plante010 06 12 00 10 99.txt").write_text(PERSON.format(11), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"generatedAt": PERSON.format(12)}), encoding="utf-8")


def test_no_person_of_a_file_is_shown_nor_written_but_in_the_file_itself(
    damaged, tmp_path, capsys, monkeypatch, caplog
):
    folder = tmp_path / "hub"
    folder.mkdir()
    with_persons(folder)
    before, shown = state(damaged.home), []
    for asked in ((), ("--format", "json"), ("--write", "--accept-abnormal")):
        code, said = run(capsys, monkeypatch, "update", "--offline-dir", str(folder), *asked)
        assert code == 0, said
        shown.append(said)
    assert "684" in shown[0] and personal.MASK in shown[0]
    assert traces("".join(shown) + caplog.text) == set()
    made = {path: content for path, content in state(damaged.home).items() if before.get(path) != content}
    assert {path.suffix for path in made} == {".parquet", ".json", ".csv"}
    assert traces(" ".join(map(str, made))) == set()
    received = {content for path in folder.iterdir() if (content := path.read_bytes())}
    kept = {path for path, content in made.items() if content in received}
    assert len(kept) == 2 and all(path.parts[:2] == ("data", "raw") for path in kept)
    for path in set(made) - kept:
        assert traces(made[path].decode("utf-8", "replace")) == set(), path
    texts = tables.read("observed.parquet").select_dtypes(exclude="number").astype(str)
    assert traces(" ".join(texts.agg(" ".join, axis=1))) == set()


def test_no_person_of_a_file_is_in_what_is_wrong_with_it(damaged, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "hub"
    folder.mkdir()
    one = json.loads(published("826", more=[["97", PERSON.format(1), 2024, 1], ["32", PERSON.format(2), 2024, 1]]))
    (folder / "826.json").write_text(json.dumps(one, ensure_ascii=False), encoding="utf-8")
    case = {"serie": next(iter(settings().series)), "colonne": "2024", "cellule": PERSON.format(3)}
    (folder / "barometre plante004@exemple.invalid.csv").write_bytes(barometer_file(case))
    code, said = run(capsys, monkeypatch, "update", "--offline-dir", str(folder))
    assert code == 2 and "territoire_inconnu" in said and "libelle_et_code" in said and "nombre_illisible" in said
    assert traces(said) == set()

"""What an editor knows of the public names: read by the type checker, never run; each « wrong » line is refused."""

# ruff: noqa: B018
from typing import assert_type

import pandas as pd
import xarray as xr

import copkit as ck

p = ck.panorama("reg-32")
assert_type(p, xr.Dataset)
assert_type(ck.totals(p), pd.DataFrame)
assert_type(ck.totals("reg-32"), pd.DataFrame)
assert_type(ck.shares(p, by="chantier"), pd.DataFrame)
assert_type(ck.place("dep-59"), pd.DataFrame)
assert_type(ck.interactions(p), pd.DataFrame)
s = ck.simulate("reg-32", {"haies": 20}, unit="quantity", done={"covoiturage": 1.0})
assert_type(s, xr.Dataset)
found = ck.compensate(s, using=["prairies"], policy="prorata")
assert_type(found.closed, float)
assert_type(ck.convert(p, "haies", kt=10).quantity, float)
assert_type(ck.compare("reg-32", "sgpe", "sraddet").sentence, str)
assert_type(ck.identity(p, "haies").product, float)
assert_type(ck.budget_to_reduction({2019: 50.0, 2030: 30.0}).kt, float)
assert_type(ck.from_json(ck.to_json(s)), xr.Dataset)
ck.reload()

projects = ck.projects.triage(ck.projects.read("dossiers.csv"), year=2024)
assert_type(ck.projects.balance(projects, by="lever"), pd.DataFrame)
assert_type(ck.projects.vivier(territory="dep-59"), ck.projects.Vivier)
assert_type(ck.projects.read_workshop(projects, "retour.xlsx"), ck.projects.Workshop)
ck.projects.write_workshop(projects, "atelier.xlsx", public=True)
assert_type(ck.survey.consultation(territory="dep-59", public=True), ck.survey.Consultation)
assert_type(ck.strengths.within(ck.strengths.read("points_forts.csv"), "fr"), pd.DataFrame)
for shown in (
    ck.charts.panorama(p),
    ck.report.ambition(p),
    ck.section(p, "place"),
    ck.table(found),
    ck.table(s, "manque"),
):
    shown
assert_type(ck.Simulator("reg-32"), ck.Simulator)
ck.write_workbook(p, "panorama.xlsx")

ck.panorama(3)  # wrong
ck.totals(3)  # wrong
ck.totals(p, 3)  # wrong
ck.simulate(p, {"haies": "beaucoup"})  # wrong
ck.projets  # wrong
found.closes  # wrong
ck.projects.balance(projects, per="lever")  # wrong
ck.projects.trier(projects)  # wrong
ck.territories(within=3)  # wrong

"""Files of projects, half of them damaged: what is read is what is there, or the report says what is not.

``damage.py`` makes the files, knows what they hold and reads them without the kit. To see one again:
``python tests/damage.py SEED SEED+1 FOLDER`` writes its files and prints what differs.
"""

from collections import Counter
from decimal import Decimal
from functools import cache

import pandas as pd
import pytest

import copkit as ck

from . import damage
from .conftest import LONG

FILES = 2000 if LONG else 134  # each damage once at least, half of the files sound
SOUND = "sans dommage"


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """What differs, by the first damage of its file: « graine 12 (dommages) : … »."""
    folder, found = tmp_path_factory.mktemp("fichiers"), {}
    tried = [seed for seed in range(FILES) if LONG or seed % 2 or seed % 8 == 0]  # of the sound files, one in four
    for one in damage.of_seeds(tried, folder):
        text = f"graine {one.seed} ({', '.join(one.damages) or SOUND}), {folder}/{one.seed:04d}* : {one.said}"
        found.setdefault((one.damages or [SOUND])[0], []).append(text)
    return found


@pytest.mark.parametrize("name", [SOUND, *damage.DAMAGES])
def test_what_is_read_is_what_is_there_or_the_report_says_it(faults, name):
    found = faults.get(name, [])
    assert not found, f"{len(found)} écarts\n" + "\n".join(found[:10])


SEEN = {  # damages that were once read wrongly
    "plans": ("total_by_another_name", "two_stray_quotes"),
    "périmètres": ("second_sheet_of_projects", "hidden_sheet_of_projects"),
    "actions": ("table_beside",),
}
SEEN_AS = {"points forts": (811,), "périmètres": (1241,)}  # seeds


@pytest.mark.parametrize("kind", [one for one in damage.FORMS if one != "dossiers"])
def test_what_is_read_of_another_kind_is_what_is_there_or_the_report_says_it(tmp_path, kind):
    first = {damage.Case.drawn(seed, kind)[0]: seed for seed in range(1, 2 * len(damage.DAMAGES), 2)}
    seen = [*(first[name] for name in SEEN.get(kind, ())), *SEEN_AS.get(kind, ())]
    seeds = [*(range(0, 400) if LONG else range(4)), *seen]
    found = damage.of_seeds(seeds, tmp_path, kind=kind)
    assert not found, "\n".join(f"graine {one.seed} ({', '.join(one.damages) or SOUND}) : {one.said}" for one in found)


def test_half_of_the_files_are_damaged_each_in_every_way():
    drawn = [damage.Case.drawn(seed) for seed in range(FILES)]
    assert sum(map(bool, drawn)) == FILES // 2
    first = Counter(names[0] for names in drawn if names)
    assert set(first) == set(damage.DAMAGES) and min(first.values()) >= FILES // 134
    assert {len(names) for names in drawn} == {0, 1, 2, 3}


def test_a_damage_asked_is_a_damage_done():
    for seed in range(1, 2 * len(damage.DAMAGES), 2):
        asked = damage.Case.drawn(seed)
        assert asked[0] in damage.Case(seed).damages, f"{asked[0]} cannot be done to the file of seed {seed}"


@pytest.mark.parametrize("seed", range(0, 60, 2))
def test_the_truth_is_in_the_file_for_csv_openpyxl_and_pandas(tmp_path, seed):
    case = damage.Case(seed)
    for file in case.files:
        sheet, path = file.sheets[0], file.write(tmp_path)
        (read,) = damage.plain(file, path).values()
        table = damage.by_pandas(file, path)
        assert len(read) == len(sheet.rows) == len(table)
        for at in sheet.at(*damage.MONEY):
            amounts = [damage.plain_amount(cells[at]) for cells in read.values()]
            by_pandas = [damage.plain_amount(None if pd.isna(one) else one) for one in table.iloc[:, at + sheet.left]]
            assert by_pandas == amounts
            for row, amount in zip(sheet.rows, amounts, strict=True):
                truth = row.cells[at].expect
                assert amount is None or truth is None or truth.values == (amount,)


# ------------------------------------------------------------------ the comparison sees what it looks for

LOSSES = {
    "row lost": lambda table: table.iloc[1:],
    "amount": lambda table: table.assign(cost=table.cost + 0.01),
    "lever": lambda table: table.assign(levers=""),
    "labels": lambda table: table.assign(lever_label="Gestion des haies"),
    "departement": lambda table: table.assign(departement="dep-33"),
    "start": lambda table: table.assign(start="2019-01-01"),
    "not counted": lambda table: table.assign(duplicate_of="1"),
    "row invented": lambda table: pd.concat([table, table.tail(1).assign(row=999)]),
}


@cache
def whole():
    """The seed of a sound file with an amount, a lever, a département and a date in each row."""
    for seed in range(0, 400, 2):
        file = damage.Case(seed).files[0]
        fields = {one.field for one in file.sheets[0].columns}
        if fields >= {"cost", "lever", "departement", "start"} and not file.book and not file.sheets[0].some("second"):
            return seed


@pytest.mark.parametrize("sort", LOSSES)
def test_a_wrong_reading_is_seen(tmp_path, sort):
    case = damage.Case(whole(), damages=())
    (file,) = case.files
    path = file.write(tmp_path)
    table = ck.projects.read(path)
    assert damage.check(file, path, damage.Told(table)) == []
    wrong = LOSSES[sort](table)
    wrong.attrs = table.attrs
    assert any(said.startswith(sort) for said in damage.check(file, path, damage.Told(wrong)))


def test_a_cell_lost_without_a_word_is_seen(tmp_path):
    case = damage.Case(whole(), damages=("words_in_amounts",))
    (file,) = case.files
    path = file.write(tmp_path)
    table = ck.projects.read(path)
    assert damage.check(file, path, damage.Told(table)) == []
    silent = damage.Told(table)
    silent.problems = {}
    assert any(said.startswith("not told") for said in damage.check(file, path, silent))


def test_a_total_that_is_counted_is_seen(tmp_path):
    case = damage.Case(whole(), damages=("total_rows",))
    (file,) = case.files
    path = file.write(tmp_path)
    table = ck.projects.read(path)
    total = table.head(1).assign(row=max(table.row) + 1, cost=3000.0)
    counted = pd.concat([table, total])
    counted.attrs = table.attrs
    told = damage.Told(counted)
    told.aside = {}
    assert any(said.startswith("counted") for said in damage.check(file, path, told))


def test_a_plain_amount_has_one_meaning_only():
    assert damage.plain_amount("1 234,50 €") == Decimal("1234.50") and damage.plain_amount(12.5) == Decimal("12.50")
    for text in ("1.500", "1,500", "06 12 34 56 78", "12 34", "environ 3", "150 k€", "", None, True):
        assert damage.plain_amount(text) is None

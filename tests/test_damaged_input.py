"""Each damage of the corpus through each reader: a reading, or a French message that names the file; never more."""

import re
from functools import partial
from pathlib import Path

import pytest

from copkit import received
from copkit.errors import CopkitError
from copkit.simulator import links

from .conftest import LONG
from .corpus import DAMAGES, archives, blocks, places, texts, trial  # noqa: F401  (a family declares its damages)
from .corpus.readers import READERS


def cases(folder: Path, every: bool = LONG):
    """(damage, reader, what to do, name of the file) of each damage with a reader that may be handed it, or with all.

    A damage that is heavy is for the main readers, which the others share their engine with.
    """
    for rank, damage in enumerate(DAMAGES):
        able = [(one, suffix) for one in READERS for suffix in damage.suffixes if suffix in one.sound]
        able = [(one, suffix) for one, suffix in able if one.main or not damage.heavy]
        for reader, suffix in able if every else [able[rank % len(able)]]:
            name = re.sub(r"\W", "_", f"{damage.name}_{reader.name}")
            path = folder / f"{name}{damage.suffix or suffix}"
            path.write_bytes(damage.make(reader.sound[suffix](), trial.drawn(damage.name, reader.name)))
            yield f"{damage.family}.{damage.name}", reader.name, partial(reader.read, path), ""


def test_a_sound_file_is_read_by_its_reader(tmp_path):
    for reader in READERS:
        for suffix, sound in reader.sound.items():
            path = tmp_path / f"sain{suffix}"
            path.write_bytes(sound())
            reader.read(path)


def test_each_damage_ends_in_a_reading_or_in_a_message(tmp_path):
    outcomes = list(trial.bounded(list(cases(tmp_path))))
    wrong = [f"{one.case}, {one.reader} : {one.verdict}" for one in outcomes if one.wrong]
    assert not wrong, f"{len(wrong)} sur {len(outcomes)}\n" + "\n".join(wrong)


SAID = {  # damage → reader, and what it is told
    "far_corner": (
        "dossiers",
        "la feuille « Feuille » va jusqu'en XFD1048576, pour",
        "Supprimer les lignes et les colonnes",
    ),
    "far_row": ("dossiers", "L1048576", "cellules remplies"),
    "far_row_behind_a_torn_part": ("dossiers", "le lire demande trop de mémoire"),
    "all_merged": ("dossiers", "1 zone fusionnée, de 17 179 869 184 cellules", "Défaire les fusions"),
    "link_on_all": ("chiffres locaux", "de 17 179 869 184 cellules"),
    "rows_not_in_order": ("dossiers", "les lignes d'une feuille ne sont pas dans l'ordre."),
    "entities": ("dossiers", "« xl/worksheets/sheet1.xml » porte une définition d'entités (DOCTYPE), refusée."),
    "sheets_without_end": ("dossiers", "3 000 feuilles, 500 au plus"),
    "too_many_parts": ("dossiers", "archive abîmée (6 005 parties, ou deux du même nom)."),
    "unfolds_to_more_than_it_says": ("dossiers", "classeur démesuré", "qui se déplient en plus de"),
    "long_text_in_each_cell": ("dossiers", "le lire demande trop de mémoire"),
    "repeated_everywhere": ("dossiers", "une cellule est remplie très loin du tableau. Supprimer"),
    "marks_alone": ("dossiers", "ligne 1 : 200 001 cellules sur une ligne, 16 384 au plus. Vérifier le séparateur"),
    "deep": ("dossiers (API)", "plus de 64 blocs les uns dans les autres."),
    "a_number": (
        "dossiers (API)",
        f"nombre « {'9' * 40}… » impossible. Écrire un nombre fini.",
    ),
    "laughs": ("correspondance", "ligne 2 : « *a » renvoie à un autre bloc. Écrire le bloc en entier."),
    "deep_lists": ("correspondance", "ligne 1 : plus de 64 blocs les uns dans les autres. En retirer."),
    "value_half_character": ("scénario", "caractère coupé en deux « \\ud83d ». Le retirer"),
}


def test_a_large_sound_sheet_is_measured_whole(tmp_path, says):
    path = tmp_path / "grand.xlsx"
    path.write_bytes(archives.book([["a", "b", "c"], *([["x" * 20, "y > z", "12"]] * 15_000)]))
    assert received.workbook(path, 45_003) == ""
    says(received.workbook(path, 45_002), "45 003 cellules, 45 002 au plus")


@pytest.mark.parametrize("name", SAID)
def test_what_is_refused_says_where_and_what_to_do(tmp_path, says, name):
    reader, *words = SAID[name]
    reader = next(one for one in READERS if one.name == reader)
    damage = next(one for one in DAMAGES if one.name == name and set(one.suffixes) & set(reader.sound))
    suffix = next(one for one in damage.suffixes if one in reader.sound)
    path = tmp_path / f"recu{damage.suffix or suffix}"
    path.write_bytes(damage.make(reader.sound[suffix](), trial.drawn(name)))
    with pytest.raises(CopkitError) as refused:
        reader.read(path)
    says(refused.value, *words)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    tries = []
    for kind, path in places.places(tmp_path):
        able = [reader for reader in READERS if path.suffix in reader.sound]
        chosen = able if LONG else [able[len(tries) % len(able)], *(one for one in able if one.main)]
        tries += [(kind, reader.name, partial(reader.read, path), "") for reader in chosen]
    outcomes = list(trial.bounded(tries))
    wrong = [f"{one.case}, {one.reader} : {one.verdict}" for one in outcomes if one.verdict != "refused"]
    assert not wrong, "\n".join(wrong)


def test_any_link_gives_a_state_that_its_own_link_gives_again():
    for text in places.LINKS:
        state = links.from_query(links.to_query(links.from_query(text)[0])[0])[0]
        assert links.from_query(links.to_query(state)[0])[0] == state

"""Each damage of the corpus through each reader: a reading, or a French message that names the file; never more."""

import os
from pathlib import Path

import pytest

from .conftest import LONG
from .corpus import DAMAGES, archives, blocks, texts, trial  # noqa: F401  (a family declares its damages)
from .corpus.readers import READERS

SHARE = 1 if LONG else 6  # of the readers that share an engine with a main one, each is tried on one damage in so many


def cases(folder: Path, share: int = SHARE):
    """(damage, reader, what to do, name of the file) for each damage and each reader that may be handed it."""
    for rank, damage in enumerate(DAMAGES):
        for place, reader in enumerate(READERS):
            for suffix in set(damage.suffixes) & set(reader.sound):
                if not reader.main and (damage.heavy or (rank + place) % share):
                    continue
                path = folder / f"{damage.family}_{damage.name}_{place}{damage.suffix or suffix}"
                made = damage.make(reader.sound[suffix](), trial.drawn(damage.name, reader.name))
                path.write_bytes(made)
                yield f"{damage.family}.{damage.name}", reader.name, (lambda read=reader.read, at=path: read(at)), ""


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

"""Each damage of the corpus through each reader: a reading, or a French message that names the file; never more."""

import re
from functools import partial
from pathlib import Path

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

"""What a visitor enters: strict, bounded, all problems said at once; links identical to the last bit, both ways."""

import math
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copkit.errors import SimulationError
from copkit.models.official import js_round
from copkit.models.panorama import LATEST
from copkit.models.scenario import settle
from copkit.reference import parameters, tables, territories
from copkit.simulator import links, official_links
from copkit.simulator.ground import ground
from copkit.simulator.state import Entry, Filter, Kept, State, from_scenario, label_of, read, scenario_of

OFFICIAL = "https://planification-territoires.ecologie.gouv.fr/territoire/"
METROPOLITAN = [c for c in territories.territories("region").code if not territories.is_overseas(c)]
LEVERS = list(ground("reg-32", LATEST).limits)
numbers = st.floats(-1e7, 1e7, allow_nan=False)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)
entries = st.builds(
    Entry,
    value=st.one_of(st.none(), numbers),
    unit=st.sampled_from(["ktco2e", "quantity"]),
    done=st.floats(0, 1e6),
    why=texts,
    source=texts,
)


def plain(notes):
    """The notes with ordinary spaces."""
    return "\n".join(notes).replace("\u202f", " ").replace("\u00a0", " ")


def normal(levers):
    """The entries as a link gives them: the unit of no value is not said."""
    return {k: one.model_copy(update={"unit": "ktco2e"}) if one.value is None else one for k, one in levers.items()}


# ------------------------------------------------------------------ reading


def test_every_problem_of_a_state_is_said_at_once(says):
    wrong = {
        "territory": "reg-99",
        "levers": {"haies": {"value": "12", "unit": "kg", "done": math.nan, "why": "x" * 1001}},
        "step": 7,
        "kept": [{"name": "a", "levers": {}}] * 7,
        "name": "x" * 81,
        "autre": 1,
    }
    with pytest.raises(SimulationError) as caught:
        read(wrong)
    says(
        caught.value,
        "Saisie du simulateur : 9 problèmes",
        "Territoire inconnu : « reg-99 »",
        "levers.haies.value : nombre attendu, trouvé « 12 »",
        "levers.haies.unit : valeur « kg » inconnue. Valeurs admises : ktco2e, quantity.",
        "levers.haies.done : nombre de −10 millions à 10 millions attendu",
        "levers.haies.why : texte de 1 001 caractères, 1 000 au plus. Le raccourcir.",
        "step : valeur « 7 » inconnue",
        "kept : 7 scénarios, 6 au plus. En retirer.",
        "name : texte de 81 caractères, 80 au plus",
        "autre : clé inconnue",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "le fichier : bloc de lignes"),
        ({"levers": {f"l{n}": {} for n in range(61)}}, "levers : 61 leviers, 60 au plus. En retirer."),
        ({"levers": {"haies": {"value": 1e7 + 1}}}, "nombre de −10 millions à 10 millions attendu"),
        ({"levers": {"haies": {"value": math.inf}}}, "nombre de −10 millions à 10 millions attendu, trouvé « inf »"),
        ({"levers": {"haies": {"value": True}}}, "nombre attendu"),
        ({"name": "a\x00b"}, "name : caractère invisible dans le texte. Le retirer."),
        ({"territory": "32"}, "Écrire « reg-32 » ou « dep-32 »"),
        ({"territory": "dep-59", "reference": "sraddet"}, "plan de référence « sraddet » inconnu ici. Plans : sgpe."),
        ({"remaining": "oui"}, "remaining : « oui » n’est pas un oui/non"),
    ],
)
def test_one_problem_of_a_state_is_said(content, message, says):
    with pytest.raises(SimulationError) as caught:
        read(content)
    says(str(caught.value).replace("\u202f", " ").replace("\u00a0", " "), message)


def test_a_message_never_repeats_a_huge_entry():
    with pytest.raises(SimulationError) as caught:
        read({"levers": "x" * 100_000})
    assert len(str(caught.value)) < 600


def test_limits_are_accepted():
    assert read({"levers": {f"l{n}": {} for n in range(60)}}).levers["l59"] == Entry()
    assert read({"levers": {"haies": {"value": -1e7, "why": "x" * 1000}}}).levers["haies"].value == -1e7
    assert len(read({"kept": [{"name": "a", "levers": {}}] * 6}).kept) == 6


@given(st.dictionaries(st.sampled_from(LEVERS), entries, max_size=5))
def test_a_state_comes_back_the_same_from_its_own_json(levers):
    state = State(levers=levers)
    assert read(State.model_validate_json(state.model_dump_json()).model_dump()) == state


# ------------------------------------------------------------------ our links


@given(
    st.dictionaries(st.sampled_from(LEVERS), entries, max_size=6),
    st.sampled_from(["", "Mon scénario : été & hiver=100 %"]),
    st.booleans(),
)
def test_a_link_gives_the_identical_state(levers, name, flag):
    levers = {k: one for k, one in normal(levers).items() if not one.empty}
    state = State(
        levers=levers,
        name=name,
        reference="sraddet" if flag else "sgpe",
        vision="secteurs" if flag else "thematiques",
        remaining=flag,
        forest=not flag,
        step=4 if flag else 1,
        focus="haies" if flag else "",
        filter=Filter(enjeu="sante", thematique="se_loger") if flag else Filter(),
        kept=[Kept(name="Gardé", levers={"haies": Entry(value=0.1 + 0.2, done=1 / 3)})] if flag else [],
    )
    link, left = links.to_query(state)
    assert left == []
    found, notes = links.from_query(link)
    assert notes == [] and found.model_dump() == state.model_dump()
    assert list(found.levers) == sorted(found.levers, key=list(found.levers).index)


def test_a_link_is_short_and_readable():
    state = State(levers={"haies": Entry(value=1.5, unit="quantity", done=20), "prairies": Entry(done=3)})
    link = "?territoire=reg-32&v=sgpe-2024-10&l=haies:q:1.5:20&l=prairies:::3"
    assert links.to_query(state) == (link, [])
    assert links.from_query("https://exemple.fr/simulateur/" + link)[0] == state


def test_a_link_that_grows_too_long_leaves_texts_and_says_so(says):
    levers = {lever: Entry(value=10.5, why="é" * 1000, source="x") for lever in LEVERS[:8]}
    link, left = links.to_query(State(levers=levers))
    assert len(link) <= links.LONGEST
    says(left[0], "Lien trop long : il laisse les justifications", "l’export JSON")
    assert {k: one.value for k, one in links.from_query(link)[0].levers.items()} == dict.fromkeys(levers, 10.5)


def test_a_link_says_that_it_leaves_the_texts_of_kept_scenarios():
    kept = [Kept(name="A", levers={"haies": Entry(value=1.0, why="texte")})]
    assert "non leurs justifications" in links.to_query(State(kept=kept))[1][0]


def test_a_damaged_link_keeps_what_reads_and_says_the_rest():
    found, notes = links.from_query(
        "?territoire=reg-11&l=haies:k:12&l=foo:k:1&l=prairies:k:abc&l=biogaz:z:1&l=covoiturage:k:1e9&etape=9&vue=carte"
    )
    assert found == State(territory="reg-11", levers={"haies": Entry(value=12.0)})
    text = plain(notes)
    for said in (
        "levier inconnu ici, « foo », laissé de côté",
        "« prairies:k:abc » ne se lit pas",
        "« biogaz:z:1 » ne se lit pas",
        "Lien, levers.covoiturage.value : nombre de −10 millions à 10 millions attendu",
        "Lien, step : valeur « 9 » inconnue",
        "Lien, vision : valeur « carte » inconnue",
    ):
        assert said in text, said


@pytest.mark.parametrize("step", ["²", "9" * 5000, "٣", "-1", "trois", ""])
def test_a_step_that_does_not_read_is_said_and_nothing_else_is_lost(step):
    found, notes = links.from_query(f"?territoire=reg-11&etape={step}&l=haies:k:12")
    assert found == State(territory="reg-11", levers={"haies": Entry(value=12.0)})
    assert len(notes) == 1 and notes[0].startswith("Lien, step") and len(notes[0]) < 120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("?" + "a" * 8000, "Lien de 8 001 caractères, 8 000 au plus : il n’est pas lu."),
        ("?" + "&".join(["l=haies:k:1"] * 301), "Lien illisible"),
        ("http://[::1?x=1", "Lien illisible"),
        ("?territoire=reg-99", "Territoire inconnu : « reg-99 »"),
    ],
)
def test_an_unreadable_link_opens_the_default_territory_and_says_why(text, said):
    found, notes = links.from_query(text, default="dep-59")
    assert found == State(territory="dep-59")
    assert said in plain(notes)


@given(st.text(max_size=200))
def test_no_link_ever_raises(text):
    for form in (text, "?" + text, f"?l={text}&t-{text}={text}&c-augm_haies={text}"):
        state, notes = links.from_query(form)
        assert isinstance(state, State) and all(isinstance(note, str) for note in notes)


def test_an_unknown_default_falls_back_on_the_first_territory():
    state, notes = links.from_query("", default="32")
    assert state == State() and "Territoire ambigu" in notes[0]


def test_a_link_of_another_version_is_said_and_keeps_its_version(says):
    state, notes = links.from_query("?territoire=reg-32&v=sgpe-2023-11&l=haies:k:50")
    assert notes == [] and state.version == "sgpe-2023-11"
    says(links.differs(state)[0].replace("\u00a0", " "), "version « sgpe-2023-11 »", "« sgpe-2024-10 »", "Revoir")
    assert "v=sgpe-2023-11" in links.to_query(state)[0]
    assert links.differs(State()) == []


# ------------------------------------------------------------------ links of the official simulator


def test_a_link_of_the_official_simulator_opens_here():
    link = OFFICIAL + "hauts-de-france/ambition?c-augm_voitelec=100&t-augm_voitelec=840&t-augm_v%C3%A9lotc=500"
    state, notes = links.from_query(link)
    assert state.territory == "reg-32"
    assert state.levers == {
        "vehicules_electriques": Entry(value=940.0, done=100.0),
        "velo_transports_en_commun": Entry(value=500.0),
    }
    assert len(notes) == 1 and "il ne porte pas de version" in notes[0]


def test_a_negative_target_and_a_closed_lever_of_an_official_link_are_refused_with_a_message():
    link = OFFICIAL + "hauts-de-france/ambition?c-augm_voitelec=100&t-augm_voitelec=-72&t-co2_foret=5000"
    state, notes = links.from_query(link)
    assert state.levers == {"vehicules_electriques": Entry(value=100.0, done=100.0)}
    text = plain(notes)
    assert "−72 ktCO₂e/an est négatif, lu comme 0" in text
    assert "Gestion des puits forestiers : levier fermé (objectif non régionalisé" in text
    assert links.from_query(links.to_query(state)[0])[0] == state


def test_what_an_official_link_says_badly_is_left_and_said():
    state, notes = links.from_query(OFFICIAL + "atlantide/ambition?c-augm_haies=abc&t-nul=3&t-augm_haies=1e400")
    assert state == State()
    text = plain(notes)
    for said in ("région inconnue", "« abc » n’est pas un nombre", "« t-nul »", "« 1e400 » n’est pas un nombre"):
        assert said in text


@pytest.mark.parametrize("code", METROPOLITAN)
def test_an_official_link_written_here_reads_back_to_the_whole_kt(code):
    limits = ground(code, LATEST).limits
    moved = {
        lever: Entry(value=min(limit.target * 0.6 + 7, limit.kt_max), done=limit.target * 0.2)
        for lever, limit in limits.items()
        if not limit.closed
    }
    link = official_links.official_link(State(territory=code, levers=moved))
    assert urlsplit(link).path == f"/territoire/{official_links.slug(code)}/ambition"
    assert all(value == str(int(value)) for _, value in parse_qsl(urlsplit(link).query))
    state, notes = links.from_query(link)
    assert state.territory == code and len(notes) == 1
    for lever, one in settle(limits, state.levers).items():
        if lever in moved:
            done, value = moved[lever].done, moved[lever].value
            assert (one.done, js_round(one.kt - one.done)) == (js_round(done), js_round(value - done))


def test_the_official_link_says_nothing_of_what_is_at_its_reference_and_nothing_elsewhere():
    assert official_links.official_link(State()) == OFFICIAL + "hauts-de-france/ambition"
    assert official_links.official_link(State(territory="dep-59")) == ""
    assert official_links.official_link(State(territory="reg-04")) == ""


def test_official_names_of_the_regions_are_distinct():
    slugs = {official_links.slug(code) for code in territories.territories("region").code}
    assert len(slugs) == 18 and {"paca", "ile-de-france", "la-reunion", "centre-val-de-loire"} <= slugs


def test_every_published_identifier_is_read():
    table = tables.read("panorama.csv")
    for code in METROPOLITAN:
        here = set(table.lever[table.territory == code])
        ids = [parameters.levers()[lever].nomenclatures.simulateur for lever in here]
        notes = links.from_query(
            OFFICIAL + official_links.slug(code) + "/ambition?" + "&".join(f"c-{one}=0" for one in ids)
        )[1]
        assert len(notes) == 1


# ------------------------------------------------------------------ scenarios of the library


@given(st.lists(st.sampled_from(LEVERS), unique=True, max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_a_scenario_of_the_library_gives_the_same_state_figures(levers, part, done):
    limits = ground("reg-32", LATEST).limits
    moved = {
        lever: Entry(value=(done + part * (1 - done)) * limits[lever].target, done=done * limits[lever].target)
        for lever in levers
        if not limits[lever].closed
    }
    s = scenario_of(State(levers=moved))
    again = scenario_of(from_scenario(s))
    assert s.identical(again)


def test_refused_values_do_not_become_a_scenario(says):
    state = State(levers={"haies": Entry(value=-72.0), "puits_forestiers": Entry(value=5000.0)})
    with pytest.raises(SimulationError) as caught:
        scenario_of(state)
    says(caught.value, "2 problèmes", "haies : −72 ktCO2e/an", "puits_forestiers : levier fermé")


def test_labels_of_levers():
    assert label_of("haies") == "Gestion des haies" and label_of("inconnu") == "inconnu"

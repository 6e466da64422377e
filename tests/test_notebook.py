"""A parameter of a link is read as the kind of thing that it is in the notebook."""

import pytest

from copkit import notebook
from copkit.errors import RunError
from copkit.notebook import parameter
from copkit.reference import territories


@pytest.mark.parametrize(
    ("link", "value", "found"),
    [
        ("", False, False),
        ("autre=1", 2024, 2024),
        ("p=", "reg-32", "reg-32"),
        ("p=False", True, False),
        ("p=non", True, False),
        ("p=faux", True, False),
        ("p=0", True, False),
        ("p=True", False, True),
        ("p=oui", False, True),
        ("p=VRAI", False, True),
        ("p=1", False, True),
        ("p=2031", 2024, 2031),
        ("p=-3", 0, -3),
        ("p=12%2C5", 0.0, 12.5),
        ("p=12.5", 0.0, 12.5),
        ("p=3", 0.0, 3.0),
        ("p=1e%2B3", 0.0, 1000.0),
        ("p=reg-76", "reg-32", "reg-76"),
        ("p=False", "", "False"),
        ("p=reg-76&p=reg-84", "reg-32", "reg-84"),
        ("p=texte", None, "texte"),
    ],
)
def test_a_link_gives_a_value_of_the_kind_of_the_notebook(monkeypatch, link, value, found):
    monkeypatch.setenv("QUERY_STRING", link)
    got = parameter("p", value)
    assert got == found and type(got) is type(found)


@pytest.mark.parametrize(
    ("link", "value", "said"),
    [
        ("p=peut-%C3%AAtre", False, "« peut-être » : oui ou non attendu."),
        ("p=2", False, "« 2 » : oui ou non attendu."),
        ("p=2031.5", 2024, "« 2031.5 » : nombre entier attendu."),
        ("p=%C2%B2", 2024, "« ² » : nombre attendu."),
        ("p=1_000", 2024, "« 1_000 » : nombre attendu."),
        (f"p={'1' * 5000}", 2024, f"« {'1' * 40}… » : nombre attendu."),
        ("p=%20", 2024, "«  » : valeur absente."),
        ("p=nan", 0.0, "« nan » : nombre attendu"),
        ("p=1e%2B400", 0.0, "« 1e+400 » : nombre attendu"),
        ("p=1.500", 0.0, "« 1.500 » : nombre ambigu, 1500 ou 1,5 ?"),
    ],
)
def test_a_link_that_gives_something_else_is_refused_in_one_sentence(monkeypatch, link, value, said):
    monkeypatch.setenv("QUERY_STRING", link)
    with pytest.raises(RunError) as refused:
        parameter("p", value)
    assert str(refused.value).startswith(f"Paramètre « p », valeur {said}")


@pytest.fixture
def menu(monkeypatch):
    """The menu that a cell shows, with what it says under it."""
    monkeypatch.setattr(notebook, "_chosen", {})

    def made(value: str = "reg-32", code: str = "reg-32", served: bool = False):
        box = notebook._menu("territoire", value, code, notebook._labels(), served)
        return box.children

    return made


def test_without_anybody_to_choose_nothing_is_shown(monkeypatch, capsys):
    assert notebook.territory("reg-32") == "reg-32"
    monkeypatch.setenv("QUERY_STRING", "territoire=dep-59")
    assert notebook.territory("reg-32") == "dep-59" and capsys.readouterr() == ("", "")


def test_the_menu_has_every_territory_and_that_of_the_notebook_first(menu):
    chosen, _ = menu()
    assert chosen.value == "reg-32" and {code for _, code in chosen.options} == {"fr", *territories.codes()}
    labels = [label for label, _ in chosen.options]
    assert len(set(labels)) == len(labels) and {"Hauts-de-France (région)", "Nord (59)", "Corse-du-Sud (2A)"} < {
        *labels
    }
    assert menu(code="32")[0].value is None


def test_a_choice_stays_until_the_notebook_is_modified(menu, monkeypatch):
    monkeypatch.setattr(notebook, "_somebody_is_there", lambda: True)
    chosen, said = menu()
    chosen.value = "dep-59"
    assert said.value == "Choisi : Nord (59). Pour le voir : menu Exécution, « Exécuter toutes les cellules »."
    assert notebook.territory("reg-32") == "dep-59" and notebook.territory("reg-76") == "reg-76"
    assert notebook.territory("reg-32", name="autre") == "reg-32"


def test_in_a_served_page_a_choice_is_a_link_and_where_no_widget_lives_a_name_is_read(menu, monkeypatch, capsys):
    chosen, said = menu(served=True)
    chosen.value = "dep-59"
    assert said.value == '<a href="?territoire=dep-59" target="_top">Ouvrir la page : Nord (59)</a>'
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert notebook.territory("reg-32") == "reg-32"
    assert "'text/plain': 'Territoire : Hauts-de-France (région)'" in capsys.readouterr().out

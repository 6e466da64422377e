"""A parameter of a link is read as the kind of thing that it is in the notebook."""

import pytest

from copkit.errors import RunError
from copkit.notebook import parameter


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
        ("p=1e3", 0.0, 1000.0),
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
        ("p=peut-%C3%AAtre", False, "« peut-être ». Écrire « oui » ou « non »."),
        ("p=2", False, "« 2 ». Écrire « oui » ou « non »."),
        ("p=2031.5", 2024, "« 2031.5 ». Écrire un nombre entier, par exemple 2024."),
        ("p=%C2%B2", 2024, "« ² ». Écrire un nombre entier, par exemple 2024."),
        ("p=1_000", 2024, "« 1_000 ». Écrire un nombre entier, par exemple 2024."),
        (f"p={'9' * 5000}", 2024, f"« {'9' * 40}… ». Écrire un nombre entier, par exemple 2024."),
        ("p=nan", 0.0, "« nan ». Écrire un nombre, par exemple 12,5."),
        ("p=1e400", 0.0, "« 1e400 ». Écrire un nombre, par exemple 12,5."),
        ("p=1.234,5", 0.0, "« 1.234,5 ». Écrire un nombre, par exemple 12,5."),
    ],
)
def test_a_link_that_gives_something_else_is_refused_in_one_sentence(monkeypatch, link, value, said):
    monkeypatch.setenv("QUERY_STRING", link)
    with pytest.raises(RunError) as refused:
        parameter("p", value)
    assert str(refused.value) == f"Paramètre « p » illisible : {said}"

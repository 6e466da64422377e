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

"""What notebooks show is checked sooner in a batch, and refused as the schema of notebooks refuses it."""

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import ValidationError
from nbformat.v4 import nbbase

from copkit.batch import outputs

KINDS = ("stream", "display_data", "execute_result", "error")
VALUES = st.one_of(st.text(max_size=3), st.integers(-1, 2), st.booleans(), st.none(), st.lists(st.text(max_size=2)))
NAMES = ("text/plain", "application/json", "application/vnd.vega+json", "application/json\n", "image/json", "")
BUNDLES = st.one_of(st.dictionaries(st.sampled_from(NAMES), VALUES | st.just({"a": 1}), max_size=3), VALUES)
FIELDS = {"output_type": st.sampled_from(KINDS), "name": VALUES, "text": VALUES, "execution_count": VALUES}
FIELDS |= {"data": BUNDLES, "metadata": st.dictionaries(st.text(max_size=2), VALUES, max_size=1) | VALUES}
GIVEN = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": (),
}
SHOWN = [
    ("stream", {"name": "stdout", "text": "écrit"}),
    ("display_data", {"data": {"text/plain": "42", "application/vnd.vega+json": {"a": [1]}}, "metadata": {}}),
    ("execute_result", {"data": {"text/html": "<p>"}, "metadata": {"a": 1}, "execution_count": 3}),
]


@st.composite
def shown(draw):
    """An output, right or nearly so."""
    kind = draw(st.sampled_from(KINDS))
    names = [*GIVEN[kind], *draw(st.lists(st.sampled_from([*FIELDS]), max_size=1))]
    made = {"output_type": kind} | {name: draw(FIELDS[name]) for name in names}
    if draw(st.booleans()):
        made.pop(draw(st.sampled_from([*made])))
    return kind, made


@settings(max_examples=400, deadline=None)
@given(shown())
def test_an_ordinary_output_is_one_that_the_schema_allows(one):
    kind, made = one
    if outputs.is_ordinary(made, kind):
        nbformat.validate(made, ref=kind, version=4)


@pytest.mark.parametrize(("kind", "fields"), SHOWN, ids=lambda x: x if isinstance(x, str) else "")
def test_what_a_notebook_shows_most_is_ordinary(kind, fields):
    assert outputs.is_ordinary({"output_type": kind, **fields}, kind)


def test_the_schema_judges_what_is_not_ordinary(monkeypatch):
    monkeypatch.setattr(nbbase, "validate", nbbase.validate)
    outputs.check_sooner()
    assert nbbase.new_output("stream", text=["un", "deux"]).text == ["un", "deux"]
    assert nbbase.new_output("error", ename="A", evalue="b", traceback=[]).ename == "A"
    for kind, fields in [("stream", {"text": 3}), ("display_data", {"data": {"text/plain": 3}})]:
        with pytest.raises(ValidationError):
            nbbase.new_output(kind, **fields)

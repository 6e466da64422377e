"""The process that draws the charts of a batch: what it draws, what it refuses, when it starts and when it ends."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

import copkit as ck
from copkit.batch import painter
from copkit.presentation import drawing

spawn = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def studio():
    """A painter: the process where it draws is real."""
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=painter.serve, args=(theirs, os.getpid()), daemon=True)
    process.start()
    theirs.close()
    yield painter.Painter(ours)
    ours.close()
    process.join(20)
    assert process.exitcode == 0  # it ends with those who ask


def test_a_chart_drawn_elsewhere_is_the_chart_drawn_here(studio):
    p = ck.panorama("dep-59")
    specs = [chart(p).to_dict() for chart in (ck.charts.panorama, ck.charts.sectors, ck.charts.grades)]
    with ThreadPoolExecutor(3) as threads:
        drawn = list(threads.map(lambda spec: studio.svg(drawing.wanted(spec)), specs))
    assert drawn == [drawing.draw(drawing.wanted(spec)) for spec in specs]


def test_a_chart_that_cannot_be_drawn_says_why_and_the_next_one_is_drawn(studio):
    with pytest.raises(ValueError, match="Vega-Lite to Vega conversion failed"):
        studio.svg(drawing.wanted({"mark": {"type": "inconnue"}, "encoding": {"x": {"field": []}}}))
    assert studio.svg(painter._rehearsal(1)).startswith("<svg")


def test_what_a_notebook_shows_is_drawn_before_it_is_asked_for_and_once(studio, monkeypatch):
    spec, asked = ck.charts.sectors(ck.panorama("reg-32")).to_dict(), []
    draw = studio._draw
    monkeypatch.setattr(studio, "_draw", lambda wanted: asked.append(wanted) or draw(wanted))
    studio.begin({"text/plain": "rien à dessiner"})
    studio.begin({drawing.MIME: spec})
    assert studio.svg(drawing.wanted(spec)) == studio.svg(drawing.wanted(spec))
    assert asked == [drawing.wanted(spec)]


@pytest.mark.parametrize("number", range(4))
def test_a_rehearsal_draws_what_the_charts_of_the_kit_are_made_of(number):
    drawn = drawing.draw(painter._rehearsal(number))
    assert drawn.count("<text") >= 18 and drawn.count("<path") >= 18 and "NaN" not in drawn


def test_marks_have_no_description_of_their_own_under_that_of_the_whole():
    spec = ck.charts.sectors(ck.panorama("reg-32")).to_dict()
    assert "aria-label" not in drawing.svg(spec)
    assert drawing.describe(spec).startswith("Part des secteurs")
    assert "aria" not in spec["config"]  # the specification itself is left as it was

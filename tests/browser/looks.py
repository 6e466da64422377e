"""How a page looks: what is wider than its window; words outside their chart, too small or over each other."""

OUTSIDE = """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter(text => {
        const box = text.getBoundingClientRect();
        return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
    }).map(text => text.textContent);
})"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('figure svg text')]
    .filter(t => t.textContent).map(t => parseFloat(getComputedStyle(t).fontSize)))"""
OVERLAPS = """most => [...document.querySelectorAll('figure svg')].slice(0, most).flatMap(svg => {
    const words = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim())
        .map(t => [t.textContent, t.getBoundingClientRect()]);
    const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
    return words.flatMap(([t, a], i) => words.slice(i + 1).filter(([, b]) => hit(a, b)).map(([u]) => [t, u]));
})"""


def fits_and_asks_nothing(page) -> None:
    """Nothing is wider than the window, nothing comes from a network, nothing is said."""
    for width in (360, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [address for address in page.asked if not address.startswith(("file:", "data:"))] == []
    assert page.said == []


def charts_are_readable(page) -> None:
    """No word of a chart is outside it, nor smaller than 12 px."""
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SMALLEST) >= 12

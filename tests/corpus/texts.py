"""Tables of text: encodings, separators, quotes, and what people and machines write in cells."""

from __future__ import annotations

import csv
import io
import unicodedata

from . import damage, each

TEXT = (".csv",)
HOSTILE = {
    "html": "<script>alert(1)</script><b>",
    "formula": '=HYPERLINK("http://x";"y")',
    "escape_sequence": "\x1b[2J\x1b]0;x\x07",
    "right_to_left": "\u202eabc\u2066",
    "no_break_spaces": "1\u00a0234\u202f567,5\u2009€",
    "infinity": "inf",
    "not_a_number": "nan",
    "infinity_sign": "-∞",
    "huge": "1e308",
    "beyond_all": "1e999",
    "digits": "9" * 60_000,
    "date_of_a_number": "45321",
    "date_that_is_none": "31/02/2024",
    "date_far": "99999-99-99",
    "code_as_an_integer": "1004",
    "code_as_a_decimal": "59350.0",
    "other_figures": "١٢٣ ４５６ Ⅻ ½ ²",
    "emoji": "👩‍🌾" * 50,
    "zero_width": "Vé\u200blo\ufeff",
    "marks_without_end": "e" + "\u0301" * 5000,
    "path": "../../../../etc/passwd",
    "braces": "{0.__class__} %s %n $x$ ${x}",
    "long_word": "a" * 60_000,
    "many_levers": "Gestion des haies ; Vélo ; Covoiturage ; " * 130,
    "many_places": "Lille ; Amiens ; " * 300,
    "many_numbers": "1 234 " * 300,
    "many_brackets": "(" * 1000,
    "many_points": "1." * 1000,
    "many_spaces": "1" + " " * 2_000 + "€",
    "blank": " \t\u00a0",
}


def rows_of(content: bytes) -> tuple[list[list[str]], str]:
    text = content.decode("utf-8-sig")
    mark = max(";,", key=text.splitlines()[0].count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark)), mark


def table_of(rows: list[list[str]], mark: str = ";", end: str = "\n") -> bytes:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=mark, lineterminator=end).writerows(rows)
    return made.getvalue().encode("utf-8", "surrogatepass")


LONG = ("digits", "many_levers", "many_places", "many_numbers", "many_points", "long_word", "many_spaces")


def in_each_cell(*texts: str):
    """After a sound row, one for each text, which each of its cells holds."""

    def make(content, rng):
        rows, mark = rows_of(content)
        return table_of([*rows[:2], *([text] * len(rows[0]) for text in texts), *rows[2:3]], mark)

    return make


each({"odd_words": in_each_cell(*(text for name, text in HOSTILE.items() if name not in LONG))}, *TEXT)
each({name: in_each_cell(HOSTILE[name]) for name in LONG}, *TEXT)


@damage(*TEXT)
def odd_ends(content, rng):
    """The same words after what each cell holds."""
    rows, mark = rows_of(content)
    words = [text for name, text in HOSTILE.items() if name not in LONG]
    return table_of([rows[0], *([cell + word for cell in rows[1]] for word in words)], mark)


def encoded(encoding: str, errors: str = "replace"):
    return lambda content, rng: content.decode().encode(encoding, errors)


each(
    {f"in_{name.replace('-', '_')}": encoded(name) for name in (*("cp1252", "utf-16", "utf-16-le"), "utf-7", "cp037")},
    *TEXT,
)


def separated(mark: str):
    return lambda content, rng: table_of(rows_of(content)[0], mark)


each({f"separated_{n}": separated(mark) for n, mark in enumerate((",", "\t", "|", " ", ":"))}, *TEXT)


@damage(*TEXT)
def accents_apart(content, rng):
    return unicodedata.normalize("NFD", content.decode()).encode()


@damage(*TEXT)
def accents_lost(content, rng):
    return unicodedata.normalize("NFD", content.decode()).encode("ascii", "ignore")


@damage(*TEXT)
def encoded_twice(content, rng):
    return content.decode().encode().decode("latin-1").encode()


@damage(*TEXT)
def foreign_bytes(content, rng):
    made = bytearray(content)
    for _ in range(10):
        made.insert(rng.randrange(len(made)), rng.choice((0x00, 0xFF, 0x80, 0xC0, 0xED)))
    return bytes(made)


@damage(*TEXT)
def half_characters(content, rng):
    rows, mark = rows_of(content)
    return table_of([rows[0], [cell + "\ud83d" for cell in rows[1]]], mark)


@damage(*TEXT)
def cut(content, rng):
    return content[: rng.randrange(1, len(content))]


@damage(*TEXT)
def quotes_anywhere(content, rng):
    made = bytearray(content)
    for _ in range(rng.randrange(1, 9)):
        made.insert(rng.randrange(len(made)), 0x22)
    return bytes(made)


@damage(*TEXT)
def quotes_alone(content, rng):
    return content + b'"' * 30_000


@damage(*TEXT)
def quotes_and_marks(content, rng):
    return content + b';"' * 10_000 + b"\n" + b'"";' * 10_000


@damage(*TEXT)
def marks_alone(content, rng):
    return b";" * 200_000


@damage(*TEXT)
def header_without_end(content, rng):
    return b";".join(b"h%d" % n for n in range(40_000)) + b"\n1;2\n"


@damage(*TEXT)
def lines_without_end(content, rng):
    return content.splitlines()[0] + b"\n" * 200_000


@damage(*TEXT)
def no_end_of_line(content, rng):
    return content.replace(b"\r", b"").replace(b"\n", b"")


@damage(*TEXT)
def ends_of_mac(content, rng):
    return content.replace(b"\n", b"\r")


@damage(*TEXT)
def header_alone(content, rng):
    return content.splitlines()[0]


@damage(*TEXT)
def header_twice(content, rng):
    rows, mark = rows_of(content)
    return table_of([one + one for one in rows], mark)


@damage(*TEXT)
def header_lost(content, rng):
    return b"\n".join(content.splitlines()[1:])


@damage(*TEXT)
def header_in_capitals(content, rng):
    first, *rest = content.decode().splitlines()
    return "\n".join([first.upper(), *rest]).encode()


@damage(*TEXT)
def rows_shifted(content, rng):
    rows, mark = rows_of(content)
    return table_of([rows[0], *(["", *one] for one in rows[1:])], mark)


@damage(*TEXT)
def rows_mixed(content, rng):
    rows, mark = rows_of(content)
    return table_of([rows[0], *(rng.sample(one, len(one)) for one in rows[1:])], mark)


@damage(*TEXT)
def same_row_often(content, rng):
    rows, mark = rows_of(content)
    return table_of([rows[0], *([rows[1]] * 300)], mark)


@damage(*TEXT)
def nothing(content, rng):
    return b""


@damage(*TEXT)
def spaces(content, rng):
    return b" \n\t\n" * 100


@damage(*TEXT)
def zeros(content, rng):
    return b"\0" * 10_000


@damage(*TEXT)
def picture(content, rng):
    return b"\x89PNG\r\n\x1a\n" + bytes(rng.randrange(256) for _ in range(3000))

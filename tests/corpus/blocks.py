"""YAML and JSON: blocks in blocks, blocks that stand for others, values that are not what they look like."""

from __future__ import annotations

import json
import re

from . import damage, each

YAML, JSON = (".yml",), (".json",)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


def instead(text: str):
    """A text in place of the file."""
    return lambda content, rng: text.encode("utf-8", "surrogatepass")


def with_value(text: str):
    """A value of the file, drawn at random, replaced."""

    def make(content, rng):
        lines = content.decode().splitlines()
        places = [n for n, line in enumerate(lines) if re.match(r"\s*[\w-]+: \S", line)]
        if places:
            at = rng.choice(places)
            lines[at] = re.match(r"\s*[\w-]+: ", lines[at])[0] + text
        return "\n".join(lines).encode()

    return make


VALUES = {
    "infinite": ".inf",
    "not_a_number": ".nan",
    "sixtieths": "1:30",
    "octal": "0755",
    "hexadecimal": "0xFF",
    "digits": "9" * 5000,
    "beyond_all": "1.0e+999",
    "nothing": "~",
    "truth": "yes",
    "date": "2024-01-01",
    "date_that_is_none": "2024-13-45",
    "date_and_time": "2001-12-14t21:59:43.10-05:00",
    "python_object": "!!python/object/apply:os.system [echo]",
    "bytes": "!!binary R0lGODlh",
    "set": "!!set {a, b}",
    "pairs": "!!omap [a: 1]",
    "list": "[1, [2, [3]]]",
    "block": "{a: {b: c}}",
    "alias_of_itself": "&z [*z]",
    "anchor": "&a x",
    "alias_of_nothing": "*nothing",
    "many_brackets": "[" * 500 + "]" * 500,
    "text_of_blocks": "'" + "[" * 3000 + "'",
    "tab": "\t1",
    "empty": "''",
    "long_text": "a" * 50_000,
    "controls": '"\\0\\e[31m"',
    "half_character": '"\\ud83d"',
}
each({f"value_{name}": with_value(text) for name, text in VALUES.items()}, *YAML)
each(
    {
        "laughs": instead(BOMB),
        "merged": instead("a: &a {x: 1}\nb: {<<: *a}\n"),
        "merged_by_doubling": instead(
            "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30))
        ),
        "keys_of_lists": instead("? [a, b]\n: 1\n"),
        "keys_of_blocks": instead("{{a: b}: 1}\n"),
        "keys_of_numbers": instead("1: a\n2: b\n3.5: c\n~: d\ntrue: e\n"),
        "same_key": instead("a: 1\na: 2\na: 3\n"),
        "same_key_of_blocks": instead("a: {source: x}\na: [1]\nvalid: {source: [x]}\nvalid: 3\n"),
        "deep_lists": instead("[" * 20_000),
        "deep_blocks": instead("".join(" " * n + "a:\n" for n in range(300))),
        "deep_dashes": instead("- " * 20_000 + "a"),
        "deep_questions": instead("? " * 20_000 + "a"),
        "two_documents": instead("a: 1\n---\nb: 2\n"),
        "directive": instead("%YAML 9.9\n---\na: 1\n"),
        "a_word": instead("bonjour"),
        "a_number": instead("12"),
        "a_list": instead("- a\n- b\n"),
        "nothing": instead(""),
        "comment_alone": instead("# rien\n"),
        "quote_open": instead("a: 'b\nc: d\n"),
        "tabs": instead("a:\n\tb: 1\n"),
        "zeros": instead("\0" * 100),
        "half_character": instead("a: \ud83d\n"),
    },
    *YAML,
)


def json_with(text: str):
    """A value of the file, drawn at random, replaced."""

    def make(content, rng):
        places = [
            found.span(1)
            for found in re.finditer(r':\s*("(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null)', content.decode())
        ]
        start, end = rng.choice(places)
        made = content.decode()
        return (made[:start] + text + made[end:]).encode("utf-8", "surrogatepass")

    return make


JSON_VALUES = {
    "infinite": "Infinity",
    "not_a_number": "NaN",
    "beyond_all": "1e999",
    "beyond_below": "-1e999",
    "huge": "1e308",
    "digits": "9" * 5000,
    "nothing": "null",
    "truth": "true",
    "number": "-1.5",
    "list": "[[[1]]]",
    "block": '{"a": {"b": null}}',
    "half_character": '"\\ud83d"',
    "zero": '"\\u0000"',
    "controls": '"\\u001b[31m"',
    "long_text": '"' + "a" * 50_000 + '"',
    "many_brackets": "[" * 400 + "]" * 400,
    "very_deep": "[" * 100_000 + "]" * 100_000,
    "text_of_brackets": '"' + "[{" * 3000 + '"',
    "same_key": '{"a": 1, "a": 2}',
    "empty_key": '{"": 1}',
    "no_quotes": "bonjour",
    "single_quotes": "'x'",
    "date": '"2024-13-45"',
}
each({f"value_{name}": json_with(text) for name, text in JSON_VALUES.items()}, *JSON)
each(
    {
        "deep": instead("[" * 100_000),
        "deep_objects": instead('{"a":' * 50_000 + "1" + "}" * 50_000),
        "a_number": instead("9" * 6000),
        "a_word": instead('"bonjour"'),
        "nothing": instead(""),
        "null": instead("null"),
        "an_empty_list": instead("[]"),
        "list_of_anything": instead('[1, "a", null, {}, []]'),
        "many_keys": instead("{" + ",".join(f'"k{n}": {n}' for n in range(60_000)) + "}"),
        "same_key_often": instead("{" + ",".join(['"k": 1'] * 30_000) + "}"),
        "page": instead("<!DOCTYPE html><title>Connexion</title>"),
        "refusal": instead('{"errors": [{"message": "Not <b>found</b>"}, 3, null], "data": null}'),
        "refusal_of_another_shape": instead('{"errors": {"message": "x"}}'),
        "refusal_alone": instead('{"errors": "x"}'),
    },
    *JSON,
)


@damage(*JSON)
def cut(content, rng):
    return content[: rng.randrange(1, len(content))]


@damage(*JSON)
def in_utf_16(content, rng):
    return content.decode().encode("utf-16")


@damage(*JSON)
def in_latin(content, rng):
    return content.decode().encode("cp1252", "replace") + b"\xe9"


def _branches(value: object, at: tuple = ()):
    yield at
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from _branches(one, (*at, key))


def branch(new: object):
    """A block or a value of the file, drawn at random, replaced by one of another kind."""

    def make(content, rng):
        whole = json.loads(content)
        *above, last = rng.choice([at for at in _branches(whole) if at])
        block = whole
        for step in above:
            block = block[step]
        block[last] = new
        return json.dumps(whole).encode()

    return make


KINDS = {
    "text": "x",
    "list": [1],
    "object": {"a": 1},
    "null": None,
    "number": 3,
    "truth": True,
    "objects": [{"a": 1}, None],
}
each({f"branch_{name}_{n}": branch(new) for name, new in KINDS.items() for n in range(3)}, *JSON)


@damage(*JSON)
def branch_lost(content, rng):
    whole = json.loads(content)
    *above, last = rng.choice([at for at in _branches(whole) if at])
    block = whole
    for step in above:
        block = block[step]
    del block[last]
    return json.dumps(whole).encode()

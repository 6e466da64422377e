"""What is said around figures: Markdown sentences, and notes where there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from copkit import escaping, french


class Text(str):
    """A Markdown text: a template written in the code, in which every value is shown as it is typed.

    >>> Text("**{n}** : {title}", n=3, title="*Haies*")
    '**3** : &#42;Haies&#42;'
    """

    def __new__(cls, template: str = "", /, *values: object, **named: object) -> Text:
        """``template`` is a constant of the code; another Text is put in as it is, any other value is escaped."""
        marked = {name: _marked(value) for name, value in named.items()}
        return super().__new__(cls, template.format(*map(_marked, values), **marked))

    @classmethod
    def joined(cls, parts: Iterable[str], between: str = "\n\n") -> Text:
        """Paragraphs, or parts of a sentence, one after the other; those that are empty left out."""
        return str.__new__(cls, between.join(filter(None, map(_marked, parts))))

    @classmethod
    def bullets(cls, lines: Iterable[str]) -> Text:
        """A list, one line each."""
        return str.__new__(cls, "\n".join(f"- {_marked(line)}" for line in lines))

    @classmethod
    def link(cls, label: str, address: str) -> Text:
        """A link; what could end its address in Markdown is written as in an address.

        >>> Text.link("*ici*", "https://exemple.invalid/a(b) c")
        '[&#42;ici&#42;](https://exemple.invalid/a%28b%29%20c)'
        """
        return str.__new__(cls, f"[{_marked(label)}]({quote(address, safe=':/?#@!$&=+,;%~-._')})")

    @classmethod
    def code(cls, typed: str) -> Text:
        """What is to be typed: nothing in it is obeyed, and nothing ends it.

        >>> Text.code("copkit run reg-32 -p points_forts=`a`")
        '`copkit run reg-32 -p points_forts=a`'
        """
        return str.__new__(cls, f"`{' '.join(escaping.terminal(typed).replace('`', '').split())}`")

    @property
    def plain(self) -> str:
        """The same for a terminal, where nothing is escaped."""
        return escaping.unmarked(self)

    def _repr_markdown_(self) -> str:
        return french.typeset(str(self))


def _marked(value: object) -> str:
    return str(value) if isinstance(value, Text) else escaping.markdown(str(value))


@dataclass(frozen=True)
class Note:
    """What stands where a chart or a table has nothing to show: a sentence that says why."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"*{escaping.markdown(french.typeset(self.text))}*"


def lower(label: str) -> str:
    """A label inside a sentence.

    >>> lower("Gestion des haies")
    'gestion des haies'
    """
    return label[:1].lower() + label[1:]

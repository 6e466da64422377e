"""What notebooks show, checked sooner: jsonschema takes a fifth of the time of the process that makes documents."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nbformat.v4 import nbbase

_KEYS = {
    "stream": {"output_type", "name", "text"},
    "display_data": {"output_type", "data", "metadata"},
    "execute_result": {"output_type", "data", "metadata", "execution_count"},
}
_JSON = re.compile(r"application/(.*\+)?json")


def check_sooner() -> None:
    """In this process, leave to the schema of notebooks only the outputs that are not of the most ordinary kinds."""
    by_schema = nbbase.validate

    def validate(node: Mapping, ref: str | None = None) -> None:
        if not is_ordinary(node, ref):
            by_schema(node, ref)

    nbbase.validate = validate


def is_ordinary(node: Mapping, kind: str | None) -> bool:
    """Whether the schema surely allows an output: a text that is written, or texts and JSON that are displayed."""
    if node.get("output_type") != kind or node.keys() != _KEYS.get(kind):
        return False
    if kind == "stream":
        return isinstance(node["name"], str) and isinstance(node["text"], str)
    if not isinstance(node["data"], dict) or not isinstance(node["metadata"], dict):
        return False
    count = node.get("execution_count")
    if count is not None and (type(count) is not int or count < 0):
        return False
    return all(isinstance(shown, str) or _JSON.fullmatch(name) for name, shown in node["data"].items())

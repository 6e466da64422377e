"""What a notebook needs to run the same in JupyterLab, under Papermill and under Voilà."""

from __future__ import annotations

import os
from urllib.parse import parse_qs


def parameter(name: str, value):
    """La valeur d'un paramètre : celle du lien (``?territoire=reg-76`` sous Voilà), sinon celle du carnet.

    >>> parameter("territoire", "reg-32")
    'reg-32'
    """
    given = parse_qs(os.environ.get("QUERY_STRING", "")).get(name)
    return type(value)(given[-1]) if given else value

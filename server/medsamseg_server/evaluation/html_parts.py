"""What reports as HTML are made of: one page that needs nothing else, with its pictures in it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1200px; padding: 0 1em; color: #1a1a1a; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; margin: .7em 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #ddd; padding: .25em .7em; text-align: right; white-space: nowrap; }
th { background: #f4f4f4; } td:first-child, th:first-child, td.text { text-align: left; white-space: normal; }
tr.best td { font-weight: 600; } .low { color: #b00020; } .small { color: #555; font-size: .9em; }
summary { cursor: pointer; padding: .3em 0; } details { border-top: 1px solid #ddd; }
figure { display: inline-block; margin: .4em; vertical-align: top; width: 265px; }
figcaption { font-size: .82em; } img { max-width: 260px; background: #000; }
figure.wide { width: 525px; } figure.wide img { max-width: 520px; }
.key { display: inline-block; width: 1em; height: .8em; margin: 0 .3em 0 1em; }
"""


def page(title: str, about: Mapping[str, Any], parts: Iterable[str]) -> str:
    """Return a whole page.

    Args:
        title: its name and heading.
        about: facts by name, for the line below the heading.
        parts: HTML.
    """
    facts = " · ".join(f"{escape(str(key))}: {escape(str(value))}" for key, value in about.items())
    head = [
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>",
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1><p class=small>{facts}</p>",
    ]
    return "\n".join([*head, *parts])


def figure(
    content: bytes, name: str, caption: str, kind: str = "png", link: str | None = None, is_wide: bool = False
) -> str:
    """Return a picture with its caption, as HTML that holds the picture.

    Args:
        content: the picture's file.
        name: what stands for the picture where it is not shown.
        caption: HTML below it.
        kind: format of the file, as in its media type ``image/KIND``.
        link: where a click on the picture leads, if anywhere.
        is_wide: twice as wide as others.
    """
    data = base64.b64encode(content).decode("ascii")
    image = f"<img alt='{escape(name)}' src='data:image/{kind};base64,{data}'>"
    if link is not None:
        image = f"<a href='{escape(link)}'>{image}</a>"
    return f"<figure{' class=wide' * is_wide}>{image}<figcaption>{caption}</figcaption></figure>"

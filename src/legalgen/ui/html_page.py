"""The frame of a page of one file: its head, its policy, the colours, and what stands on top.

A page needs nothing else: no font, no picture, no style from elsewhere. Its policy (a
Content-Security-Policy) lets nothing load and nothing run but what the page itself names.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

NO_SCRIPTS: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""The policy of a page without scripts."""

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #5b626b; --back: #ffffff;
  --line: #d8dce1; --accent: #1f6f8b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ea; --dim: #9aa3ad; --back: #14171a; --line: #343a41;
    --accent: #5cb6d3; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: var(--ink); background: var(--back);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
.dim { color: var(--dim); font-size: .875rem; }
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{header}
{body}
</body>
</html>
"""

_HEADER: Final = """<header>
<h1>{title}</h1>
<p class="dim">{about} Written <time>{written}</time>.
Synthetic text; not legal advice, and nobody has checked the law in it.</p>
</header>"""


def html_page(
    body: str,
    *,
    title: str,
    about: str,
    written: datetime,
    style: str,
    policy: str = NO_SCRIPTS,
) -> str:
    """The page around ``body``, which is HTML; ``title`` and ``about`` (a sentence) are text.

    ``written`` is UTC; ``style`` is what the page adds to the style of all.
    """
    header = _HEADER.format(
        title=escape(title), about=escape(about), written=f"{written:%Y-%m-%d %H:%M} UTC"
    )
    return _PAGE.format(
        policy=policy, title=escape(title), style=_STYLE + style, header=header, body=body
    )

"""Web pages and broken replies where an API's reply belongs, and addresses that lead to them.

Who reads a failure's message finds these words at its beginning: what refused is no API, so that
its status says nothing of the key, and nothing of the model.
"""

from __future__ import annotations

from legalgen.errors.patterns import pattern

LED_ON = "the address leads to"
WEB_PAGE = "a web page"
LOGIN_PAGE = "a page that asks for a login"
CUT_OFF = "the reply was cut off"
NO_HTTP = "the reply is no valid HTTP"
HUNG_UP = pattern(
    r"disconnected\swithout\ssending|connection\s(?:was\s)?(?:reset|aborted)|broken\spipe|forcibly\sclosed"
)
"""How httpcore and the systems say that a server ended a connection in place of a reply."""

_READ = 20_000
"""Characters of a page that are looked at."""
_HEADING = r"<(?:title|h1|h2)\b[^>]{0,200}>[^<]{0,200}"
_LOGIN = pattern(
    r"<input\b[^>]{0,200}\btype\s*=\s*[\"']?password",
    rf"{_HEADING}\b(?:log|sign)[\s-]?(?:in|on)\b",
    rf"{_HEADING}(?:\bsso\b|\banmelden\b|\bconnexion\b|\biniciar\ssesi[óo]n\b|登录|ログイン)",
)
BLOCK_PAGE = pattern(
    r"\b(?:not|n[o']t)\s(?:allowed|permitted|authori[sz]ed)\sto\s(?:visit|access|view|browse|open|reach)\b|\bblocked\b|\bdenied\b"
    r"|\bzscaler\b|\bnetskope\b|\bforti(?:guard|gate|net|web)\b|\b(?:web|url)\s?(?:filter|gateway|protection|security)\w*"
    r"|\binternet\s(?:security|usage|access)\b|\b(?:company|corporate|security|acceptable\suse|usage)\spolicy\b|拦截|阻断"
)
"""What a page says that a company's filter puts in the place of an API's reply."""


def kind_of_page(page: str) -> str:
    """What a page is, in the words that a message begins with."""
    return LOGIN_PAGE if _LOGIN.search(page[:_READ]) else WEB_PAGE

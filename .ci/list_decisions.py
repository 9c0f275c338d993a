"""A hook of the documentation's build: the page of decisions lists every one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = "adr/index.md"


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_more: Any) -> str:
    """Return the page's text, with the list where it is that page."""
    if page.file.src_uri != PAGE:
        return markdown
    files = sorted(Path(config.docs_dir, "adr").glob("[0-9]*.md"))
    titles = [(one.name, one.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")) for one in files]
    return f"{markdown}\n" + "\n".join(f"- [{title}]({name})" for name, title in titles) + "\n"

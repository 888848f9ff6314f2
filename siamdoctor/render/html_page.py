"""The pieces of every HTML page: one file, offline, without scripts. All text enters through `text`."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from siamdoctor.render.prose import blocks, inline_code, printable

# Nothing is fetched and nothing runs, whatever a file name might hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str) -> str:
    """A whole document."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the report</a>\n<main id="main">\n{body}\n</main>\n</body>\n</html>\n'
    )


def text(content: str) -> str:
    """Text with nothing of it taken for markup."""
    return escape(printable(content), quote=True)


def rich_text(content: str) -> str:
    """A line of text whose pieces between backticks are code."""
    pieces = inline_code(content)
    return "".join(f"<code>{text(p)}</code>" if code else text(p) for p, code in pieces)


def prose(content: str) -> str:
    """Paragraphs, bullets and code."""
    shown, in_list = [], False
    for block in blocks(content):
        if (block.kind == "bullet") != in_list:
            in_list = not in_list
            shown.append("<ul>" if in_list else "</ul>")
        if block.kind == "code":
            shown.append(f'<pre tabindex="0"><code>{text(block.text)}</code></pre>')
        else:
            tag = "li" if block.kind == "bullet" else "p"
            shown.append(f"<{tag}>{rich_text(block.text)}</{tag}>")
    if in_list:
        shown.append("</ul>")
    return "\n".join(shown)


def table(caption: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], *, of: str = "") -> str:
    """A table; cells are HTML already, the first of each row is its heading.

    `of` says whose table it is where a page has several with one caption: screen readers list them by name.
    """
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows
    )
    named = f"{caption}: {of}" if of else caption
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{named}"><table><caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def sentences(items: tuple[str, ...]) -> str:
    """Sentences as a list."""
    return "<ul>\n" + "\n".join(f"<li>{rich_text(item)}</li>" for item in items) + "\n</ul>"


@cache
def _style() -> str:
    """The style sheet of the package."""
    return files("siamdoctor.render").joinpath("page.css").read_text(encoding="utf-8")

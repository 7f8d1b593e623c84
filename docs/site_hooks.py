"""Hooks of the site: the notebook as a page, and pages that may link to files outside ``docs``.

A link such as ``../results/table2.md`` works where the repository is browsed; here it is made to work on the
site, by taking the files that are linked along.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page


DOCS = "docs"
NOTEBOOK = "walkthrough.ipynb"
TAKEN_ALONG = ("CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE", "results/**/*.*")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)((?:#[^)\s]*)?)(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the notebook's page and the repository's files that pages may link to."""
    docs = Path(config.docs_dir)
    text = markdown(json.loads((docs / NOTEBOOK).read_text(encoding="utf-8")))
    files.append(File.generated(config, str(Path(NOTEBOOK).with_suffix(".md")), content=text))
    for pattern in TAKEN_ALONG:
        for path in sorted(docs.parent.glob(pattern)):
            files.append(
                File.generated(
                    config,
                    path.relative_to(docs.parent).as_posix(),
                    abs_src_path=str(path),
                    inclusion=InclusionLevel.NOT_IN_NAV,
                )
            )
    return files


def on_page_markdown(text: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links that leave ``docs``, or come from outside it, to where their file is on the site."""
    here = page.file.src_uri
    outside = any(
        Path(here).match(pattern.replace("**/", "")) or here.startswith("results/") for pattern in TAKEN_ALONG
    )
    home = posixpath.dirname(here if outside else posixpath.join(DOCS, here))

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(home, link[1]))
        uri = target.removeprefix(f"{DOCS}/")
        return posixpath.relpath(uri, posixpath.dirname(here) or ".") + link[2]

    return LINK.sub(moved, text)


def markdown(notebook: Mapping[str, Any]) -> str:
    """Return a notebook as Markdown: prose, code, what it printed, its pictures.

    Examples
    --------
    >>> print(markdown({"cells": [{"cell_type": "markdown", "source": ["# Title"]}]}))
    # Title
    """
    parts: list[str] = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        outputs = cell.get("outputs", ())
        if printed := "".join("".join(output.get("text", "")) for output in outputs):
            parts.append(f"```text\n{printed.rstrip()}\n```")
        title = re.search(r'title="([^"]*)"', source)
        parts += [
            f"![{title[1] if title else 'A picture'}](data:image/png;base64,{''.join(data).strip()})"
            for output in outputs
            if (data := output.get("data", {}).get("image/png"))
        ]
    return "\n\n".join(parts)

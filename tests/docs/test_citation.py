"""How to cite the package is stated, for this version."""

from pathlib import Path

import pytest

import edgewise


def test_citation():
    yaml = pytest.importorskip("yaml")
    stated = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))
    assert stated["cff-version"] == "1.2.0"
    assert stated["version"] == edgewise.__version__
    assert {"message", "title", "authors", "license"} <= set(stated)
    assert stated["license"] == "MIT"
    (paper,) = stated["references"]
    assert [author["family-names"] for author in paper["authors"]] == ["Yu", "Zeng", "Zhang", "Lin", "Jin"]
    assert paper["identifiers"][0]["value"] == "arXiv:2109.10770"

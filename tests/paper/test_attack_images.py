"""The picture of one image under each attack: figures and page agree, and an empty store shows nothing."""

import numpy as np

from edgewise.paper.pictures import attack_images as images
from edgewise.paper.report import images as page
from edgewise.paper.report.evidence import Evidence
from edgewise.store import Fact, Store


def test_the_fact_and_its_section():
    cell = images.cell(train=60, data="digits", net="shallow")
    figures = images.work(cell)
    assert set(figures["made"]) == {"fgsm", "pgd", "deepfool", "cw", "ddn"}
    for made in figures["made"].values():
        moved = np.linalg.norm(np.array(made["point"]) - figures["original"])
        assert abs(moved - made["distance"]) < 1e-3
        assert made["found"] == (made["label"] != figures["label"])
    with Store(":memory:") as store:
        assert page.sections(Evidence(store)) == []
        store.put(Fact(cell, figures))
        (section,), (again,) = page.sections(Evidence(store)), page.sections(Evidence(store))
    assert section == again
    figure, table = section.blocks
    assert figure.media == "image/svg+xml"
    assert len(table.rows) == 5
    for name, _before, after, _crossed, distance, _largest in table.rows:
        assert after == figures["made"][name]["label"]
        assert distance == f"{figures['made'][name]['distance']:.4f}"

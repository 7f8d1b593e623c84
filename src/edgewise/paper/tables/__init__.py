"""The paper's numbers, its tables run again, and verdicts on its claims. `TABLES` lists the tables."""

from __future__ import annotations

from collections.abc import Mapping

from edgewise.registry import Row


TABLES: Mapping[str, Row] = {
    "table2": Row("edgewise.paper.tables.table2:Table2", "Table 2: 1-NN trained with adversarial examples"),
    "table3": Row(
        "edgewise.paper.tables.table3:Table3", "Table 3: shadow 1-NN from a victim, by query budget"
    ),
    "table4": Row(
        "edgewise.paper.tables.table4:table4", "Table 4: 1-NN with gradient attacks, by budget", extra="torch"
    ),
    "table5": Row(
        "edgewise.paper.tables.table5:table5",
        "Table 5: kernel ridge with gradient attacks, by budget",
        extra="torch",
    ),
    "table6": Row(
        "edgewise.paper.tables.table6:Table6",
        "Table 6: VGG-16 on CIFAR-10 with gradient attacks",
        extra="torch",
    ),
    "table6-small": Row(
        "edgewise.paper.tables.table6:small",
        "Table 6 at the size of a CPU: VGG-16 of a quarter of the width",
        extra="torch",
    ),
    "table7": Row(
        "edgewise.paper.tables.table7:Table7", "Table 7: active learning on MNIST with LeNet", extra="torch"
    ),
}

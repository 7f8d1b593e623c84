"""The data sets that have a name: one row each."""

from __future__ import annotations

from collections.abc import Mapping

from edgewise.registry import Row


_SMALL = {"train": 60, "held_out": 10, "test": 20}

DATASETS: Mapping[str, Row] = {
    "halfmoon": Row("edgewise.data.synthetic:Halfmoon", "Table 1; generated", small=_SMALL),
    "abalone": Row("edgewise.data.tables:Abalone", "Table 1; UCI", ("files",), _SMALL),
    "cancer": Row("edgewise.data.tables:Cancer", "section 5.2; UCI", ("files",), _SMALL),
    "australian": Row("edgewise.data.tables:Australian", "section 5.2; UCI", ("files",), _SMALL),
    "covtype": Row("edgewise.data.tables:Covtype", "section 5.2; UCI", ("files",), _SMALL),
    "digits": Row("edgewise.data.images:Digits", "scikit-learn; UCI", small=_SMALL),
    "digits-1v7": Row("edgewise.data.images:Digits1v7", "scikit-learn; UCI", small=_SMALL),
    "mnist-1v7": Row("edgewise.data.images:Mnist1v7", "Table 1", ("files",), _SMALL),
    "mnist": Row("edgewise.data.images:Mnist", "Table 1", ("files",), _SMALL),
    "cifar10": Row("edgewise.data.images:Cifar10", "Table 1", ("files",), _SMALL),
}

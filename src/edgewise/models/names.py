"""The models that have a name: one row each."""

from __future__ import annotations

from collections.abc import Mapping

from edgewise.registry import Row


MODELS: Mapping[str, Row] = {
    "k-nn": Row("sklearn.neighbors:KNeighborsClassifier", "scikit-learn", small={"n_neighbors": 1}),
    "nadaraya-watson": Row(
        "edgewise.models.nadaraya_watson:NadarayaWatsonClassifier", "Nadaraya 1964, Watson 1964; section 3"
    ),
    "kernel-ridge": Row("edgewise.models.kernel_ridge:KernelRidgeClassifier", "section 3; Table 5"),
    "network": Row(
        "edgewise.models.net_classifier:NetClassifier",
        "section 5; ShallowNet, LeNet-5, VGG-16",
        small={"epochs": 5},
        extra="torch",
    ),
}

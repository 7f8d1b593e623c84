"""One flipped bit in a checkpoint is noticed, or does not change what is read."""

import random

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.digests import digest
from edgewise.models.checkpoint import Snapshot
from edgewise.models.net_classifier import NetClassifier


def test_no_flipped_bit_of_a_checkpoint_is_read_as_right(tmp_path):
    path = tmp_path / "net.pt"
    X = np.random.default_rng(0).normal(size=(60, 4))
    NetClassifier(epochs=2, checkpoint=path).fit(X, X[:, 0] > 0)
    with pytest.raises(InputError, match="other settings"):
        Snapshot.start(path, "another")
    whole, rng, noticed = path.read_bytes(), random.Random(0), 0
    key = kept_key(path)
    values = digest(vars(Snapshot.start(path, key)) | {"path": None})
    for _ in range(400):
        harmed = bytearray(whole)
        harmed[rng.randrange(len(harmed))] ^= 1 << rng.randrange(8)
        path.write_bytes(harmed)
        try:
            got = Snapshot.start(path, key)
        except InputError:
            noticed += 1
        else:
            assert digest(vars(got) | {"path": None}) == values
    assert noticed > 100


def kept_key(path):
    import torch

    return torch.load(path, weights_only=True)["digest"]

"""A victim's file: what it declares is what is asked; what is wrong in it is said before anything is asked."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from edgewise.arrays import InputError
from edgewise.audit.victims.declared import open_victim
from edgewise.audit.victims.local import LocalModel
from edgewise.audit.victims.presets import PRESETS, at, filled
from edgewise.audit.victims.target import UnknownError
from edgewise.cli.audit import _places


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "victim.toml"
        file.write_text(text)
        return file

    return write


@pytest.fixture
def model():
    X = np.random.default_rng(0).normal(size=(60, 3))
    return LogisticRegression().fit(X, np.where(X[:, 0] > 0, "yes", "no")), X


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[victim", "not a TOML file"),
        ("[victim]\n", "needs one of function, file or url"),
        ('[victim]\nfunction = "a:b"\nurl = "http://x"\n', "needs one of"),
        ('[victim]\nfunktion = "a:b"\n', "did you mean 'function'"),
        ('[sending]\nchunk = 0\n[victim]\nfunction = "math:floor"\n', "chunk must be a whole number"),
        ('[sending]\nchunks = 1\n[victim]\nfunction = "math:floor"\n', "did you mean 'chunk'"),
        ('[victim]\nfunction = "nowhere_at_all:f"\n', "no module 'nowhere_at_all'"),
        ('[victim]\nfunction = "math:flor"\n', "has no 'flor'"),
        ('[victim]\nfile = "missing.onnx"\n', "there is no file"),
        ('[victim]\nurl = "http://127.0.0.1/"\n', "needs a preset"),
        ('[victim]\nurl = "http://127.0.0.1/"\npreset = "kserve"\n', "did you mean 'kserve-v1'"),
        ('[victim]\nurl = "http://example.com/"\npreset = "mlflow"\n', "name that host as well"),
        ('[victim]\nurl = "http://example.com/"\nhost = "example.com"\npreset = "mlflow"\n', "--authorised"),
        (
            '[victim]\nurl = "http://127.0.0.1/"\npreset = "mlflow"\n[victim.headers]\nAuthorization = "Bearer 123"\n',
            "looks like a secret",
        ),
        (
            '[victim]\nurl = "http://127.0.0.1/"\npreset = "mlflow"\n'
            '[victim.headers]\nX-Api-Key = "${NOT_SET_AT_ALL}"\n',
            "NOT_SET_AT_ALL, which is not set",
        ),
    ],
)
def test_mistakes_are_said(written, text, message):
    with pytest.raises(InputError, match=message):
        open_victim(written(text))


def test_another_host_needs_its_name_and_a_word(written):
    pytest.importorskip("httpx")
    file = written('[victim]\nurl = "http://example.com/m"\nhost = "example.com"\npreset = "mlflow"\n')
    target, _ = open_victim(file, authorised=True)
    assert target.name == "example.com/m"


def test_secrets_show_nowhere(written, monkeypatch):
    pytest.importorskip("httpx")
    monkeypatch.setenv("EDGEWISE_TEST_KEY", "s3cr3t-value")
    file = written(
        '[victim]\nurl = "http://127.0.0.1/m?key=${EDGEWISE_TEST_KEY}"\npreset = "mlflow"\n'
        '[victim.headers]\nAuthorization = "Bearer ${EDGEWISE_TEST_KEY}"\n'
    )
    target, _ = open_victim(file)
    assert "s3cr3t" not in repr(target) + target.name
    assert "s3cr3t" not in target._clean("the server says: Bearer s3cr3t-value is wrong")


def test_a_pickle_is_opened_only_when_named(written, tmp_path, model):
    import pickle

    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model[0]))
    with pytest.raises(InputError, match="A pickle can run any code"):
        open_victim(written('[victim]\nfile = "m.pkl"\n'))
    target, _ = open_victim(written('[victim]\nfile = "m.pkl"\npickle = true\n'))
    assert [reply.label for reply in target.send(model[1][:5])] == model[0].predict(model[1][:5]).tolist()


def test_skops(written, tmp_path, model):
    sio = pytest.importorskip("skops.io")
    sio.dump(model[0], tmp_path / "m.skops")
    target, _ = open_victim(written('[victim]\nfile = "m.skops"\nview = "scores"\n'))
    replies = target.send(model[1][:5])
    assert [reply.label for reply in replies] == model[0].predict(model[1][:5]).tolist()
    assert replies[0].scores["yes"] == pytest.approx(model[0].predict_proba(model[1][:1])[0, 1])


def test_onnx(written, tmp_path, model):
    pytest.importorskip("onnxruntime")
    convert = pytest.importorskip("skl2onnx")
    kept = convert.to_onnx(model[0], model[1].astype(np.float32)[:1], options={"zipmap": False})
    (tmp_path / "m.onnx").write_bytes(kept.SerializeToString())
    target, _ = open_victim(written('[victim]\nfile = "m.onnx"\n'))
    sent = target.as_sent(model[1][:20])
    assert np.array_equal(sent, model[1][:20].astype(np.float32))
    assert [reply.label for reply in target.send(sent)] == model[0].predict(sent).tolist()
    (tmp_path / "bad.onnx").write_text("no model")
    with pytest.raises(InputError, match="not an ONNX model"):
        open_victim(written('[victim]\nfile = "bad.onnx"\n'))


ROWS = [[1.0, 2.0], [3.0, 4.0]]
ANSWERS = {
    "open-inference-v2": {"outputs": [{"name": "label", "shape": [2], "datatype": "INT64", "data": [0, 1]}]},
    "kserve-v1": {"predictions": [0, 1]},
    "tf-serving": {"predictions": [[0.9, 0.1], [0.2, 0.8]]},
    "mlflow": {"predictions": [0, 1]},
    "mlflow-dataframe": {"predictions": [0, 1]},
    "hugging-face": [0, 1],
    "hugging-face-scores": [
        [{"label": "0", "score": 0.7}, {"label": "1", "score": 0.3}],
        [{"label": "1", "score": 0.6}, {"label": "0", "score": 0.4}],
    ],
}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_send_and_read_what_the_servers_speak(written, name):
    pytest.importorskip("httpx")
    target, _ = open_victim(written(f'[victim]\nurl = "http://127.0.0.1/"\npreset = "{name}"\n'))
    labels = [str(reply.label) for reply in target._read(ANSWERS[name], 2)]
    assert labels == ["0", "1"]
    body = filled(target.request, {"$rows": ROWS, "$flat": [1.0, 2.0, 3.0, 4.0], "$n": 2, "$d": 2})
    assert "$rows" not in json.dumps(body)
    assert "$flat" not in json.dumps(body)


@pytest.mark.parametrize(
    "answer",
    [{}, [], {"predictions": None}, {"predictions": [0]}, {"predictions": [0, 1, 0]}, {"predictions": [None, 1]},
     {"predictions": [float("nan"), 1]}, {"predictions": {"0": 1}}, "text", 3],
)  # fmt: skip
def test_answers_of_another_form_are_no_answers(written, answer):
    pytest.importorskip("httpx")
    target, _ = open_victim(written('[victim]\nurl = "http://127.0.0.1/"\npreset = "kserve-v1"\n'))
    with pytest.raises(UnknownError):
        target._read(answer, 2)


def test_scores_of_one_column_are_the_second_class(written):
    pytest.importorskip("httpx")
    text = '[victim]\nurl = "http://127.0.0.1/"\npreset = "tf-serving"\nclasses = ["no", "yes"]\nview = "scores"\n'
    target, _ = open_victim(written(text))
    replies = target._read({"predictions": [[0.9], [0.2]]}, 2)
    assert [reply.label for reply in replies] == ["yes", "no"]
    assert replies[1].scores == {"no": 0.8, "yes": 0.2}


def test_places():
    assert at({"a": [{"b": 1}]}, "a.0.b") == 1
    with pytest.raises(LookupError, match=r"nothing at 'a\.1'"):
        at({"a": [1]}, "a.1")


def test_a_local_model_shows_scores_only_when_declared(model):
    assert LocalModel(model[0]).send(model[1][:1])[0].scores is None
    assert set(LocalModel(model[0], view="scores").send(model[1][:1])[0].scores) == {"yes", "no"}


@pytest.mark.parametrize(
    ("have", "wanted", "places"),
    [
        (("b", "id", "a"), ("a", "b"), [2, 0]),
        (("a", "b"), ("a", "b"), [0, 1]),
        (("x0", "x1"), ("a", "b"), slice(None)),
        ((), ("a", "b"), slice(None)),
        (("a", "b"), (), slice(None)),
    ],
)
def test_a_victim_gets_the_columns_that_it_takes_in_its_order(have, wanted, places):
    found = _places(have, wanted, Path("rows.csv"), fitted=False)
    assert found == places if isinstance(places, slice) else found.tolist() == places


def test_a_pool_without_a_column_that_the_victim_takes_is_refused():
    with pytest.raises(InputError, match=r"rows\.csv has no column of numbers b"):
        _places(("a", "c"), ("a", "b"), Path("rows.csv"), fitted=False)
    with pytest.raises(InputError, match="has no column of numbers a, b"):
        _places(("x0", "x1"), ("a", "b"), Path("rows.csv"), fitted=True)

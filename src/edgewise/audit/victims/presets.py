"""What common model servers take and answer, as request templates and places in the answer."""

from __future__ import annotations

from collections.abc import Mapping

from edgewise.arrays import Json, JsonObject


PRESETS: Mapping[str, JsonObject] = {
    "open-inference-v2": {
        "request": {
            "inputs": [{"name": "input-0", "shape": ["$n", "$d"], "datatype": "FP64", "data": "$flat"}]
        },
        "labels": "outputs.0.data",
    },
    "kserve-v1": {"request": {"instances": "$rows"}, "labels": "predictions"},
    "tf-serving": {"request": {"instances": "$rows"}, "scores": "predictions"},
    "mlflow": {"request": {"inputs": "$rows"}, "labels": "predictions"},
    "mlflow-dataframe": {
        "request": {"dataframe_split": {"columns": "$names", "data": "$rows"}},
        "labels": "predictions",
    },
    "hugging-face": {"request": {"inputs": {"data": "$columns"}}, "labels": ""},
    "hugging-face-scores": {"request": {"inputs": "$rows"}, "scores": ""},
}
"""By name: `request` with ``$rows`` (n lists), ``$row``, ``$flat``, ``$columns``, ``$records``, ``$names``, ``$n``
and ``$d`` filled in; `labels` or `scores`, the place in the answer."""


def filled(template: Json, values: JsonObject) -> Json:
    """Return a request template with its ``$names`` replaced.

    Examples
    --------
    >>> filled({"instances": "$rows", "shape": ["$n", 2]}, {"$rows": [[1.0, 2.0]], "$n": 1})
    {'instances': [[1.0, 2.0]], 'shape': [1, 2]}
    """
    if isinstance(template, str):
        return values.get(template, template)
    if isinstance(template, Mapping):
        return {name: filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [filled(part, values) for part in template]
    return template


def at(answer: Json, place: str) -> Json:
    """Return what is at a dotted place of an answer; ``*`` stands for every entry of a list.

    Raises
    ------
    LookupError
        Nothing is there.

    Examples
    --------
    >>> at({"outputs": [{"data": [1, 0]}]}, "outputs.0.data")
    [1, 0]
    >>> at([{"label": "a"}, {"label": "b"}], "*.label")
    ['a', 'b']
    """
    steps = [step for step in place.split(".") if step]
    for done, step in enumerate(steps):
        if step == "*":
            if not isinstance(answer, list):
                raise LookupError(f"{place!r}: no list at {'.'.join(steps[:done]) or 'the top'}")
            return [at(each, ".".join(steps[done + 1 :])) for each in answer]
        try:
            if isinstance(answer, list):
                answer = answer[int(step)]
            elif isinstance(answer, Mapping):
                answer = answer[step]
            else:
                raise LookupError
        except (LookupError, ValueError):
            raise LookupError(f"{place!r}: nothing at {'.'.join(steps[: done + 1])!r}") from None
    return answer

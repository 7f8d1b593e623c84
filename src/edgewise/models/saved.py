"""Fitted models in files: ``.skops``, which runs no code when it is read, and joblib's pickles, which do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edgewise.arrays import InputError
from edgewise.importing import needing
from edgewise.models.answers import check_fitted
from edgewise.models.unwrap import Model


def trust_options(names: Sequence[str]) -> str:
    """Return how to trust types from a command line.

    Examples
    --------
    >>> trust_options(["mine.Encoder"])
    'If you trust the file: --trust mine.Encoder'
    """
    return f"If you trust the file: {' '.join(f'--trust {name}' for name in names)}"


def read_skops(
    path: Path, trusted: Sequence[str] = (), *, advice: Callable[[list[str]], str] = trust_options
) -> object:
    """Return the object in a ``.skops`` file, all of whose types are known to skops or named as trusted.

    Raises
    ------
    InputError
        No such file, no ``.skops`` file, or types that are neither; ``advice`` says how to name them.
    MissingExtraError
        There is no skops.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}.")
    if path.suffix != ".skops":
        raise InputError(
            f"{path}: expected a .skops file, which runs no code when it is read. "
            "Write one with skops.io.dump(model, 'model.skops')."
        )
    with needing("a .skops file"):
        from skops import io
    try:
        unknown = sorted(set(io.get_untrusted_types(file=path)) - set(trusted))
        if not unknown:
            return io.load(path, trusted=list(trusted))
    except Exception as error:  # noqa: BLE001 - what is no such archive can raise anything
        raise InputError(
            f"{path} is not a .skops file that can be read ({type(error).__name__}: {error})."
        ) from None
    raise InputError(f"{path} holds types that skops does not know: {', '.join(unknown)}. {advice(unknown)}")


def load_model(path: Path, trusted: Sequence[str] = ()) -> Model:
    """Return the fitted model of a ``.skops`` file, or of a joblib file, which runs its code: load only your own.

    Raises
    ------
    InputError
        No such file, none that can be read, types that are not trusted, or no fitted model in it.
    """
    if path.suffix == ".skops":
        model = read_skops(path, trusted)
    else:
        import joblib

        try:
            model = joblib.load(path)
        except Exception as error:  # noqa: BLE001 - what is no pickle can raise anything
            raise InputError(
                f"{path} holds no model that can be read ({type(error).__name__}: {error}). Write it with "
                "skops.io.dump(model, 'model.skops'), or with joblib.dump and the same versions of its packages."
            ) from None
    check_fitted(model)
    return model

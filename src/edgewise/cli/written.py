"""What a command writes: each thing to a file of its own, and none over what is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


def check_written(written: Mapping[str, Path], read: Iterable[Path] = ()) -> None:
    """Refuse to write two things to one file, or over a file that is read; call it before any work is done.

    Parameters
    ----------
    written
        The file of each thing that is written, by what it is in words.
    read
        The files that must stay as they are.

    Raises
    ------
    InputError
        Two are one file; the message says which.

    Examples
    --------
    >>> check_written({"the page": Path("a.html"), "the JSON": Path("a.json")}, [Path("pool.csv")])
    """
    from edgewise.arrays import InputError
    from edgewise.atomic import same_file

    read, before = list(read), dict[str, Path]()
    for what, path in written.items():
        if any(same_file(path, source) for source in read):
            raise InputError(f"{what} would replace {path}, which is read; give it another name.")
        for other, there in before.items():
            if same_file(path, there):
                raise InputError(f"{other} and {what} would be one file, {path}; give another name.")
        before[what] = path


def check_published(publish: Path | None, store: Path, read: Iterable[Path] = ()) -> None:
    """Refuse to publish runs over their page, their store or what is read."""
    from edgewise.paper.runs.experiment import page_beside

    if publish is not None:
        check_written(
            {
                "the store": store,
                "the runs (.jsonl)": publish,
                "the page beside them (.md)": page_beside(publish),
            },
            read,
        )

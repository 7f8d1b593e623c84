"""Progress where there is no terminal: a line every few seconds, nothing for what is soon done."""

import sys

import pytest

from edgewise import progress


@pytest.fixture
def clock(monkeypatch):
    """Return a list whose one entry is the time."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("kind", ["track", "weigh"])
def test_a_line_every_few_seconds(capsys, clock, kind):
    opened = (
        progress.track(1_200, "asking", show=True)
        if kind == "track"
        else progress.weigh(5.0, 1_200, show=True)
    )
    with opened as report:
        for _ in range(1_200):
            clock[0] += 0.01
            if kind == "track":
                report(1)
            else:
                report("asking", 0.1)
    out, said = capsys.readouterr()
    assert out == ""
    assert len(said.splitlines()) == 2
    assert all(line.startswith("asking: ") and line.endswith(" of 1,200") for line in said.splitlines())


def test_what_is_soon_done_says_nothing(capsys):
    with progress.track(3, "asking", show=True) as advance:
        advance(3)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["track", "weigh"])
def test_a_bar_shows_words_as_they_are(capsys, monkeypatch, kind):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    name = "auditing [/v] [red]"
    opened = progress.track(1, name, show=True) if kind == "track" else progress.weigh(1.0, 1, show=True)
    with opened as report:
        report(*([1] if kind == "track" else [name, 1.0]))
    assert name in capsys.readouterr().err

"""Pictures as a person sees them, and what is left out is counted and said."""

import numpy as np
import pytest
from PIL import Image

from edgewise.arrays import InputError
from edgewise.labelling.pictures import read_pictures


RNG = np.random.default_rng(0)
RED = np.zeros((8, 8, 3), np.uint8) + np.array([255, 0, 0], np.uint8)


def test_sixteen_bits_keep_their_steps(tmp_path):
    grey = (np.arange(64).reshape(8, 8) * 1000).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(grey).save(tmp_path / "b.tif")
    rows, _, notes = read_pictures(tmp_path)
    assert rows[0] == pytest.approx(grey.ravel() / 65535, abs=1e-6)
    assert (rows[0] == rows[1]).all()
    assert notes == []


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation_is_as_viewers_show_it(tmp_path, turn):
    seen = RNG.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    undo = {1: 0, 3: 2, 6: 1, 8: 3}
    if turn in undo:
        stored = np.rot90(seen, undo[turn])
    else:
        mirrored = {
            2: seen[:, ::-1],
            4: seen[::-1],
            5: seen.transpose(1, 0, 2),
            7: np.rot90(seen, 2).transpose(1, 0, 2),
        }
        stored = mirrored[turn]
    tag = Image.Exif()
    tag[0x0112] = turn
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=tag.tobytes())
    assert read_pictures(tmp_path)[0][0] == pytest.approx(seen.ravel() / 255)


def test_alpha_lies_on_white_and_palettes_are_colours(tmp_path):
    clear = np.dstack([RED, np.zeros((8, 8), np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    Image.fromarray(RED).quantize(4).save(tmp_path / "palette.gif")
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(tmp_path / "grey.png")
    Image.fromarray(np.ones((8, 8), bool)).save(tmp_path / "two-tone.png")
    rows, names, _ = read_pictures(tmp_path)
    assert names == ["clear.png", "grey.png", "palette.gif", "two-tone.png"]
    assert (rows[[0, 1, 3]] == 1).all()
    assert (rows[2].reshape(-1, 3) == [1, 0, 0]).all()


def test_what_is_left_out_is_counted_and_said(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / ".thumbnails").mkdir()
    for name in ("a.png", "b.webp", "c.tif", "d.gif", "cats/e.JPG", ".thumbnails/f.png"):
        Image.fromarray(RED).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    frames = [Image.fromarray(RED), Image.fromarray(RED // 2)]
    frames[0].save(tmp_path / "g.gif", save_all=True, append_images=frames[1:])
    rows, names, notes = read_pictures(tmp_path)
    assert len(rows) == len(names) == 6
    assert "left out: 3 files" in notes[0]
    assert all(word in notes[0] for word in ("1 hidden", "1 .txt", "cut.png: damaged"))
    assert notes[1] == "the first frame of 1 moving pictures is taken"


def test_pixels_without_a_range_and_several_sizes_are_refused(tmp_path):
    Image.fromarray(RNG.normal(size=(4, 4)).astype(np.float32)).save(tmp_path / "f.tif")
    with pytest.raises(InputError, match="whose range nobody states"):
        read_pictures(tmp_path)
    for name, size in (("a.png", 4), ("b.png", 4), ("c.png", 5)):
        Image.fromarray(np.zeros((size, 4), np.uint8)).save(tmp_path / name)
    with pytest.raises(InputError, match=r"one size; 2 of 3 are 4 x 4, c.png is 4 x 5"):
        read_pictures(tmp_path)

"""Which row a line made elsewhere is about: the right one, or a refusal."""

import csv
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from edgewise.arrays import InputError
from edgewise.cli import app
from edgewise.labelling.batches import read_labels
from edgewise.labelling.campaign.campaign import open_campaign
from edgewise.labelling.campaign.importing import import_labels
from edgewise.labelling.campaign.items import _key as key_of_id
from edgewise.labelling.sheet import read_pool


POOL = "id,age,debt\n3,20,5\n1,30,9\n0,40,2\n2,50,7\n"


def run(*words, code=0):
    found = CliRunner().invoke(app, [*map(str, words)])
    assert found.exit_code == code, f"{found.output} {found.exception}"
    return found.output if code == 0 else str(found.exception)


@pytest.fixture
def begun(tmp_path):
    """Return a function that begins a campaign on a pool and returns a function that imports into it."""

    def begin(pool, *words, n=1):
        (tmp_path / "pool.csv").write_text(pool)
        words = ("--campaign", tmp_path / "c.db", "--classes", "yes,no", "-n", n, *words)
        run("query", tmp_path / "pool.csv", *words, "--out", tmp_path / "b.csv")

        def bring(name, content, id_column=None):
            (tmp_path / name).write_text(content, encoding="utf-8")
            return labels_after(tmp_path / name, id_column)

        def labels_after(path, id_column=None):
            campaign = open_campaign(tmp_path / "c.db")
            with campaign.log:
                import_labels(campaign, path, id_column=id_column)
                index, labels = campaign.known()
                return dict(zip(index.tolist(), labels.tolist(), strict=True))

        bring.file = labels_after
        return bring

    return begin


@pytest.mark.parametrize("id_column", [None, "id"])
def test_a_column_of_the_pool_is_never_taken_for_row_numbers(begun, id_column):
    bring = begun(POOL)
    with pytest.raises(InputError, match=r"'id' is a column of the pool.*begin a campaign with --id id"):
        bring("labels.csv", "id,label\n3,yes\n1,no\n", id_column)
    assert bring("labels.csv", "row,id,label\n0,3,yes\n1,1,no\n") == {0: "yes", 1: "no"}


def test_a_column_that_the_pool_has_not_may_hold_row_numbers(begun):
    bring = begun("age,debt\n20,5\n30,9\n40,2\n50,7\n")
    assert bring("labels.csv", "id,label\n3.0,yes\n1,no\n") == {3: "yes", 1: "no"}


def test_a_batch_without_its_pool_column_is_read_by_its_row_numbers(begun, tmp_path):
    bring = begun(POOL, n=4)
    with (tmp_path / "b.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for names in (["score", "row", "id"], ["row", "id"]):
        body = "\n".join(",".join([*(row[name] for name in names), "yes"]) for row in rows[:2])
        expected = {int(row["row"]): "yes" for row in rows[:2]}
        assert bring("stripped.csv", f"{','.join(names)},label\n{body}") == expected


@pytest.mark.parametrize("id_column", [None, "num"])
def test_the_column_of_ids_never_falls_back_to_another(begun, id_column):
    bring = begun("num,a\n10,1\n11,2\n12,5\n13,3\n", "--id", "num")
    with pytest.raises(InputError, match="not in the pool: 99"):
        bring("labels.csv", "num,id,label\n99,12,yes\n", id_column)
    with pytest.raises(InputError, match=r"'a' is a column of the pool, but .* the column 'num'"):
        bring("labels.csv", "a,label\n10,yes\n", "a")
    with pytest.raises(InputError, match="needs a column"):
        bring("labels.csv", "row,label\n1,yes\n")
    assert bring("labels.csv", "number,id,label\n12,10,yes\n", "number") == {2: "yes"}


def tasks(*data):
    result = [{"type": "choices", "value": {"choices": ["yes"]}}]
    return json.dumps(
        [
            {"id": number, "data": one, "annotations": [{"result": result}]}
            for number, one in enumerate(data, 1)
        ]
    )


def test_a_task_of_label_studio_is_known_by_its_data_and_not_by_its_number(begun):
    bring = begun("customer,a\n3,20\n1,30\n4,40\n2,50\n", "--id", "customer")
    assert bring("ls.json", tasks({"customer": "3"}, {"customer": 1}), "customer") == {0: "yes", 1: "yes"}
    assert bring("ls.json", tasks({"customer": "4"})) == {0: "yes", 1: "yes", 2: "yes"}
    with pytest.raises(InputError, match=r"needs a column .* field of the task's data.* It has text"):
        bring("ls.json", tasks({"text": "3"}))


def test_tasks_without_a_name_are_refused_also_where_rows_have_no_id(begun):
    bring = begun("a,b\n20,1\n30,5\n40,2\n50,3\n")
    with pytest.raises(InputError, match="needs a column"):
        bring("ls.json", tasks({"a": "20"}, {"a": "30"}))
    assert bring("ls.json", tasks({"row": "2"})) == {2: "yes"}


HEADERS = ["item", "row", "@id", "person", "verdict", "at", "score", "=x"]


@pytest.mark.parametrize("with_id", [True, False])
@pytest.mark.parametrize("name", HEADERS)
def test_batches_come_back_whatever_the_columns_of_the_pool_are_called(begun, tmp_path, name, with_id):
    pool = f"{name},a\n" + "\n".join(f"skip{i},{i * i}" for i in range(6))
    bring = begun(pool, *(["--id", name] if with_id else []), n=3)
    with (tmp_path / "b.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    with (tmp_path / "b.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *(["yes", *line[1:]] for line in lines)])
    given = bring.file(tmp_path / "b.csv")
    assert sorted(int(line[header.index("a")].split(".")[0]) for line in lines) == sorted(
        row * row for row in given
    )
    with open_campaign(tmp_path / "c.db").log as log:
        assert {event.body["person"] for event in log.since(0) if event.kind == "label"} == {"from b.csv"}
    index, labels, _ = read_labels(
        [tmp_path / "b.csv"], read_pool(tmp_path / "pool.csv", id=name if with_id else None)
    )
    assert dict(zip(index.tolist(), labels.tolist(), strict=True)) == given


def test_exports_come_back_where_the_id_is_called_as_one_of_their_columns(begun, tmp_path):
    for name in ("item", "person", "label"):
        for old in tmp_path.glob("*"):
            old.unlink()
        bring = begun(f"{name},a\n" + "\n".join(f"p{i},{i * i}" for i in range(6)), "--id", name)
        assert bring("labels.jsonl", json.dumps({"id": "p2", "label": "yes"})) == {2: "yes"}
        run("export", tmp_path / "c.db", tmp_path / "out.csv")
        run("export", tmp_path / "c.db", tmp_path / "out.cleanlab.csv")
        (tmp_path / "c.db").rename(tmp_path / "old.db")
        (tmp_path / "b.csv").unlink()
        assert begun((tmp_path / "pool.csv").read_text(), "--id", name).file(tmp_path / "out.csv") == {
            2: "yes"
        }
        assert bring.file(tmp_path / "out.cleanlab.csv") == {2: "yes"}


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.jsonl", b'{"id": "p1", "label": "\xe9"}', "is not UTF-8 text"),
        ("a.json", b'[{"id": "\xe9"}]', "is not UTF-8 text"),
        ("a.parquet", b"junk", "cannot be read as Parquet"),
        ("a.cleanlab.csv", b"k,Ann\nK1,yes\n", "needs a column"),
    ],
)
def test_files_of_another_kind_are_told(campaign_of, folder, name, content, match):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=match):
        import_labels(campaign_of(), folder / name)


def test_a_wide_table_may_call_its_ids_as_the_campaign_does(campaign_of, folder):
    one = campaign_of()
    (folder / "a.cleanlab.csv").write_text("who,Ann,Bo\np1,yes,\np2,no,yes\n")
    assert import_labels(one, folder / "a.cleanlab.csv").new == 3


@pytest.mark.parametrize("odd", ["\u0085", "\u2028", "\x1c"])
def test_a_line_of_json_ends_where_its_line_does(campaign_of, folder, odd):
    line = json.dumps({"who": "p1", "label": "yes", "person": f"A{odd}B"}, ensure_ascii=False)
    (folder / "a.jsonl").write_text(f"{line}\r\n{line.replace('p1', 'p2')}\n", encoding="utf-8", newline="")
    one = campaign_of()
    assert import_labels(one, folder / "a.jsonl").new == 2
    assert one.refresh().votes(one.items.keys[1])[0].person == f"A{odd}B"


def test_a_campaign_begun_when_ids_were_numbers_keeps_its_labels(begun, tmp_path):
    bring = begun("sid,a\n" + "".join(f"1.{i}0,{i % 7}\n" for i in range(10, 30)), "--id", "sid")
    assert bring("now.csv", "sid,label\n1.100,yes\n") == {0: "yes"}
    (tmp_path / "c.db").unlink()
    bring = begun((tmp_path / "pool.csv").read_text(), "--id", "sid")
    campaign = open_campaign(tmp_path / "c.db")
    with campaign.log:
        # As the code before wrote it: the key of 1.1, not of 1.100.
        now = campaign.verdict("an-event", key_of_id("1.100"), "ann", "label", "no")
        campaign.say([replace(now, item=key_of_id("1.1"))])
    assert bring("more.csv", "sid,label\n1.290,yes\n") == {0: "no", 19: "yes"}
    assert "2 of 20 items are labelled" in run("status", tmp_path / "c.db")

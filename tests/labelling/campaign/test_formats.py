"""What goes out comes back in: every format, both ways."""

import csv
import json

import pytest

from edgewise.arrays import InputError
from edgewise.labelling.campaign.exporting import FORMATS, export, records
from edgewise.labelling.campaign.importing import import_labels
from edgewise.labelling.campaign.label_studio import verdicts_of


TABLES = ("out.csv", "out.jsonl", "out.parquet", "metadata.csv", "metadata.jsonl")


def write(campaign, path):
    return export(path, campaign.log, campaign.refresh(), campaign.items)


def labels_of(campaign):
    return {
        campaign.items.names[campaign.items.place[item]]: one.label
        for item, one in campaign.refresh().standings().items()
        if one.verdict == "label"
    }


def with_every_verdict(campaign, answer):
    """Label 12 items, then skip one, cannot tell one, undo one, relabel one."""
    rows = answer(campaign, 12)
    keys = campaign.items.keys
    a, b = campaign.lease("session-1", "Ada", 2)
    campaign.say(
        [
            campaign.verdict("event-a", a.item, "Ada", "skip"),
            campaign.verdict("event-b", b.item, "Ada", "unsure"),
            campaign.undo("event-c", f"Ada-{keys[rows[0]]}", "Ada"),
            campaign.verdict("event-d", keys[rows[1]], "Ada", "label", "no"),
        ]
    )
    return {campaign.items.names[row] for row in rows[1:]}


@pytest.mark.parametrize("name", [*TABLES, "out.labelstudio.json", "out.cleanlab.csv", "out.events.jsonl"])
def test_labels_come_back_as_they_were(campaign_of, answer, folder, name):
    one = campaign_of()
    labelled = with_every_verdict(one, answer)
    assert set(labels_of(one)) == labelled
    write(one, folder / name)
    other = campaign_of("other.db")
    import_labels(other, folder / name)
    assert labels_of(other) == labels_of(one)
    verdicts = {item: found.verdict for item, found in other.refresh().standings().items()}
    if name not in ("metadata.csv", "metadata.jsonl", "out.cleanlab.csv"):
        assert verdicts == {item: found.verdict for item, found in one.state.standings().items()}
    again = import_labels(other, folder / name)
    assert again.new == 0, "what is there already is not added again"
    assert labels_of(other) == labels_of(one)


def test_every_format_is_tried():
    assert len(FORMATS) == len(TABLES) + 3


def test_an_export_says_why_each_item_was_chosen(campaign_of, answer, folder):
    one = campaign_of()
    answer(one, 40)
    write(one, folder / "out.csv")
    with (folder / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["strategy"] for row in rows} == {"uniform", "herding", "margin"}
    assert 1 <= sum(row["uniform"] == "1" for row in rows) <= 4
    last = rows[-1]
    assert last["predicted"] in ("yes", "no")
    assert 0 <= float(last["chance"]) <= 1
    assert all(float(row["propensity"]) == 1 for row in rows if row["uniform"] == "1")


def test_several_people_are_columns_for_cleanlab_and_annotations_for_label_studio(
    campaign_of, answer, folder
):
    one = campaign_of()
    rows = answer(one, 6)
    keys = one.items.keys
    one.say([one.verdict(f"bo-{keys[row]}", keys[row], "Bo", "label", "no") for row in rows[:3]])
    write(one, folder / "out.cleanlab.csv")
    with (folder / "out.cleanlab.csv").open(newline="") as file:
        wide = list(csv.DictReader(file))
    assert list(wide[0]) == ["id", "Ada", "Bo"]
    assert [row["Bo"] for row in wide] == ["no"] * 3 + [""] * 3
    write(one, folder / "out.labelstudio.json")
    tasks = json.loads((folder / "out.labelstudio.json").read_text())
    both = [task for task in tasks if len(task["annotations"]) == 2]
    assert len(both) == 3
    assert [a["completed_by"] for a in both[0]["annotations"]] == [1, 2]
    assert both[0]["data"]["text"].startswith("who: p")
    other = campaign_of("other.db")
    import_labels(other, folder / "out.labelstudio.json")
    assert sorted(records(other.refresh()), key=lambda r: r["id"])[0]["person"] in ("Ada; Bo", "Ada")
    assert labels_of(other) == labels_of(one)


def test_tasks_have_predictions_with_the_lowest_chance_first_in_mind(campaign_of, answer, folder):
    one = campaign_of()
    answer(one, 25)
    one.lease("session-1", "Ada", 5)
    write(one, folder / "out.labelstudio.json")
    tasks = json.loads((folder / "out.labelstudio.json").read_text())
    open_ = [task for task in tasks if not task["annotations"]]
    assert len(open_) == 5
    for task in open_:
        (guess,) = task["predictions"]
        assert guess["result"][0]["value"]["choices"][0] in ("yes", "no")
        assert guess["model_version"] == "edgewise-20-labels"
        assert 0 <= guess["score"] <= 1


def test_a_file_of_label_studio_as_it_comes_from_there(campaign_of, folder):
    choice = {"from_name": "x", "to_name": "y", "type": "choices", "value": {"choices": ["yes"]}}
    task = {
        "id": 3,
        "data": {"id": "p7"},
        "annotations": [
            {
                "id": 1,
                "completed_by": {"id": 9, "email": "a@b.c"},
                "result": [choice],
                "was_cancelled": False,
            },
            {"id": 2, "completed_by": 4, "result": [], "was_cancelled": True},
        ],
    }
    (folder / "project.json").write_text(json.dumps([task]))
    one = campaign_of()
    assert import_labels(one, folder / "project.json").new == 2
    assert labels_of(one) == {"p7": "yes"}
    assert {vote.person for vote in one.state.votes(one.items.keys[7])} == {"a@b.c", "4"}
    two = dict(choice, value={"choices": ["yes", "no"]})
    with pytest.raises(InputError, match="2 choices"):
        verdicts_of([{"annotations": [{"result": [two]}], "data": {}}], "file")


def test_spreadsheets_run_nothing_that_is_exported(campaign_of, folder):
    one = campaign_of(classes=("=1+1", "no"))
    one.say([one.verdict("event-1", one.items.keys[0], "@SUM(A1)", "label", "=1+1")])
    write(one, folder / "out.csv")
    assert "\n=" not in (folder / "out.csv").read_text()
    assert ",=" not in (folder / "out.csv").read_text()
    assert ",@" not in (folder / "out.csv").read_text()
    other = campaign_of("other.db", classes=("=1+1", "no"))
    import_labels(other, folder / "out.csv")
    assert labels_of(other) == {"p0": "=1+1"}


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("a.csv", "who,label\np1,maybe\n", "not one of the classes"),
        ("a.csv", "who,label\np999,yes\np1,yes\n", "labels for items that are not in the pool: p999"),
        ("a.csv", "name,label\nx,yes\n", "needs a column that says which item"),
        ("a.csv", "who,town\np1,x\n", None),
        ("a.json", "{", "is not JSON"),
        ("a.json", "{}", "not a Label Studio export"),
        ("a.jsonl", "[1]\n", "one JSON object per line"),
        ("a.events.jsonl", '{"id": "x"}\n', "not a file of events"),
        ("a.csv", "who,verdict\np1,perhaps\n", "none of label, skip, unsure"),
    ],
)
def test_wrong_files_change_nothing(campaign_of, folder, name, text, match):
    one = campaign_of()
    (folder / name).write_text(text)
    before = one.refresh().seq
    if match is None:
        assert import_labels(one, folder / name).blank == 1
    else:
        with pytest.raises(InputError, match=match):
            import_labels(one, folder / name)
    assert one.refresh().seq == before


def test_other_endings_and_missing_files_are_refused(campaign_of, folder):
    one = campaign_of()
    with pytest.raises(InputError, match=r"written as metadata\.csv"):
        write(one, folder / "out.xlsx")
    with pytest.raises(InputError, match="there is no file"):
        import_labels(one, folder / "missing.csv")

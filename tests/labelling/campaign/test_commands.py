"""The commands around the page: batches, status, export, import."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from edgewise.cli import app
from edgewise.labelling.campaign.campaign import open_campaign


def run(*words, code=0):
    found = CliRunner().invoke(app, [*map(str, words)])
    assert found.exit_code == code, f"{found.output} {found.exception}"
    return found.output if code == 0 else str(found.exception)


def fill(path, truth):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = truth[int(row["who"].strip("p"))]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return [int(row["who"].strip("p")) for row in rows]


def test_batches_in_csv_files_are_events_of_the_same_campaign(folder, truth):
    begun = ["query", folder / "pool.csv", "--campaign", folder / "c.db", "-n", 15]
    batches = [folder / f"batch-{i}.csv" for i in range(3)]
    run(*begun, "--classes", "yes,no", "--id", "who", "--out", batches[0])
    taken = fill(batches[0], truth)
    run(*begun, "--out", batches[1])
    taken += fill(batches[1], truth)
    assert "30 of 150 rows are labelled" in run(
        *begun, "--labels", batches[0], "--labels", batches[1], "--out", batches[2]
    )
    taken += fill(batches[2], truth)
    assert len(set(taken)) == 45, "no row is given out twice, labelled or not"
    assert "15 new" in run("import", folder / "c.db", batches[2])
    assert "0 new, 15 were there" in run("import", folder / "c.db", batches[2])
    one = open_campaign(folder / "c.db")
    with one.log:
        index, known = one.known()
        assert sorted(index.tolist()) == sorted(taken)
        assert (known == truth[index]).all()
        assert set(one.lots[:5]) <= set(taken), "the random sample is asked in batches too"


def test_a_batch_larger_than_what_is_open_is_refused_and_holds_nothing(folder):
    begun = ["query", folder / "pool.csv", "--campaign", folder / "c.db", "--out", folder / "b.csv"]
    run(*begun, "--classes", "yes,no", "-n", 10)
    assert "140 are neither labelled" in run("query", *begun[1:-1], folder / "b2.csv", "-n", 141, code=1)
    assert not (folder / "b2.csv").exists()
    run("query", *begun[1:-1], folder / "b3.csv", "-n", 140)
    fill(folder / "b.csv", np.array(["yes", "no"] * 75))
    assert "10 new" in run("import", folder / "c.db", folder / "b.csv"), (
        "a batch with row numbers comes back too"
    )


def test_status_says_where_the_campaign_stands(folder, campaign_of, answer):
    one = campaign_of(share=0.4)
    answer(one, 60)
    said = run("status", folder / "c.db")
    assert "60 of 150 items are labelled" in said
    assert "by 24 labels drawn at random" in said
    assert "balanced accuracy" in said
    assert "recall of yes" in said
    assert "Go on" in said or "Stop" in said or "Switch to random" in said


def test_status_before_any_label(folder, campaign_of):
    campaign_of()
    assert "Go on: there is no model" in run("status", folder / "c.db")


def test_export_without_the_pool(folder, campaign_of, answer):
    answer(campaign_of(), 10)
    (folder / "pool.csv").unlink()
    assert "10 lines" in run("export", folder / "c.db", folder / "out.jsonl")
    assert "there is no" in run("export", folder / "c.db", folder / "out.labelstudio.json", code=1)


def moved(path):
    """Turn the rows of a table round and change the one that was the first."""
    head, first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([head, *rest[::-1], f"{first}1"]) + "\n")


def column(path, name):
    with path.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def test_exports_call_rows_as_the_pool_does_now_and_say_which_have_left(folder):
    pool, c = folder / "mv.csv", folder / "c.db"
    pool.write_text("a,id\n1.5,10\n2.5,20\n3.5,30\n4.5,41\n5.5,55\n6.5,63\n")
    begun = ["query", pool, "--campaign", c, "--classes", "yes,no", "-n", 2, "--out", folder / "b.csv"]
    run(*begun)
    (folder / "l.csv").write_text("row,label\n0,yes\n1,no\n")
    run("import", c, folder / "l.csv")
    run("export", c, folder / "before.csv")
    assert column(folder / "before.csv", "id") == ["0", "1"]
    moved(pool)
    note = "1 of 2 labelled items are no longer in"
    for name in ("o.csv", "o.cleanlab.csv", "metadata.csv", "o.labelstudio.json"):
        assert note in run("export", c, folder / name)
    assert column(folder / "o.csv", "id") == ["", "4"], "the number of a row that left is another row's now"
    assert column(folder / "o.csv", "label") == ["yes", "no"], "no label is lost"
    assert column(folder / "o.cleanlab.csv", "row") == column(folder / "metadata.csv", "file_name") == ["4"]
    tasks = json.loads((folder / "o.labelstudio.json").read_text())
    assert [task["data"]["id"] for task in tasks if task["annotations"]] == ["4"]
    assert note in run("status", c)
    assert note in run(*begun[:-1], folder / "b2.csv", "-n", 1)
    assert "1 new, 0 were there" in run("import", c, folder / "o.labelstudio.json")
    begun[3] = folder / "other.db"
    run(*begun[:-1], folder / "b3.csv", "-n", 1)
    assert "1 new" in run("import", folder / "other.db", folder / "o.cleanlab.csv")
    assert labels_by_row(folder / "other.db") == {4: "no"}


def test_a_file_that_was_read_is_there_when_the_rows_have_moved(folder, campaign_of, answer):
    answer(campaign_of(id=None), 5)
    run("export", folder / "c.db", folder / "o.csv")
    assert "5 new" in run("import", folder / "c.db", folder / "o.csv")
    head, *rest = (folder / "pool.csv").read_text().splitlines()
    (folder / "pool.csv").write_text("\n".join([head, *rest[::-1]]))
    assert "0 new, 5 were there" in run("import", folder / "c.db", folder / "o.csv")


def labels_by_row(path):
    one = open_campaign(path)
    with one.log:
        index, labels = one.known()
        return dict(zip(index.tolist(), labels.tolist(), strict=True))


def test_an_id_that_left_the_pool_keeps_its_name_and_its_label(folder, campaign_of):
    one = campaign_of()
    one.say([one.verdict(f"e{i}", one.items.keys[i], "Ada", "label", "yes") for i in range(2)])
    lines = (folder / "pool.csv").read_text().splitlines()
    (folder / "pool.csv").write_text("\n".join([lines[0], *lines[2:]]))
    assert "no row has their cell in 'who'" in run("export", folder / "c.db", folder / "o.csv")
    assert column(folder / "o.csv", "id") == ["p0", "p1"]


def test_an_export_is_never_written_over_the_pool_or_the_campaign(folder, campaign_of):
    campaign_of("c.csv")
    before = (folder / "pool.csv").read_bytes()
    for name in ("pool.csv", "c.csv"):
        assert "come from" in run("export", folder / "c.csv", folder / name, code=1)
    assert (folder / "pool.csv").read_bytes() == before
    run("export", folder / "c.csv", folder / "o.csv")
    run("export", folder / "c.csv", folder / "o.csv")


def test_a_page_needs_classes_once_and_not_others_later(folder, campaign_of):
    assert "needs a pool and its classes" in run("label", "--campaign", folder / "n.db", code=1)
    assert not (folder / "n.db").exists()
    campaign_of()
    assert "has the classes yes,no" in run(
        "label", "--campaign", folder / "c.db", "--classes", "a,b", "--no-browser", code=1
    )
    assert "has the uniform share 0.1; leave --uniform out" in run(
        "label", "--campaign", folder / "c.db", "--uniform", "0.3", "--no-browser", code=1
    )
    assert "set a token" in run(
        "label", "--campaign", folder / "c.db", "--host", "0.0.0.0", "--no-browser", code=1
    )


@pytest.mark.parametrize("command", ["query", "label"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--id", "whom"], "whom"),
        (["--ignore", "towns"], "towns"),
        (["--strategy", "hering"], "did you mean 'herding'"),
        (["--learner", "logistik"], "logisti"),
        (["--classes", "yes"], "two different classes"),
        ([], "there is no"),
    ],
)
def test_a_campaign_that_cannot_begin_leaves_no_file_and_the_corrected_command_begins_it(
    folder, command, wrong, told
):
    out = ["-n", 3, "--out", folder / "b.csv"]
    more = ["--campaign", folder / "c.db", *(out if command == "query" else ["--no-browser"])]
    pool = folder / "pool.csv" if wrong else folder / "pol.csv"
    assert told in run(command, pool, *more, "--classes", "yes,no", *wrong, code=1)
    assert not list(folder.glob("c.db*"))
    run(
        "query",
        folder / "pool.csv",
        "--campaign",
        folder / "c.db",
        *out,
        "--classes",
        "yes,no",
        "--id",
        "who",
    )


@pytest.mark.parametrize("command", ["query", "label"])
@pytest.mark.parametrize(
    ("other", "told"),
    [
        (["--classes", "yes,no,perhaps"], "has the classes yes,no; leave --classes out"),
        (["--id", "town"], "has the id column who; leave --id out"),
        (["--ignore", "a", "--ignore", "b"], "has no ignored columns; leave --ignore out"),
        (["--features", "a"], "has no features; leave --features out"),
        (["--strategy", "herding"], "has the strategy margin; leave --strategy out"),
        (["--learner", "logistic"], "has the learner 1-nn; leave --learner out"),
        (["--seed", "7"], "has the seed 0; leave --seed out"),
    ],
)
def test_a_campaign_keeps_its_settings_and_says_so(folder, campaign_of, command, other, told):
    campaign_of()
    more = ["-n", 3, "--out", folder / "b.csv"] if command == "query" else ["--no-browser"]
    begun = [command, folder / "pool.csv", "--campaign", folder / "c.db", *more]
    assert told in run(*begun, *other, code=1)
    assert not (folder / "b.csv").exists()
    if command == "query":
        run(*begun, "--classes", "yes,no", "--id", "who", "--strategy", "margin", "--learner", "1-nn")


def test_the_order_of_columns_that_are_left_out_is_no_setting(folder):
    begun = ["query", folder / "pool.csv", "--campaign", folder / "c.db", "-n", 2, "--out", folder / "b.csv"]
    names = (folder / "pool.csv").read_text().splitlines()[0].split(",")[:2]
    both = [word for name in names for word in ("--ignore", name)]
    run(*begun, "--classes", "yes,no", *both)
    run(*begun, *both[2:], *both[:2])
    assert "the ignored columns" in run(*begun, *both[:2], code=1)


def test_a_batch_that_is_written_again_says_how_many_rows_it_has(folder):
    begun = ["query", folder / "pool.csv", "--campaign", folder / "c.db", "--out", folder / "b.csv"]
    run(*begun, "--classes", "yes,no", "-n", 10)
    said = run(*begun, "-n", 4)
    assert "9 of 10 rows were chosen, 1 are of the campaign's uniform share" in said
    assert "-n asks for 4, but this file was given 10 rows before" in said
    assert "Wrote 10 rows" in said
    assert "Wrote 12 rows" in (said := run(*begun, "-n", 12))
    assert "-n asks for" not in said


@pytest.mark.parametrize("command", ["status", "export", "import"])
def test_a_campaign_that_is_not_there_is_not_made(folder, command):
    more = [] if command == "status" else [folder / "x.csv"]
    assert "there is no campaign" in run(command, folder / "missing.db", *more, code=1)
    assert not (folder / "missing.db").exists()


def test_a_raw_table_with_words_dates_and_gaps_is_learned_from(folder):
    rng = np.random.default_rng(5)
    kinds = rng.choice(["gold", "silver", "none"], 200)
    bills = ["" if i % 7 == 0 else f"{rng.normal():.2f}".replace(".", ",") for i in range(200)]
    lines = ["nr;plan;since;bill;note"]
    lines += [f"A{i};{kinds[i]};2024-0{1 + i % 9}-11;{bills[i]};x{i}" for i in range(200)]
    (folder / "raw.csv").write_text("\n".join(lines))
    truth = np.where(kinds == "gold", "yes", "no")
    begun = ["query", folder / "raw.csv", "--campaign", folder / "r.db", "--id", "nr", "-n", 40]
    run(*begun, "--classes", "yes,no", "--out", folder / "b.csv")
    with (folder / "b.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = truth[int(row["nr"][1:])]
    with (folder / "b.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert "40 new" in run("import", folder / "r.db", folder / "b.csv")
    one = open_campaign(folder / "r.db")
    with one.log:
        order = one.reorder()
        assert np.mean(order.guesses.label == truth) > 0.95, "the plan decides, and it is a word"
        assert one.items.card(7)[-1][0] in ("plan", "since", "bill", "note")

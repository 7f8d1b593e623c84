"""The commands around the page: batches, status, export, import."""

import csv

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

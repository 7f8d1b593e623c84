import json

import numpy as np
import pytest

from edgewise.arrays import InputError
from edgewise.digests import of_bytes
from edgewise.labelling.batches import read_labels
from edgewise.labelling.campaign import leases
from edgewise.labelling.campaign.campaign import open_campaign
from edgewise.labelling.campaign.events import CampaignError
from edgewise.labelling.campaign.items import read_items
from edgewise.labelling.campaign.picking import sample_size
from edgewise.labelling.campaign.settings import Settings, begin


def test_nobody_gets_what_another_has_in_hand(campaign_of):
    one = campaign_of()
    ada, bo = one.lease("ada-page", "Ada", 5), one.lease("bo-page", "Bo", 5)
    assert not {lease.item for lease in ada} & {lease.item for lease in bo}
    again = one.lease("ada-page", "Ada", 5)
    assert {lease.item for lease in again} == {lease.item for lease in ada}, "a reload shows what is in hand"


def test_leases_are_in_the_file_and_end(campaign_of, folder):
    one = campaign_of()
    (mine,) = one.lease("ada-page", "Ada", 1)
    other = open_campaign(folder / "c.db")
    with other.log:
        assert mine.item not in {lease.item for lease in other.lease("bo-page", "Bo", 5)}
        with other.log.transaction() as db:
            leases.take(db, [mine.item], "ada-page", -1.0)
        assert mine.item in {lease.item for lease in other.lease("cy-page", "Cy", 5)}


def test_a_late_answer_is_an_extra_vote(campaign_of):
    one = campaign_of()
    (lease,) = one.lease("ada-page", "Ada", 1)
    one.say([one.verdict("event-b", lease.item, "Bo", "label", "no")])
    one.say([one.verdict("event-a", lease.item, "Ada", "label", "yes")])
    standing = one.state.standing(lease.item)
    assert (standing.label, standing.agreed, len(standing.votes)) == ("no", False, 2)


def test_skipped_items_come_again_for_others_at_once_and_for_oneself_at_the_end(campaign_of):
    one = campaign_of()
    (first,) = one.lease("ada-page", "Ada", 1)
    one.say([one.verdict("event-1", first.item, "Ada", "skip")])
    assert first.item not in {lease.item for lease in one.lease("ada-page", "Ada", 20)}
    assert one.lease("bo-page", "Bo", 1)[0].item == first.item


def test_a_skipped_item_that_came_again_is_still_in_hand_after_a_reload(campaign_of, answer):
    one = campaign_of()
    (first,) = one.lease("session-1", "Ada", 1)
    one.say([one.verdict("event-1", first.item, "Ada", "skip")])
    answer(one, len(one.items) - 1)
    for _ in range(2):
        assert [lease.item for lease in one.lease("session-1", "Ada", 3)] == [first.item]


def test_cannot_tell_is_final_until_it_is_undone(campaign_of):
    one = campaign_of()
    (first,) = one.lease("ada-page", "Ada", 1)
    one.say([one.verdict("event-1", first.item, "Ada", "unsure")])
    assert first.item not in {lease.item for lease in one.lease("bo-page", "Bo", 20)}
    one.say([one.undo("event-2", "event-1", "Ada", first.item)], "ada-page")
    assert [lease.item for lease in one.lease("ada-page", "Ada", 1)] == [first.item]


def test_the_whole_pool_is_handed_out_once_and_then_nothing(campaign_of, answer):
    one = campaign_of()
    rows = answer(one, len(one.items))
    assert sorted(rows) == list(range(len(one.items)))
    assert one.lease("ada-page", "Ada", 5) == []


@pytest.mark.parametrize("strategy", ["margin", "random", "herding"])
def test_the_random_sample_is_the_head_of_one_shuffle_whatever_the_strategy(campaign_of, answer, strategy):
    one = campaign_of(strategy=strategy, share=0.2)
    rows = answer(one, 60)
    sample = set(np.flatnonzero(one.sample()).tolist())
    assert sample == set(one.lots[:12].tolist()) <= set(rows)
    assert sum(pick.body["uniform"] for pick in one.state.picks.values()) <= 12


def test_imported_labels_do_not_lengthen_the_sample(campaign_of, answer):
    one = campaign_of()
    answer(one, 20)
    before = one.sample().sum()
    said = [
        one.verdict(f"event-{row}", one.items.keys[row], "Bo", "label", "yes", source="f")
        for row in range(90)
    ]
    one.say(said)
    assert one.sample().sum() == before == sample_size(20, 0.1, len(one.items))


def test_rows_are_known_by_id_or_by_content(folder):
    by_id, by_content = read_items(folder / "pool.csv", "who"), read_items(folder / "pool.csv")
    lines = (folder / "pool.csv").read_text().splitlines()
    (folder / "other.csv").write_text("\n".join([lines[0], *lines[:0:-1]]))
    turned = read_items(folder / "other.csv", "who")
    assert turned.keys == by_id.keys[::-1]
    assert read_items(folder / "other.csv").keys == by_content.keys[::-1]
    (folder / "twice.csv").write_text("\n".join([*lines, lines[5]]))
    twice = read_items(folder / "twice.csv")
    assert len(set(twice.keys)) == len(twice)
    assert twice.contents[-1] == twice.contents[4]
    with pytest.raises(InputError, match="'p4' is in rows 4 and 150"):
        read_items(folder / "twice.csv", "who")
    (folder / "blank.csv").write_text("\n".join([*lines[:4], ",x,1,2,3"]))
    with pytest.raises(InputError, match="row 3 has none"):
        read_items(folder / "blank.csv", "who")


def test_numeric_ids_are_written_as_they_were(tmp_path):
    (tmp_path / "p.csv").write_text("id,a\n101,1.5\n102,2.5\n")
    assert read_items(tmp_path / "p.csv", "id").names == ("101", "102")


@pytest.mark.parametrize("more", ["", "x"], ids=["numbers alone", "words beside"])
def test_ids_are_kept_as_they_are_written(tmp_path, more):
    ids = ["1.1", "1.10", "2.0", "+3", "1e2", "0.50"]
    lines = [f"{one},{i * i},{more}{i % 3}" for i, one in enumerate(ids)]
    (tmp_path / "p.csv").write_text("\n".join(["v,a,b", *lines]))
    items = read_items(tmp_path / "p.csv", "v")
    assert list(items.names) == items.sheet.text["v"] == ids
    (tmp_path / "l.csv").write_text("v,label\n1.10,yes\n1.1,no\n2,yes\n0.50,no\n")
    rows, labels, _ = read_labels([tmp_path / "l.csv"], items.sheet)
    assert dict(zip(rows.tolist(), labels.tolist(), strict=True)) == {0: "no", 1: "yes", 2: "yes", 5: "no"}
    (tmp_path / "p.csv").write_text("\n".join(["v,a,b", *lines, f"2,7,{more}1"]))
    with pytest.raises(InputError, match=r"'2\.0', also written '2', is in rows 2 and 6"):
        read_items(tmp_path / "p.csv", "v")


def test_keys_of_whole_numbers_are_those_of_earlier_campaigns(tmp_path):
    for ids in (("1", "2"), ("1.0", "2.0")):
        (tmp_path / "p.csv").write_text(f"id,a\n{ids[0]},1.5\n{ids[1]},2.5\n")
        expected = tuple(of_bytes(json.dumps(["id", one]).encode()) for one in ("1", "2"))
        assert read_items(tmp_path / "p.csv", "id").keys == expected


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"label": "maybe"}, "not one of the classes yes, no"),
        ({"item": "d" + "0" * 32}, "the pool has no item"),
        ({"person": "  "}, "needs the name"),
        ({"verdict": "perhaps"}, "a verdict is one of"),
        ({"verdict": "skip"}, "takes no label"),
    ],
)
def test_wrong_verdicts_are_refused(campaign_of, changes, match):
    one = campaign_of()
    good = {"item": one.items.keys[0], "person": "Ada", "verdict": "label", "label": "yes"}
    with pytest.raises(InputError, match=match):
        one.verdict("event-1", **(good | changes))


def test_a_file_holds_one_campaign_with_two_classes_at_least(campaign_of, folder):
    campaign_of()
    with pytest.raises(CampaignError, match="holds a campaign already"):
        begin(folder / "c.db", Settings(("a", "b"), "pool.csv"))
    with pytest.raises(InputError, match="at least two different classes"):
        Settings(("a", "a"), "pool.csv")


def test_a_campaign_moves_with_its_pool(campaign_of, folder, answer, tmp_path_factory):
    answer(campaign_of(), 5)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "there"
    folder.rename(elsewhere)
    with open_campaign(elsewhere / "c.db").log as log:
        assert sum(event.kind == "label" for event in log.since(0)) == 5
    elsewhere.rename(folder)

"""The stop flag, signs of life, and who may write to a virtual network."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import BadInput
from shared.flows.incidents.history import read_history
from shared.flows.remediation.stop import StopChanges
from shared.store.errors import StoreConflict
from shared.store.records import ALL_CHANGES, Records
from shared.store.signs import LEASE, HeldClaim, Signs, StopFlag, VnetBusy
from tests.support.nouns import VNET, make_cluster

WALL = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
LATER = WALL + LEASE + timedelta(seconds=1)


def take(signs: Signs, change: str = "chg-1", worker: str = "w1", wall: datetime = WALL) -> HeldClaim:
    return signs.claim_vnet(VNET, change, worker, wall)


def test_nothing_is_stopped_until_somebody_says_so_and_each_time_is_kept(signs: Signs, records: Records) -> None:
    assert signs.stop_flag() == StopFlag()
    changes = StopChanges(signs)
    flag = changes.set(True, " Maria  Ortega ", "change freeze", WALL)
    assert signs.stop_flag() == flag == StopFlag(True, "Maria Ortega", "change freeze", WALL)
    changes.set(False, "Ada", "", LATER)
    assert not signs.stop_flag().is_set
    assert [(line.at, line.actor, line.event, line.detail) for line in records.audit(ALL_CHANGES)] == [
        (WALL, "Maria Ortega", "all changes stopped", "change freeze"),
        (LATER, "Ada", "stop of all changes lifted", ""),
    ]
    found = read_history(records, make_cluster().id)
    assert [line.event for line in found.audit] == ["all changes stopped", "stop of all changes lifted"]


@pytest.mark.parametrize(
    ("by", "reason", "message"),
    [
        (" ", "", "by is empty"),
        ("a" * 81, "", "by has 81 characters; at most 80 are taken"),
        ("Ada", "b" * 501, "reason has 501 characters; at most 500 are taken"),
    ],
)
def test_a_stop_by_nobody_or_with_a_novel_is_refused(
    signs: Signs, records: Records, by: str, reason: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        StopChanges(signs).set(True, by, reason, WALL)
    assert signs.stop_flag() == StopFlag()
    assert records.audit(ALL_CHANGES) == ()
    StopChanges(signs).set(True, "a" * 80, "b" * 500, WALL)


def test_the_last_success_is_remembered_each_by_itself(signs: Signs) -> None:
    assert signs.last_success("watch") is None
    signs.record_success("watch", WALL)
    signs.record_success("watch", LATER)
    assert signs.last_success("watch") == LATER
    assert signs.last_success("deliver") is None


def test_a_free_network_is_taken_and_given_back(signs: Signs) -> None:
    assert signs.vnet_holder(VNET) is None
    claim = take(signs)
    holder = signs.vnet_holder(VNET.upper())
    assert holder is not None
    assert (holder.change_id, holder.worker, holder.lease_until) == ("chg-1", "w1", WALL + LEASE)
    claim.release()
    assert signs.vnet_holder(VNET) is None
    take(signs, "chg-2").release()


def test_another_change_is_kept_out_for_as_long_as_the_first_is_not_done(signs: Signs) -> None:
    take(signs)
    for wall in (WALL, LATER):
        with pytest.raises(VnetBusy, match=r"held by change chg-1 until 19:07:00 UTC"):
            take(signs, "chg-2", "w2", wall)


def test_another_worker_of_the_change_is_kept_out_until_the_lease_ends(signs: Signs) -> None:
    take(signs)
    with pytest.raises(VnetBusy):
        take(signs, worker="w2", wall=WALL + LEASE - timedelta(seconds=1))
    take(signs, worker="w2", wall=LATER)
    holder = signs.vnet_holder(VNET)
    assert holder is not None
    assert holder.worker == "w2"


def test_renewing_keeps_the_lease_alive(signs: Signs) -> None:
    claim = take(signs)
    claim.renew(LATER)
    with pytest.raises(VnetBusy):
        take(signs, worker="w2", wall=LATER + LEASE - timedelta(seconds=1))


def test_a_worker_that_was_taken_over_can_neither_renew_nor_pause_nor_release(signs: Signs) -> None:
    slow = take(signs)
    take(signs, worker="w2", wall=LATER)
    with pytest.raises(StoreConflict):
        slow.renew(LATER)
    with pytest.raises(StoreConflict):
        slow.pause(LATER)
    with pytest.raises(StoreConflict):
        slow.release()
    holder = signs.vnet_holder(VNET)
    assert holder is not None
    assert holder.worker == "w2"


def test_a_worker_whose_claim_was_released_cannot_renew_it(signs: Signs) -> None:
    slow = take(signs)
    take(signs, worker="w2", wall=LATER).release()
    with pytest.raises(StoreConflict):
        slow.renew(LATER)
    assert signs.vnet_holder(VNET) is None


def test_a_paused_claim_lets_the_next_worker_of_the_change_in_at_once(signs: Signs) -> None:
    claim = take(signs)
    claim.pause(WALL)
    with pytest.raises(VnetBusy):
        take(signs, "chg-2", "w2")
    take(signs, worker="w2")


def test_networks_are_claimed_one_by_one(signs: Signs) -> None:
    take(signs)
    signs.claim_vnet(VNET + "-other", "chg-2", "w2", WALL)


def racing(claim: Callable[[int], HeldClaim]) -> tuple[list[int], set[str]]:
    """Who won, and whom the losers were told of."""

    def attempt(number: int) -> str | None:
        try:
            claim(number)
        except VnetBusy as busy:
            return busy.claim.worker
        return None

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(attempt, range(16)))
    return [number for number, holder in enumerate(told) if holder is None], {holder for holder in told if holder}


def test_of_sixteen_workers_one_holds_the_network_and_the_others_are_told_who(signs: Signs) -> None:
    winners, told = racing(lambda number: take(signs, f"chg-{number % 2}", f"w{number}"))
    assert len(winners) == 1
    assert told == {f"w{winners[0]}"}


def test_of_sixteen_workers_one_takes_over_after_the_lease(signs: Signs) -> None:
    take(signs)
    winners, told = racing(lambda number: take(signs, worker=f"next{number}", wall=LATER))
    assert len(winners) == 1
    assert told == {f"next{winners[0]}"}

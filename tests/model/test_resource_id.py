"""Ids: equal in any case, kept as spelled, taken apart into their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.resource_id import ArmId
from shared.store.codec import dump, load

TEXT = "/subscriptions/S1/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/v/subnets/Nodes"
SUBNET = ArmId(TEXT)


@dataclass(frozen=True)
class Record:
    subnet_id: ArmId
    gateway_id: ArmId | None = None
    rates: Mapping[ArmId, float] = field(default_factory=dict)


def test_an_id_keeps_its_spelling_and_equals_every_other() -> None:
    assert str(SUBNET) == f"{SUBNET}" == TEXT
    assert SUBNET == ArmId(TEXT.upper()) == TEXT.lower()
    assert TEXT.upper() == SUBNET, "whichever side the plain text stands on"
    assert (TEXT.lower() != SUBNET) is False
    assert ArmId(f"{TEXT}2") != SUBNET
    assert SUBNET != 1
    assert len({SUBNET, ArmId(TEXT.lower()), ArmId(TEXT.upper())}) == 1


@given(st.text())
def test_equal_ids_have_equal_hashes_and_stand_for_their_lower_case(text: str) -> None:
    spellings = (ArmId(text), ArmId(text.lower()))
    assert spellings[0] == spellings[1]
    assert hash(spellings[0]) == hash(spellings[1]) == hash(text.lower())
    assert {ArmId(text): 1}[ArmId(text.lower())] == {text.lower(): 1}[spellings[0]] == 1


def test_an_id_is_taken_apart() -> None:
    assert (SUBNET.subscription, SUBNET.resource_group, SUBNET.name) == ("S1", "Net", "Nodes")
    assert (SUBNET.type, SUBNET.names) == ("Microsoft.Network/virtualNetworks/subnets", ("v", "Nodes"))
    assert SUBNET.parent == "/subscriptions/S1/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/v"
    assert ArmId.build("S1", "Net", SUBNET.type, "v", "Nodes") == SUBNET
    assert (ArmId(TEXT.upper()).name, SUBNET.name) == ("NODES", "Nodes"), "one spelling's parts are not another's"
    with pytest.raises(ValueError, match="no parent"):
        _ = SUBNET.parent.parent


@pytest.mark.parametrize("text", ["", "prod", "/subscriptions/s1/resourceGroups/net", f"{TEXT}/..", f"{TEXT}?x"])
def test_what_is_not_the_id_of_a_resource_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="expected /subscriptions/<id>"):
        ArmId.parse(text)
    with pytest.raises(ValueError, match="not an Azure resource id"):
        _ = ArmId(text).name


def test_a_record_holds_ids_as_texts() -> None:
    text = dump(Record(SUBNET, rates={SUBNET: 1.5}))
    assert TEXT in text
    loaded = load(Record, text)
    assert type(loaded.subnet_id) is ArmId
    assert loaded == Record(ArmId(TEXT.lower()), rates={ArmId(TEXT.upper()): 1.5})

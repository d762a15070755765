"""A token counts if Entra ID made it, for this app, in this tenant, for this use, and now."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from shared.auth import entra_tokens
from shared.auth.errors import EntraUnavailable, SignInRefused, TokenRefused
from simulator.state.signing_keys import FORGERIES, compact, new_key
from tests.support.entra_tokens import AUTHORITY, CLIENT, ISSUER, NONCE, TENANT, Entra, claims


@pytest.fixture
def entra() -> Entra:
    return Entra()


def test_a_good_token_gives_its_claims_and_keys_are_read_once(entra: Entra) -> None:
    tokens = entra.tokens()
    for _ in range(3):
        assert tokens.id_claims(entra.token(), NONCE)["oid"] == claims()["oid"]
    assert entra.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{AUTHORITY}/keys"]


@pytest.mark.parametrize("name", [name for name in FORGERIES if name != "acrs_missing"])
def test_every_forgery_is_found(entra: Entra, name: str) -> None:
    with pytest.raises(SignInRefused, match="token"):
        entra.tokens().id_claims(FORGERIES[name](claims(), entra.signing), NONCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"]},
        {"aud": ""},
        {"iss": f"{ISSUER}/"},
        {"iss": ISSUER.upper()},
        {"tid": "88888888-8888-4888-8888-888888888888"},
        {"tid": [TENANT]},
        {"nonce": NONCE},
        {"nonce": ""},
        {"nonce": 1},
        {"nonce": "é"},
        {"oid": ""},
        {"oid": 7},
        {"oid": None},
        {"exp": "soon"},
        {"exp": timedelta(seconds=-90)},
        {"nbf": timedelta(minutes=10)},
        {"iat": timedelta(minutes=10)},
        *({name: ...} for name in ("iss", "aud", "tid", "oid", "nonce", "exp", "nbf", "iat")),
    ],
)
def test_a_rightly_signed_token_with_another_claim_is_refused(entra: Entra, changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        entra.tokens().id_claims(entra.token(**changes), NONCE)


def test_a_clock_may_be_off_by_a_minute(entra: Entra) -> None:
    now = int(time.time())
    entra.tokens().id_claims(entra.token(exp=now - 20), NONCE)
    entra.tokens().id_claims(entra.token(nbf=now + 30, iat=now + 30), NONCE)


@pytest.mark.parametrize("token", [None, 1, {}, "", "a.b", "a.b.c", "é.é.é", "." * 5, "x" * 10_000])
def test_what_is_no_token_is_refused(entra: Entra, token: object) -> None:
    with pytest.raises(SignInRefused):
        entra.tokens().id_claims(token, NONCE)


@pytest.mark.parametrize(
    "header", [{"alg": "RS256"}, {"alg": "RS256", "kid": 1}, {"alg": "RS512", "kid": "k"}, {"kid": "k"}]
)
def test_a_header_without_its_key_or_of_another_algorithm_is_refused(entra: Entra, header: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        entra.tokens().id_claims(compact(header, claims(), lambda _: b"x"), NONCE)


def test_a_new_key_is_read_and_an_unknown_one_asked_for_once(entra: Entra) -> None:
    tokens = entra.tokens()
    tokens.id_claims(entra.token(), NONCE)
    entra.signing.roll(keep_old=False)
    tokens.id_claims(entra.token(), NONCE)
    assert len(entra.asked) == 4
    with pytest.raises(SignInRefused):
        tokens.id_claims(new_key().token(claims()), NONCE)
    assert len(entra.asked) == 6


def test_a_key_that_was_withdrawn_counts_no_longer_than_an_hour(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, old = entra.tokens(), entra.token()
    tokens.id_claims(old, NONCE)
    entra.signing.roll(keep_old=False)
    tokens.id_claims(old, NONCE)
    monkeypatch.setattr(entra_tokens, "_KEYS_SECONDS", -1)
    with pytest.raises(SignInRefused):
        tokens.id_claims(old, NONCE)


@pytest.mark.parametrize("issuer", [None, f"{AUTHORITY}/{{tenantid}}/v2.0", "https://evil.example"])
def test_discovery_of_another_issuer_is_not_used(entra: Entra, issuer: object) -> None:
    entra.changes = {"issuer": issuer}
    with pytest.raises(EntraUnavailable, match="another issuer"):
        entra.tokens().id_claims(entra.token(), NONCE)


@pytest.mark.parametrize("part", [{"kty": "oct", "k": "eA"}, {"use": "enc"}, {"n": "", "e": ""}, {"n": None}])
def test_a_key_that_is_not_for_signatures_verifies_none(entra: Entra, part: dict[str, Any]) -> None:
    entra.keys = [{**entra.signing.current().to_json(), **part}, "no key", None]
    with pytest.raises(SignInRefused):
        entra.tokens().id_claims(entra.token(), NONCE)


@pytest.mark.parametrize("keys", ["", {}, [], [None]])
def test_without_keys_nothing_is_verified(entra: Entra, keys: object) -> None:
    entra.keys = keys
    with pytest.raises(SignInRefused):
        entra.tokens().id_claims(entra.token(), NONCE)


ACCESS = {"azp": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "scp": "other user_impersonation", "nonce": ...}


def test_an_access_token_that_the_azure_cli_got_for_a_person_gives_its_claims(entra: Entra) -> None:
    assert entra.tokens().access_claims(entra.token(**ACCESS))["oid"] == claims()["oid"]


@pytest.mark.parametrize(
    "changes",
    [
        {"azp": ...},
        {"azp": "11111111-1111-4111-8111-111111111111"},
        {"azp": CLIENT},
        {"scp": ...},  # an application's own token
        {"scp": "user_impersonation_not"},
        {"scp": ["user_impersonation"]},
        {"scp": ""},
        {"aud": f"api://{CLIENT}"},  # v1.0
        {"aud": "00000003-0000-0000-c000-000000000000"},
        {"iss": f"https://sts.windows.net/{TENANT}/"},
        {"tid": "88888888-8888-4888-8888-888888888888"},
        {"oid": ""},
        {"exp": timedelta(seconds=-90)},
        {"nbf": timedelta(minutes=10)},
        *({name: ...} for name in ("iss", "aud", "tid", "oid", "exp", "nbf", "iat")),
    ],
)
def test_an_access_token_for_another_use_is_refused(entra: Entra, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused, match="Run `az login`"):
        entra.tokens().access_claims(entra.token(**ACCESS | changes))


@pytest.mark.parametrize("name", [name for name in FORGERIES if "nonce" not in name and name != "acrs_missing"])
def test_every_forgery_of_an_access_token_is_found(entra: Entra, name: str) -> None:
    with pytest.raises(TokenRefused):
        entra.tokens().access_claims(FORGERIES[name](claims(**ACCESS), entra.signing))


def test_strangers_cannot_make_the_keys_be_read_all_the_time(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = entra.tokens()
    for _ in range(5):
        with pytest.raises(TokenRefused):
            tokens.access_claims(new_key().token(claims(**ACCESS)))
    assert len(entra.asked) == 2
    entra.signing.roll(keep_old=False)
    monkeypatch.setattr(entra_tokens, "_UNKNOWN_KEY_SECONDS", -1)  # a minute later
    assert tokens.access_claims(entra.token(**ACCESS))

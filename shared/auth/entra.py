"""Sign-in with Entra ID: the authorization code flow with PKCE.

Source: Entra docs, v2-oauth2-auth-code-flow and id-token-claims-reference. MSAL checks state, PKCE and nonce;
``entra_tokens`` checks the returned token.
"""

import functools
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ..core.approval.step_up import Lack, lack_of
from ..first_use import import_lock
from ..formatting import clip, visible
from ..model.identity import Person, Role, StepUp
from ..model.text import Text, arranged
from ..user_input import LONGEST_NAME
from .entra_tokens import EntraTokens
from .errors import EntraUnavailable, GuestRefused, SignInRefused, StepUpRefused

_SECONDS = 10.0  # for each answer of Entra ID
_ENTRA_CODE = re.compile(r"AADSTS\d{4,8}")


class EntraId:
    """``credential``: a client secret, or a function that gives the client assertion of the app's managed identity."""

    def __init__(
        self,
        authority: str,
        tenant_id: str,
        client_id: str,
        credential: str | Callable[[], str],
        *,
        allows_guests: bool = False,
    ) -> None:
        self.client_id = client_id
        self._authority = f"{authority}/{tenant_id}"
        self._tenant_id = tenant_id
        self._credential = credential if isinstance(credential, str) else {"client_assertion": credential}
        self._allows_guests = allows_guests
        self._tokens = EntraTokens(authority, tenant_id, client_id, _read_json)

    def begin(self, redirect_uri: str, state: str, context: str = "") -> dict[str, Any]:
        """MSAL's flow; its ``auth_uri`` is where the browser goes. Raises EntraUnavailable.

        ``context``: the authentication context that a step-up must satisfy.
        """
        claims = json.dumps({"id_token": {"acrs": {"essential": True, "value": context}}}) if context else None
        with self._msal() as app:
            flow = app.initiate_auth_code_flow(
                [],
                redirect_uri=redirect_uri,
                state=state,
                response_mode="query",
                # People may have several accounts; Entra ID would use the signed-in account without asking.
                prompt="login" if context else "select_account",
                claims_challenge=claims,
            )
        return dict(flow)

    def person(self, flow: Mapping[str, Any], answer: Mapping[str, str], now: datetime) -> Person:
        """The person who signed in, from the query of Entra ID's redirect.

        Raises SignInRefused, GuestRefused or EntraUnavailable.
        """
        return self._admitted(self._signed_in(flow, answer), now)

    def stepped_up(
        self, flow: Mapping[str, Any], answer: Mapping[str, str], digest: str, context: str, now: datetime
    ) -> tuple[Person, StepUp]:
        """The person who signed in again for the plan with this digest. Raises as ``person``, and StepUpRefused."""
        claims = self._signed_in(flow, answer)
        person = self._admitted(claims, now)
        at, contexts = claims.get("auth_time"), claims.get("acrs")
        if not isinstance(at, int) or not 0 <= at < 1 << 33:  # else Python knows no such time
            raise StepUpRefused(Text("its token lacks auth_time, an optional claim of the app registration"))
        confirmed = frozenset(map(str, contexts if isinstance(contexts, list) else ()))
        step_up = StepUp(person.object_id, digest, confirmed, datetime.fromtimestamp(at, UTC))
        match lack_of(step_up, person, digest, context, now):
            case None:
                return person, step_up
            case Lack.CONTEXT:
                raise StepUpRefused(Text("Entra ID did not confirm the authentication context {id}", id=context))
            case _:
                raise StepUpRefused(Text("you signed in more than 5 minutes ago"))

    def _signed_in(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Mapping[str, Any]:
        """The verified claims."""
        if "error" in answer:
            raise SignInRefused(_reason(answer))
        with self._msal() as app:
            result = app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
        if "error" in result:
            raise SignInRefused(_reason(result))
        return self._tokens.id_claims(result.get("id_token"), str(flow.get("nonce")))

    def caller(self, token: str, now: datetime) -> Person:
        """The person whose access token the terminal sends.

        Raises TokenRefused, GuestRefused or EntraUnavailable.
        """
        return self._admitted(self._tokens.access_claims(token), now)

    def _admitted(self, claims: Mapping[str, Any], now: datetime) -> Person:
        person = _person_of(claims, now)
        if person.is_guest and not self._allows_guests:
            raise GuestRefused(person.name)
        return person

    @contextmanager
    def _msal(self) -> Iterator[Any]:
        """An MSAL client for one call, because its token cache holds people's tokens."""
        with import_lock:
            import msal
            import requests

            from ..bounded_http import bounded_session
        # It logs an answer that is no JSON as a whole, and that can hold a token.
        logging.getLogger("msal.oauth2cli.oauth2").addFilter(_nothing)
        # It wants the code posted from Entra ID's page: browsers send no SameSite=Lax cookie along with that.
        warnings.filterwarnings("ignore", message="response_mode='form_post' is recommended")
        with bounded_session() as session:
            session.request = functools.partial(session.request, timeout=_SECONDS)  # type: ignore[method-assign]
            try:
                yield msal.ConfidentialClientApplication(
                    self.client_id,
                    client_credential=self._credential,
                    authority=self._authority,
                    instance_discovery=False,
                    http_client=session,
                )
            except (requests.RequestException, msal.exceptions.MsalError, json.JSONDecodeError) as error:
                raise EntraUnavailable(_no_answer(error)) from error
            except (ValueError, RuntimeError, LookupError, TypeError, AttributeError) as error:
                # MSAL's own checks of state, nonce and claims, and what its parsers raise for undocumented answers.
                raise SignInRefused(
                    Text("its answer can't be trusted ({error})", error=type(error).__name__)
                ) from error


def _nothing(_: logging.LogRecord) -> bool:
    return False


def _person_of(claims: Mapping[str, Any], now: datetime) -> Person:
    """From verified claims, without unknown roles."""
    named = claims.get("name") or claims.get("preferred_username") or "without a name"
    roles = claims.get("roles")
    held = {role for role in Role if isinstance(roles, list) and role.value in roles}
    name = clip(visible(" ".join(str(named).split())), LONGEST_NAME)
    return Person(claims["oid"], claims["tid"], name, frozenset(held), now, _is_guest(claims))


def _is_guest(claims: Mapping[str, Any]) -> bool:
    """``acct`` is 1 for a guest, where the registration asks for it; ``idp`` names a provider that is not the issuer's
    tenant, and is absent when the account is the tenant's own."""
    own = (None, claims["iss"], f"https://sts.windows.net/{claims['tid']}/")
    return claims.get("acct", 0) not in (0, "0") or claims.get("idp") not in own


def _reason(answer: Mapping[str, Any]) -> Text:
    """Only Entra ID's code: anybody can put other text into a URL."""
    found = _ENTRA_CODE.search(str(answer.get("error_description", "")))
    if answer.get("error") == "access_denied":
        denied = Text("it was cancelled or refused there")
        return arranged("{reason} ({code})", reason=denied, code=found[0]) if found else denied
    if found:
        return Text("Entra ID refused it with {code}", code=found[0])
    return Text("Entra ID refused it with an error without a code")


def _no_answer(error: Exception) -> Text:
    return Text("it did not answer as it should ({error})", error=type(error).__name__)


def _read_json(url: str) -> Mapping[str, Any]:
    with import_lock:
        import requests

        from ..bounded_http import send
    try:
        answer = send("GET", url, _SECONDS)
        content = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise EntraUnavailable(_no_answer(error)) from error
    if not isinstance(content, dict):
        raise EntraUnavailable(Text("{status:plain} came instead of its keys", status=answer.status_code))
    return content

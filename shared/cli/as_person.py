"""What the app does for a person who signed in: by its API, with the token of ``az login``. The app verifies it."""

from typing import Any
from urllib.parse import quote, urlencode

from ..app import App
from ..cloud.credentials import azure_cli_token
from ..errors import MisconfiguredError, Refused, SnatbotError
from ..model.text import Text, verbatim

_SECONDS = 230.0  # Azure's limit of a request


class AppUnavailable(SnatbotError):
    """The app did not answer as its API does."""


def acts_as_person(app: App) -> bool:
    """Otherwise the terminal writes to storage itself. Raises MisconfiguredError if it can do neither."""
    settings = app.settings
    if settings.people_sign_in or settings.has_storage:
        return settings.people_sign_in
    both = "must be set, with APPROVAL_MODE=signin; or AzureWebJobsStorage, with APPROVAL_MODE=link"
    raise MisconfiguredError(dict.fromkeys(("ENTRA_TENANT_ID", "ENTRA_CLIENT_ID", "PUBLIC_BASE_URL"), both))


def call(app: App, command: str, **parameters: str) -> dict[str, Any]:
    """As ``ask``, for a command that writes."""
    return ask(app, "POST", f"commands/{quote(command)}", **parameters)


def ask(app: App, method: str, route: str, **parameters: str) -> dict[str, Any]:
    """The app's answer. Raises Refused with its reason, AzureError without a token, or AppUnavailable."""
    settings = app.settings
    base = settings.public_base_url or ""
    if not base.startswith("https://"):  # a token must not travel in clear
        raise MisconfiguredError({"PUBLIC_BASE_URL": "must be the app's address, with https://"})
    token = azure_cli_token(settings.entra_tenant_id, f"api://{settings.entra_client_id}/.default")
    query = urlencode({name: value for name, value in parameters.items() if value})
    return _send(method, f"{base}/api/{route}?{query}", token)


def _send(method: str, url: str, token: str) -> dict[str, Any]:
    import requests

    from ..bounded_http import send

    try:
        answer = send(method, url, _SECONDS, b"", {"Authorization": f"Bearer {token}"})
        content = answer.json()
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise AppUnavailable(
            Text("The app did not answer as it should ({error}).", error=type(error).__name__)
        ) from error
    if isinstance(content, dict) and answer.ok:
        return content
    match content:
        case {"error": {"message": str() as reason}}:
            raise Refused(verbatim(reason))
    raise AppUnavailable(Text("The app answered {status} without a reason.", status=answer.status_code))

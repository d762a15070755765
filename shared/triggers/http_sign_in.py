"""Sign in with Entra ID, and sign out. Both lead back to the page of a signed link only."""

import azure.functions as func

from .responses import answers_page

blueprint = func.Blueprint()


@blueprint.route(route="sign-in", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def sign_in(req: func.HttpRequest) -> func.HttpResponse:
    """``?t=`` the link of a change's page: redirects the browser to Entra ID."""
    from .sign_in_pages import begin

    return begin(req)


@blueprint.route(route="signed-in", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def signed_in(req: func.HttpRequest) -> func.HttpResponse:
    """The redirect URI: Entra ID redirects the browser here, with a code or an error."""
    from .sign_in_pages import finish

    return finish(req)


@blueprint.route(route="sign-out", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def sign_out(req: func.HttpRequest) -> func.HttpResponse:
    """End the session in this browser; only from a page's own form."""
    from .sign_in_pages import leave

    return leave(req)

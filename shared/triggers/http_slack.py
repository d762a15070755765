"""What people ask for in Slack. Slack waits three seconds: the request is checked and queued, and a worker answers."""

import azure.functions as func

from .queue_messages import message, queue
from .responses import answers_json, answers_page

blueprint = func.Blueprint()


@blueprint.route(route="slack", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.queue_output("asked", **queue("slack"))
@answers_json
def slack(req: func.HttpRequest, asked: func.Out[str]) -> func.HttpResponse:
    """The request URL of the app's slash command and its buttons. Slack signs the body as it is sent."""
    from ..app import current
    from ..errors import NotFoundHere
    from ..model.text import Text

    app = current()
    if app.slack_requests is None:
        raise NotFoundHere(Text("No Slack app is set up here: SLACK_SIGNING_SECRET is empty."))
    signed = app.slack_requests.read(req.get_body(), req.headers, app.clock.wall())
    if signed.request and app.stored_slack_requests.add(signed.key, signed.request):
        asked.set(message(request=signed.key))
    return func.HttpResponse(status_code=200, headers={"Cache-Control": "no-store"})


@blueprint.route(route="slack/link", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_page
def slack_link(req: func.HttpRequest) -> func.HttpResponse:
    """``?t=`` from the private answer in Slack: who links which accounts; the page's form links them."""
    from .slack_link_page import confirm, show

    return confirm(req) if req.method == "POST" else show(req)

"""What the terminal writes for a person who signed in.

A route of its own: the host lets everybody call an anonymous route, and does not say whether a function key came along.
"""

import azure.functions as func

from .responses import answers_json

blueprint = func.Blueprint()


@blueprint.route(route="commands/{command}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answers_json
def command(req: func.HttpRequest) -> func.HttpResponse:
    """``propose``, ``silence``, ``unsilence`` or ``start``, with a person's access token for this app's API."""
    from .commands import by_person

    return by_person(req)

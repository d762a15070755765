"""Files that are public, because they hold no data: style and script of the pages, and the OpenAPI document."""

import azure.functions as func

blueprint = func.Blueprint()
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


@blueprint.route(route="assets/{version}/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def asset(req: func.HttpRequest) -> func.HttpResponse:
    """404 for another version: two versions of the app may run during a deployment."""
    from ..web.assets import read_asset

    found = read_asset(req.route_params.get("version", ""), req.route_params.get("name", ""))
    if found is None:
        return func.HttpResponse(status_code=404, headers={"Cache-Control": "no-store"})
    content, media_type = found
    return func.HttpResponse(content, mimetype=media_type, charset="utf-8", headers=_FOREVER)


@blueprint.route(route="openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """What each route takes and answers."""
    from ..web.assets import openapi_document

    headers = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return func.HttpResponse(openapi_document(), mimetype="application/json", charset="utf-8", headers=headers)

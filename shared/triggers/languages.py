"""The language of a page: ``?lang=``, else the best that the browser accepts, else LANGUAGE."""

import azure.functions as func

from ..errors import MisconfiguredError
from ..wording.languages import LANGUAGES, accepted, known_language


def language_of(req: func.HttpRequest) -> str:
    from ..app import current

    try:
        default = current().settings.language
    except MisconfiguredError:  # pages say so too
        default = "en"
    return known_language([req.params.get("lang", ""), *accepted(req.headers.get("Accept-Language", ""))], default)


def same_language(url: str, req: func.HttpRequest) -> str:
    """A page's URL, which has a query, with the language that this request's URL asks for."""
    asked = req.params.get("lang", "")
    return f"{url}&lang={asked}" if asked in LANGUAGES else url

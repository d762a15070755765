"""Reports of egress probes: bounded, and refused without the key of a cluster, before anything of them is read."""

import hashlib
import threading
import time

import azure.functions as func

from ..app import current
from ..clock import Instant
from ..flows.probing.accept import LONGEST_REPORT
from ..model.text import Text
from ..web.answers import error_json
from .rate_bound import RateBound
from .responses import as_json

_USUAL_SECONDS, _URGENT_SECONDS = 300, 30
# Of this process. All probes of a cluster share its key: a thousand nodes report every 30 seconds at most.
_of_all = RateBound(per_second=100, burst=400)  # of those without a verified key: their flood silences no probe
_of_key: dict[bytes, RateBound] = {}  # by the SHA-256 of what was verified
_lock = threading.Lock()


def take_report(req: func.HttpRequest) -> func.HttpResponse:
    now = time.monotonic()
    scheme, _, sent = req.headers.get("Authorization", "").partition(" ")
    text = sent.strip() if scheme.lower() == "bearer" else ""
    digest = hashlib.sha256(text.encode(errors="replace")).digest()
    if not _of_key.get(digest, _of_all).admits(now):
        return _refusal(429, "too_many", _TOO_MANY)
    body = req.get_body()
    if len(body) > LONGEST_REPORT:
        return _refusal(413, "too_large", Text("The report is longer than {most} bytes.", most=LONGEST_REPORT))
    app = current()
    key, has_work = app.probe_keys.verify(text)
    if key is None:
        return _refusal(401, "key_refused", Text("The report needs a valid key: `probe key create` makes one."))
    with _lock:
        _of_key.setdefault(digest, RateBound(per_second=40, burst=200))
    app.accept_report.accept(key, body, Instant.of(app.clock))
    return as_json({"interval_seconds": _URGENT_SECONDS if has_work else _USUAL_SECONDS})


_TOO_MANY = Text("Too many reports: try again in a few seconds.")


def _refusal(status: int, code: str, message: Text) -> func.HttpResponse:
    headers = {"Retry-After": "10"} if status == 429 else {}
    return as_json(error_json(code, message), status, headers)

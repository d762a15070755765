"""The function app: registers the triggers, nothing else."""

import logging

import azure.functions as func

from shared.build import python_mismatch
from shared.triggers import (
    http_api,
    http_health,
    http_ip,
    http_pages,
    queues,
    timers,
)

app = func.FunctionApp()
for module in (
    timers,
    queues,
    http_api,
    http_health,
    http_ip,
    http_pages,
):
    app.register_functions(module.blueprint)

if mismatch := python_mismatch():
    logging.getLogger("snatbot").error("%s", mismatch)

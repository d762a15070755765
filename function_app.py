"""The function app: registers the triggers, nothing else."""

import azure.functions as func

from shared.triggers import (
    http_assets,
    http_audit,
    http_changes,
    http_checks,
    http_commands,
    http_health,
    http_ip,
    http_pages,
    http_sign_in,
    http_silences,
    http_slack,
    queues,
    timers,
)

app = func.FunctionApp()
for module in (
    timers,
    queues,
    http_checks,
    http_health,
    http_ip,
    http_silences,
    http_slack,
    http_audit,
    http_changes,
    http_commands,
    http_pages,
    http_sign_in,
    http_assets,
):
    app.register_functions(module.blueprint)

"""The function app: registers the triggers, nothing else."""

import azure.functions as func

from shared.triggers import changes, checks, queues, silences, timers

app = func.FunctionApp()
for module in (timers, queues, checks, silences, changes):
    app.register_functions(module.blueprint)

"""A function app that does on demand what a host must cope with, and notes each call in the file SAMPLE_JOURNAL."""

from __future__ import annotations

import importlib
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import Any, List  # noqa: UP035 - Microsoft's worker takes List in an annotation, but not list

import azure.functions as func

STORAGE = "AzureWebJobsStorage"
app = func.FunctionApp()
later = func.Blueprint()
calls_here = 0
journal_lock = threading.Lock()


def journal(**entry: Any) -> None:
    line = json.dumps({"pid": os.getpid(), "at": time.time(), **entry})
    with journal_lock, Path(os.environ["SAMPLE_JOURNAL"]).open("a") as file:
        file.write(line + "\n")


def wait_until_told() -> None:
    """The event is a file, which all processes see."""
    while not Path(os.environ["SAMPLE_JOURNAL"]).with_name("go").exists():
        time.sleep(0.01)


@app.route("echo/{word}/{number:int?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    answer = {
        "method": req.method,
        "url": req.url,
        "host": req.headers["host"],
        "x-two": req.headers.get("x-two"),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
        "pid": os.getpid(),
        "environment": dict(os.environ),
    }
    return func.HttpResponse(json.dumps(answer), mimetype="application/json", status_code=201, headers={"X-Own": "1"})


@app.route("echo/literal", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def literal(req: func.HttpRequest) -> str:
    return "the literal one"


@app.route("files/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> str:
    return str(req.route_params.get("path", "nothing"))


@app.route("nothing", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def nothing(req: func.HttpRequest) -> str:
    return None  # type: ignore[return-value]


@app.route("guarded", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> str:
    return "came in"


@app.route("owner", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def owner(req: func.HttpRequest) -> str:
    return "came in"


@app.route("fail", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def fail(req: func.HttpRequest) -> str:
    raise RuntimeError("as asked over HTTP")


@app.route("number", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def number(req: func.HttpRequest) -> str:
    return 42  # type: ignore[return-value]


@app.route("slow", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def slow(req: func.HttpRequest) -> str:
    journal(function="slow")
    wait_until_told()
    journal(function="slow", done=True)
    return "done"


@app.route("now", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def now(req: func.HttpRequest) -> str:
    clock = importlib.import_module("shared.app").clock
    return str(clock.now().isoformat())


@app.route("send", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="message", queue_name="%PREFIX%-work", connection=STORAGE)
def send(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(req.get_body().decode())
    if "fail" in req.params:
        raise RuntimeError("after the output was set")
    return "sent"


@app.timer_trigger(arg_name="timer", schedule="%TICK_SCHEDULE%")
@app.queue_output(arg_name="messages", queue_name="%PREFIX%-work", connection=STORAGE)
def tick(timer: func.TimerRequest, messages: func.Out[List[str]]) -> None:  # noqa: UP006
    global calls_here
    calls_here += 1
    logging.getLogger("sample").info("the timer ticks")
    journal(function="tick", past_due=timer.past_due, calls_here=calls_here)
    time.sleep(float(os.environ.get("TICK_SECONDS", "0")))
    if "TICK_WAITS" in os.environ:
        wait_until_told()
    if "TICK_SENDS" in os.environ:
        messages.set(json.loads(os.environ["TICK_SENDS"]))


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def broken(timer: func.TimerRequest) -> None:
    raise RuntimeError("as ever")


@app.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
def returns_too_much(timer: func.TimerRequest) -> str:
    return "nobody takes this"


@later.queue_trigger(arg_name="message", queue_name="%PREFIX%-work", connection=STORAGE)
def work(message: func.QueueMessage, context: func.Context) -> None:
    body = message.get_body().decode()
    journal(
        function="work",
        body=body,
        count=message.dequeue_count,
        invocation=context.invocation_id,
        aware=bool(message.insertion_time and message.insertion_time.tzinfo),
    )
    if body == "fail":
        raise RuntimeError("as asked by message")
    if body == "crash":
        os._exit(9)
    if body == "wait":
        wait_until_told()
    journal(function="work", body=body, done=True)


@later.queue_trigger(arg_name="message", queue_name="%PREFIX%-work-poison", connection=STORAGE)
def work_poison(message: func.QueueMessage) -> None:
    journal(function="work_poison", body=message.get_body().decode(errors="replace"), count=message.dequeue_count)


@later.queue_trigger(arg_name="message", queue_name="%PREFIX%-relay", connection=STORAGE)
@later.queue_output(arg_name="$return", queue_name="%PREFIX%-work", connection=STORAGE)
def relay(message: func.QueueMessage) -> str:
    return f"relayed {message.get_body().decode()}"


app.register_functions(later)

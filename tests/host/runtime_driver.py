"""Runs a function app in Microsoft's worker runtime (``azure-functions-runtime``) and reports what it did.

Takes the place of the Functions host: it calls the runtime's entry points in the order the host does, first
``worker_init_request``, which indexes the app, then ``functions_metadata_request`` and ``invocation_request``. The
messages are records with the names of the host's protocol (azure-functions-language-worker-protobuf); all that is done
with them is the runtime's.

Started in its own process with the app's folder as argument and, as JSON on standard input, a list of
``{"function": name, "input": {parameter: {kind: value}}, "metadata": {...}}``. Prints JSON: ``functions``, the indexed
names; ``failure``, why indexing failed; ``results``, one for each invocation.
"""

from __future__ import annotations

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """A message of the protocol: its fields, and which of its alternatives is set."""

    def WhichOneof(self, _: str) -> str | None:
        return next((name for name in vars(self) if name != "name"), None)


class StatusResult(Message):
    Failure, Success = range(2)


class BindingInfo(Message):
    out, inout, undefined = 1, 2, 0


NAMES = (
    "FunctionLoadResponse FunctionMetadataResponse InvocationResponse NullableBool NullableDouble NullableString"
    " NullableTimestamp ParameterBinding RpcException RpcFunctionMetadata RpcHttp RpcHttpCookie RpcRetryOptions"
    " TypedData WorkerInitResponse WorkerMetadata"
)
PROTOCOL = SimpleNamespace(StatusResult=StatusResult, BindingInfo=BindingInfo, **dict.fromkeys(NAMES.split(), Message))


def typed_data(kind: str, value: Any) -> Message:
    """A value as the host sends it: "string", "json", or "http" with the fields of RpcHttp."""
    if kind == "http":
        body = Message(bytes=value.get("body", "").encode())
        defaults = {"headers": {}, "params": {}, "query": {}, "url": "http://localhost/", "method": "GET"}
        return Message(http=Message(**{**defaults, **value, "body": body}))
    return Message(**{kind: value})


def plain(message: Any) -> Any:
    """A message as JSON can hold it."""
    if isinstance(message, SimpleNamespace):
        return {name: plain(value) for name, value in vars(message).items()}
    if isinstance(message, bytes):
        return message.decode()
    if isinstance(message, dict):
        return {name: plain(value) for name, value in message.items()}
    return [plain(item) for item in message] if isinstance(message, list) else message


async def run(app_folder: str, invocations: list[dict[str, Any]]) -> dict[str, Any]:
    import azure_functions_runtime as runtime

    request = Message(worker_init_request=Message(capabilities={}, function_app_directory=app_folder))
    started = await runtime.worker_init_request(
        Message(request=request, properties={"host": "127.0.0.1", "protos": PROTOCOL})
    )
    if started.result.status != StatusResult.Success:
        return {"functions": [], "failure": plain(started.result.exception), "results": []}
    metadata = await runtime.functions_metadata_request(Message())
    ids = {each.name: each.function_id for each in metadata.function_metadata_results or ()}
    runtime.start_threadpool_executor()
    results = [plain(await invoke(runtime, ids, invocation)) for invocation in invocations]
    runtime.stop_threadpool_executor()
    return {"functions": sorted(ids), "failure": None, "results": results}


async def invoke(runtime: Any, ids: dict[str, str], invocation: dict[str, Any]) -> Any:
    inputs = [
        Message(name=name, data=typed_data(kind, value))
        for name, given in invocation["input"].items()
        for kind, value in given.items()
    ]
    request = Message(
        invocation_id=f"invocation of {invocation['function']}",
        function_id=ids[invocation["function"]],
        input_data=inputs,
        trigger_metadata={
            name: typed_data("json", json.dumps(value)) for name, value in invocation.get("metadata", {}).items()
        },
        trace_context=Message(trace_parent="", trace_state="", attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
    )
    return await runtime.invocation_request(Message(request=Message(invocation_request=request)))


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    # Only the report may be on standard output, whatever the app prints.
    report, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps(asyncio.run(run(sys.argv[1], json.load(sys.stdin)))), file=report)

"""`python -m simulator`: serve a scenario until interrupted; or print its truth, or the schema."""

from __future__ import annotations

import argparse
import json
import signal
import ssl
import sys
import threading
from datetime import datetime
from pathlib import Path

from . import scenario
from .app import Simulator
from .build import build_world
from .clock import SimulatedClock, floor_to_minute, wall_now
from .server import SimulatorServer, write_ports

EPILOG = """\
Without --tls the simulator speaks plain http on --port. With --tls it speaks https there, and plain
http, with the same content, on --http-port: managed identity endpoints are plain http in Azure.
DIR then holds ca.pem, which clients must trust (REQUESTS_CA_BUNDLE), and ports.json.
Its own endpoints (clock, messages, faults, state) are under /_sim/ (see README.md).

Other commands: python -m simulator truth NAME-or-FILE (see --help), python -m simulator schema
"""


def serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A simulated Azure, Entra ID, Slack and Teams over HTTP(S).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port; 0 (the default) takes a free one")
    parser.add_argument("--tls", type=Path, metavar="DIR", help="serve https, with certificates made in DIR")
    parser.add_argument("--http-port", type=int, default=0, metavar="N", help="with --tls: the port of plain http")
    parser.add_argument(
        "--scenario",
        default="storm",
        metavar="NAME-or-FILE",
        help=f"what happens: {', '.join(scenario.names())}, or a .yaml file (default: storm)",
    )
    parser.add_argument("--clusters", type=int, default=0, metavar="N", help="add N healthy clusters")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="simulated seconds a second (default: 1)")
    return parser


def truth_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator truth",
        description="Print, as JSON, which nodes and NAT gateways of a scenario fail connections, and when.",
    )
    parser.add_argument("scenario", metavar="NAME-or-FILE")
    parser.add_argument("--minutes", type=int, default=60, metavar="N", help="how long it runs (default: 60)")
    parser.add_argument("--start", metavar="TIME", help="when it starts, as 2026-01-01T10:00:00Z (default: now)")
    parser.add_argument("--check", action="store_true", help="compare with the truth that the scenario declares")
    return parser


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    command = {"truth": print_truth, "schema": print_schema}.get(given[0] if given else "")
    try:
        return command(given[1:]) if command is not None else serve(serve_parser().parse_args(given))
    except (ValueError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2


def print_schema(_arguments: list[str]) -> int:
    """`python -m simulator schema`: the JSON Schema of scenario files."""
    print(json.dumps(scenario.schema(), indent=2))
    return 0


def print_truth(arguments: list[str]) -> int:
    """`python -m simulator truth`: prints the ground truth, or how it differs from the declared truth."""
    from .ground_truth import declared_differences, truth_of_scenario

    options = truth_parser().parse_args(arguments)
    start = datetime.fromisoformat(options.start) if options.start else floor_to_minute(wall_now())
    if start.tzinfo is None:
        raise ValueError(f"--start was {options.start!r}; it needs a zone, as in 2026-01-01T10:00:00Z")
    content = scenario.load(options.scenario)
    found = truth_of_scenario(content, start, options.minutes)
    if not options.check:
        print(json.dumps(found, indent=2))
        return 0
    differences = declared_differences(content, found)
    for difference in differences:
        print(difference)
    return 1 if differences else 0


def serve(options: argparse.Namespace) -> int:
    """`python -m simulator`: until SIGINT or SIGTERM."""
    content = scenario.load(options.scenario)
    world = build_world(content, SimulatedClock(speed=options.speed), extra_clusters=options.clusters)
    world.traffic.warm(world.origin_minute)
    servers = listen(Simulator(world), options.port, options.tls, options.http_port)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    print(f"simulator listening on {servers[0].url} (scenario {world.scenario})", flush=True)
    for server in servers[1:]:
        print(f"simulator listening on {server.url} (plain http)", flush=True)
    stop.wait()
    for server in servers:
        server.socket.close()
    return 0


def listen(simulator: Simulator, port: int, tls: Path | None, http_port: int) -> list[SimulatorServer]:
    """The servers, bound but not yet serving: one, or https and http with `tls`."""
    if tls is None:
        return [_bind(simulator, port, None)]
    from .tls import make_certificates

    secure = _bind(simulator, port, make_certificates(tls))
    plain = _bind(simulator, http_port, None)
    write_ports(tls, {"https": secure.server_port, "http": plain.server_port})
    return [secure, plain]


def _bind(simulator: Simulator, port: int, tls: ssl.SSLContext | None) -> SimulatorServer:
    try:
        return SimulatorServer(simulator, port, tls)
    except (OSError, OverflowError) as error:
        raise OSError(f"can't listen on 127.0.0.1:{port}: {getattr(error, 'strerror', None) or error}") from error


if __name__ == "__main__":
    sys.exit(main())

"""`python -m simulator`: serve a scenario until interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from . import scenario
from .app import Simulator
from .build import build_world
from .clock import SimulatedClock
from .server import SimulatorServer, write_ports

EPILOG = """\
Without --tls the simulator speaks plain http on --port. With --tls it speaks https there, and plain
http, with the same content, on --http-port: managed identity endpoints are plain http in Azure.
DIR then holds ca.pem, which clients must trust (REQUESTS_CA_BUNDLE), and ports.json.
Everything that can be asked of it beside Azure, Slack and Teams is under /_sim/ (see README.md).
"""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A pretend Azure, Entra ID, Slack and Teams over real HTTP(S).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--port", type=int, default=0, metavar="N", help="port to serve on; 0 (the default) takes a free one"
    )
    made.add_argument("--tls", type=Path, metavar="DIR", help="serve https, with certificates made in DIR")
    made.add_argument(
        "--http-port", type=int, default=0, metavar="N", help="with --tls: the port of plain http; 0 takes a free one"
    )
    made.add_argument(
        "--scenario",
        default="storm",
        metavar="NAME-or-FILE",
        help=f"what happens: {', '.join(scenario.names())}, or a .yaml file (default: storm)",
    )
    made.add_argument("--clusters", type=int, default=0, metavar="N", help="add N healthy clusters")
    made.add_argument("--speed", type=float, default=1.0, metavar="X", help="simulated seconds per second (default: 1)")
    return made


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        content = scenario.load(options.scenario)
        world = build_world(content, SimulatedClock(speed=options.speed), extra_clusters=options.clusters)
        servers = listen(Simulator(world), options.port, options.tls, options.http_port)
    except (ValueError, OSError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
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


def _bind(simulator: Simulator, port: int, tls: object) -> SimulatorServer:
    try:
        return SimulatorServer(simulator, port, tls)  # type: ignore[arg-type]
    except (OSError, OverflowError) as error:
        raise OSError(f"can't listen on 127.0.0.1:{port}: {getattr(error, 'strerror', None) or error}") from error


if __name__ == "__main__":
    sys.exit(main())

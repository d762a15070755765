"""Cells played side by side, each in a process of its own, so that one which breaks hides no other."""

from __future__ import annotations

import os
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from .breaking import Call, Trouble
from .cells import Result, play
from .scene import House, Scene


class Lanes:
    """At most ``number`` at a time. Results are in the order in which cells end."""

    def __init__(self, house: House, number: int, *, is_quiet: bool) -> None:
        """Quiet: what the workers grumble about is kept from standard error."""
        self.results: list[Result] = []
        self._house = house
        self._number = number
        self._is_quiet = is_quiet
        self._running: dict[Connection, tuple[str, str, str, str]] = {}

    def start(self, scene: Scene, call: Call, trouble: Trouble) -> list[Result]:
        """Waits for a free lane. Returns what has ended meanwhile."""
        ended = self._collect(self._number - 1)
        receives, sends = get_context("fork").Pipe(duplex=False)
        process = get_context("fork").Process(target=self._play, args=(scene, call, trouble, sends), daemon=False)
        process.start()
        sends.close()
        self._running[receives] = (scene.phase, call.kind, trouble.name, f"{scene.look}.{call.number}")
        return ended

    def finish(self) -> list[Result]:
        """Waits for all that are still being played."""
        return self._collect(0)

    def _collect(self, most: int) -> list[Result]:
        ended = []
        while len(self._running) > most:
            for connection in wait(list(self._running)):
                assert isinstance(connection, Connection)
                cell = self._running.pop(connection)
                try:
                    ended.append(connection.recv())
                except EOFError:
                    ended.append(Result(*cell, "not at all", 0.0, problem="the process that played it died"))
                connection.close()
        self.results += ended
        return ended

    def _play(self, scene: Scene, call: Call, trouble: Trouble, sends: Connection) -> None:
        if self._is_quiet:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            result = play(scene, self._house, call, trouble)
        except Exception as error:
            cell = (scene.phase, call.kind, trouble.name, f"{scene.look}.{call.number}")
            result = Result(*cell, "not at all", 0.0, problem=f"{type(error).__name__}: {error}")
        sends.send(result)

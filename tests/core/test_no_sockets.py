"""Unit tests can't reach anything."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketBlockedError


def test_a_unit_test_that_opens_a_socket_fails() -> None:
    # The error warns first, and warnings are errors.
    with pytest.raises((SocketBlockedError, UserWarning), match="tried to use socket"):
        socket.socket()


@pytest.mark.network
def test_a_test_that_says_so_may_open_one() -> None:
    socket.socket().close()

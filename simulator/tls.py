"""A certificate authority, and certificates for this machine and for each name that a client asks for."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path

import trustme

from .hosts import LOCAL


def make_certificates(folder: Path) -> ssl.SSLContext:
    """Write `ca.pem`, `server.pem` and `server.key` to `folder`; return a context that serves them."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert(*LOCAL)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.key").chmod(0o600)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    (folder / "server.pem").write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    @cache
    def for_name(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(made)
        return made

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        if name and name not in LOCAL:
            connection.context = for_name(name)

    context.sni_callback = choose
    return context

"""A certificate authority and a server certificate for this machine's own addresses."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def make_certificates(folder: Path) -> ssl.SSLContext:
    """Write `ca.pem`, `server.pem` and `server.key` to `folder`; return a context that serves them."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost", "::1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    (folder / "server.key").chmod(0o600)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    (folder / "server.pem").write_bytes(chain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context

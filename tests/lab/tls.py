# SPDX-License-Identifier: MIT
"""A certificate authority for one lab and one server certificate that all of its servers share."""

from dataclasses import dataclass
from pathlib import Path

from .procs import run

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Tls:
    ca: Path
    cert: Path
    key: Path


def create(folder, addresses):
    """Write CA, certificate and key into `folder`; the certificate is valid for localhost, 127.0.0.1 and `addresses`."""
    folder.mkdir(mode=0o700, parents=True)
    names = ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"IP:{address}" for address in addresses)])
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
    run(["openssl", "req", "-x509", *_NEW_KEY, "-days", "30", "-subj", "/CN=cutover lab CA",
         "-keyout", "ca-key.pem", "-out", "ca.pem"], cwd=folder)
    run(["openssl", "req", *_NEW_KEY, "-subj", "/CN=localhost",
         "-keyout", "server-key.pem", "-out", "server.csr"], cwd=folder)
    run(["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
         "-days", "30", "-extfile", extensions, "-out", "server-cert.pem"], cwd=folder)
    return Tls(ca=folder / "ca.pem", cert=folder / "server-cert.pem", key=folder / "server-key.pem")

"""Certificates for tests: of an authority of the test's own, or signed by nobody but themselves."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; `file` is its own one, as a person would trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._own = _certificate("Authority of a test", self._key, "Authority of a test", self._key, is_authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._own.public_bytes(Encoding.PEM))

    def server(self, name: str, *, self_signed: bool = False, days_left: int = 1) -> ssl.SSLContext:
        """What a server of this name shows; with negative `days_left` it is over."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (name, key) if self_signed else ("Authority of a test", self._key)
        certificate = _certificate(name, key, issuer, signer, days_left=days_left)
        file = self._folder / f"{name}-{self_signed}-{days_left}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
    days_left: int = 1,
) -> x509.Certificate:
    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    ends = datetime.now(UTC) + timedelta(days=days_left)
    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(subject)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )

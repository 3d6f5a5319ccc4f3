"""TLS: whose certificates are trusted, and for which name."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from slotgraph_tests_core_nasty_server import LOOPBACK, OK, NastyServer, serving, soon

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.transport import Answer, HttpTransport

_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """A certificate authority of this test's own, and a server certificate for calendar.example."""

    def __init__(self, folder: Path) -> None:
        key, name = ec.generate_private_key(ec.SECP256R1()), self._name("Test Authority")
        # Python 3.13 verifies strictly (RFC 5280): an authority says that it signs, and whose key it is.
        root = (
            self._builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_SIGNS, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        signed_root = root.sign(key, hashes.SHA256())
        server_key = ec.generate_private_key(ec.SECP256R1())
        server = (
            self._builder(self._name("calendar.example"), name, server_key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("calendar.example")]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(signed_root.public_bytes(serialization.Encoding.PEM))
        chain = folder / "server.pem"
        chain.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + server.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        self.server_names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.context.sni_callback = lambda _, name, __: self.server_names.append(name)  # type: ignore[assignment]

    @staticmethod
    def _name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    @staticmethod
    def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        today = SystemClock().now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
        )


async def resolve_to_loopback(host: str) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def ask_over_tls(authority: Authority, host: str, *, ca_file: Path | None) -> tuple[Answer, NastyServer]:
    async with serving(OK, tls=authority.context) as (server, _):
        transport = HttpTransport(SystemClock(), LOOPBACK, resolve=resolve_to_loopback, ca_file=ca_file)
        port = server.url.split(":")[2]
        try:
            return await transport.request("GET", f"https://{host}:{port}", deadline=soon()), server
        finally:
            await transport.close()


async def test_operators_authority_is_trusted_and_host_and_sni_are_kept(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    got, server = await ask_over_tls(authority, "calendar.example", ca_file=authority.ca_file)
    assert got.body == b"ok"
    assert authority.server_names == ["calendar.example"]
    assert b"Host: calendar.example:" in server.requests[0]


async def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnreachable, match="certificate"):
        await ask_over_tls(Authority(tmp_path), "calendar.example", ca_file=None)


async def test_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(ProviderUnreachable, match="certificate"):
        await ask_over_tls(authority, "other.example", ca_file=authority.ca_file)

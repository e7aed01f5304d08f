"""What a certificate says: whose it is, who signed it, and for how long it is valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; nothing of it is verified.

    Attributes:
        names: Host names and addresses that it is for.
        valid_from: Begin of its validity, in UTC.
        valid_until: End of its validity, in UTC.
        issuer: Who signed it.
        is_self_signed: True when whoever it names has signed it.
    """

    names: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    issuer: str
    is_self_signed: bool

    @property
    def days_left(self) -> int:
        """Whole days of validity that remain; negative once it has expired."""
        return (self.valid_until - datetime.now(UTC)).days

    @property
    def has_expired(self) -> bool:
        """True after its validity."""
        return datetime.now(UTC) > self.valid_until

    @property
    def is_too_new(self) -> bool:
        """True before its validity."""
        return datetime.now(UTC) < self.valid_from

    def is_for(self, host: str) -> bool:
        """Whether it is for this host name or address."""
        host = host.lower().rstrip(".")
        wildcard = "*." + host.partition(".")[2]
        return any(name.lower() in {host, wildcard} for name in self.names)


def certificate_from_der(data: bytes) -> Certificate:
    """Return what a certificate in binary form says.

    Raises:
        ValueError: It is none.
    """
    from cryptography import x509  # noqa: PLC0415  # loaded only where something is looked at

    return _read(x509.load_der_x509_certificate(data))


def certificate_from_file(path: str) -> Certificate:
    """Return what the first certificate of a PEM file says. Blocks on the file.

    Raises:
        OSError: The file cannot be read.
        ValueError: There is no certificate in it.
    """
    from cryptography import x509  # noqa: PLC0415  # see above

    return _read(x509.load_pem_x509_certificate(Path(path).expanduser().read_bytes()))


def _read(found: x509.Certificate) -> Certificate:
    return Certificate(
        names=_names(found),
        valid_from=found.not_valid_before_utc,
        valid_until=found.not_valid_after_utc,
        issuer=found.issuer.rfc4514_string(),
        is_self_signed=found.issuer == found.subject,
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415  # see above

    try:
        listed = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (
        *listed.get_values_for_type(x509.DNSName),
        *(str(address) for address in listed.get_values_for_type(x509.IPAddress)),
    )

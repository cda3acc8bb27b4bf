"""A second opinion on certificates and lists: pkilint, by its Python face."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader, pkix
from pkilint.pkix import certificate, crl, extension, name
from pkilint.validation import ValidationFindingSeverity

#: Where the linter is narrower than the standard: exactly these findings do not count.
WAIVED = (
    # It takes URLs only. rfc5280:4.2.1.6 asks for a scheme and what belongs to it; a URN (rfc8141:2) has no host.
    re.compile(r'ERROR: pkix\.invalid_uri_syntax .*"urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[A-Za-z0-9._~:-]+"'),
    # It asks for a dot. The preferred name syntax (rfc1034:3.5) does not, and `localhost` has none.
    re.compile(r'ERROR: pkix\.invalid_domain_name_syntax .*"localhost"'),
)


def lint_certificate(checked: x509.Certificate) -> list[str]:
    """Return what pkilint finds in a certificate, from notices up."""
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(checked.public_bytes(Encoding.DER), "it")
    return sorted(_found(_certificates().validate(document.root)))


def lint_list(checked: x509.CertificateRevocationList) -> list[str]:
    """Return what pkilint finds in a revocation list, from notices up."""
    document = loader.RFC5280CertificateListDocumentLoader().load_der_document(checked.public_bytes(Encoding.DER), "it")
    return sorted(_found(_lists().validate(document.root)))


def _found(results: Any) -> Iterator[str]:
    for result in results:
        for found in result.finding_descriptions:
            if found.finding.severity <= ValidationFindingSeverity.NOTICE:  # the worst is 0
                line = f"{found.finding.severity.name}: {found.finding.code} {found.message or ''}".strip()
                if not any(waived.fullmatch(line) for waived in WAIVED):
                    yield line


@cache
def _certificates() -> Any:
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


@cache
def _lists() -> Any:
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )

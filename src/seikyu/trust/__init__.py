"""Who is who: parties, certificates, and what a certificate says."""

from seikyu.trust.identity import Identity, UnknownCertificate, identity_from_der

__all__ = ["Identity", "UnknownCertificate", "identity_from_der"]

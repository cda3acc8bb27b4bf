"""Who is who: parties, certificates, and what a certificate says."""

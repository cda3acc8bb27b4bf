"""Why a claim could not be drawn. The texts stand in `apps/words/show.toml` under the same codes."""

from seikyu.ports.errors import SeikyuError


class NotAClaimFile(SeikyuError):
    """The file begins like no file of ours; nothing was drawn."""

    code = "not_a_claim_file"


class NoSuchClaim(SeikyuError):
    """The file has no claim of that number or month, or none at all (`no_claims`); nothing was drawn."""

    code = "no_such_claim"

    @property
    def words_code(self) -> str:
        """Which texts tell it."""
        return self.code if self.facts.get("numbers") else "no_claims"

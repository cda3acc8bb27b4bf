"""Security keys and passkeys (ports.people.KeyReader): WebAuthn, read by a library that knows all of its forms.

No statement of the maker is asked for: whatever key a person has will do. It must have seen its owner (a PIN, a
finger), and its count of signatures must go up where it counts at all, so that a copy is noticed.

Source: webauthn-3:7.1, 7.2.
"""

import base64
import binascii
import json
from dataclasses import replace
from typing import Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from seikyu.ports.people import KeyRefused, NewKey, Place, SecurityKey, User

_NAME: Final = "seikyu"
#: A credential id of a conforming key has at most 1,023 bytes (CTAP 2.1, 6.1.2).
_ID_CHARS: Final = 1400
_WAIT_MS: Final = 120_000

#: What the library raises on bytes that are no answer, besides its own.
_ODD: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, binascii.Error)


class WebAuthnKeys:
    """Asks security keys and reads their answers. It keeps nothing, and is safe from many threads."""

    def ask_new(self, challenge: bytes, *, host: str, user: User, known: list[SecurityKey]) -> str:
        """Return the question for a new key, as JSON for the browser."""
        options = generate_registration_options(
            rp_id=host,
            rp_name=_NAME,
            user_id=user.id.encode(),
            user_name=user.name,
            user_display_name=user.name,
            challenge=challenge,
            timeout=_WAIT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
        )
        return options_to_json(options)

    def read_new(self, answer: str, challenge: bytes, place: Place) -> NewKey:
        """Return what a new key said. Errors: KeyRefused."""
        try:
            told = verify_registration_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=place.host,
                expected_origin=place.origin, require_user_verification=True,
            )  # fmt: skip
        except _ODD as reason:
            raise KeyRefused(type(reason).__name__) from None
        key_id = bytes_to_base64url(told.credential_id)
        if len(key_id) > _ID_CHARS:
            raise KeyRefused("the id is too long")
        return NewKey(key_id, base64.b64encode(told.credential_public_key).decode("ascii"), told.sign_count)

    def ask(self, challenge: bytes, *, host: str, keys: list[SecurityKey]) -> str:
        """Return the question for one of these keys, as JSON for the browser."""
        options = generate_authentication_options(
            rp_id=host, challenge=challenge, timeout=_WAIT_MS, allow_credentials=_descriptors(keys),
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return options_to_json(options)

    def read(self, answer: str, challenge: bytes, place: Place, *, keys: list[SecurityKey]) -> SecurityKey:
        """Return the key that has signed, with its new count of signatures. Errors: KeyRefused."""
        try:
            named = json.loads(answer)["id"]
            key = next(each for each in keys if each.id == named)
            told = verify_authentication_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=base64.b64decode(key.public_key), credential_current_sign_count=key.sign_count,
                require_user_verification=True,
            )  # fmt: skip
        except (*_ODD, StopIteration) as reason:
            raise KeyRefused(type(reason).__name__) from None
        return replace(key, sign_count=told.new_sign_count)


def _descriptors(keys: list[SecurityKey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in keys]

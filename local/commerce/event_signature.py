"""Signs deliveries as Adobe I/O Events does, with keys made for this process."""

import base64
import uuid
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class SigningKey:
    """An RSA key.

    Attributes:
        path: of the public key, on the host of Adobe's keys.
        pem: the public key.
    """

    def __init__(self) -> None:
        self._key = generate_private_key(public_exponent=65537, key_size=2048)
        self.path = f"/prod/keys/pub-key-{uuid.uuid4()}.pem"
        self.pem = self._key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, content: bytes) -> str:
        """The signature of *content*, base64."""
        return base64.b64encode(self._key.sign(content, PKCS1v15(), SHA256())).decode()


def signature_headers(content: bytes, keys: Sequence[SigningKey]) -> dict[str, str]:
    """The headers that sign *content* by each of *keys*, at most two."""
    headers = {}
    for number, key in enumerate(keys, 1):
        headers[f"x-adobe-digital-signature-{number}"] = key.sign(content)
        headers[f"x-adobe-public-key{number}-path"] = key.path
    return headers

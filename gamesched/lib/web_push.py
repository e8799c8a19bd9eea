"""Web push: what goes to a push service, for nobody but the browser to read, and how the site shows that it sends it.

By `cryptography` and PyJWT, which logging in needs anyway: pywebpush and http-ece are untyped, the latter is for old
browsers in the main, and the former follows redirects. Each function is one section of an RFC, and is tested by that
RFC's own example.
"""

import base64
import os
import re
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gamesched.lib.addresses import split_address

CURVE = ec.SECP256R1()
RECORD_SIZE = 4096  # push services need take no more than this: https://www.rfc-editor.org/rfc/rfc8030#section-7.2
SECRET_LENGTH = 16
PLAINTEXT_MAX = RECORD_SIZE - 86 - 17  # bytes, without the header, the padding's end and the tag
TOKEN_VALID_FOR = timedelta(hours=12)  # push services take a day at most, and clocks differ
_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def encode(data: bytes) -> str:
    """Return bytes in base64url, as push services and browsers write them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read what `encode` wrote. Raises ValueError."""
    if not _BASE64.fullmatch(text):
        raise ValueError("it isn't base64url")
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


# --- keys ----------------------------------------------------------------------------------------------------


def new_private_key() -> str:
    """Return a new key of a site, as its variable holds it."""
    return encode(ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32, "big"))


def read_private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Read a site's key. Raises ValueError."""
    data = decode(text)
    if len(data) != 32:
        raise ValueError("it isn't 32 bytes long")
    return ec.derive_private_key(int.from_bytes(data, "big"), CURVE)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key as an uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_browser_keys(p256dh: str, auth: str) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    """Read the key and the secret of a browser's subscription. Raises ValueError."""
    secret = decode(auth)
    if len(secret) != SECRET_LENGTH:
        raise ValueError("the secret isn't 16 bytes long")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(p256dh)), secret


# --- what is sent ----------------------------------------------------------------------------------------------


def encrypt(
    plaintext: bytes,
    p256dh: str,
    auth: str,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body of a request to a push service, which only the browser can read. Raises ValueError.

    https://www.rfc-editor.org/rfc/rfc8291#section-3.4. Only a test names the sender's key and the salt: each message
    has its own.
    """
    if len(plaintext) > PLAINTEXT_MAX:
        raise ValueError("it is too long for one record")
    browser_key, secret = read_browser_keys(p256dh, auth)
    sender, salt = sender or ec.generate_private_key(CURVE), salt or os.urandom(16)
    ours = public_bytes(sender)
    theirs = browser_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = _derive(sender.exchange(ec.ECDH(), browser_key), secret, b"WebPush: info\0" + theirs + ours, 32)
    key = _derive(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(shared, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, plaintext + b"\x02", None)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def authorization(endpoint: str, key: ec.EllipticCurvePrivateKey, contact: str, now: datetime) -> str:
    """Return the header that shows who sends, signed for this push service alone.

    https://www.rfc-editor.org/rfc/rfc8292#section-2
    """
    address = split_address(endpoint)
    claims = {"aud": f"{address.scheme}://{address.netloc}", "exp": int((now + TOKEN_VALID_FOR).timestamp())}
    token = jwt.encode(claims | ({"sub": contact} if contact else {}), key, algorithm="ES256")
    return f"vapid t={token}, k={encode(public_bytes(key))}"

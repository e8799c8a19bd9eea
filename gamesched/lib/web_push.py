"""Web push: what goes to a push service, for nobody but the browser to read, and how the site shows that it sends it.

By `cryptography`, which logging in needs anyway. pywebpush brings http-ece, which is untyped, built from source and
mostly for what browsers no longer speak; and it follows redirects. Each function here is one section of an RFC, and is
tested by that RFC's own example or by PyJWT.
"""

import json
import os
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gamesched.lib.addresses import split_address
from gamesched.lib.vapid import decode, encode, private_number

CURVE = ec.SECP256R1()
RECORD_SIZE = 4096  # push services need take no more than this: https://www.rfc-editor.org/rfc/rfc8030#section-7.2
SECRET_LENGTH = 16
PLAINTEXT_MAX = RECORD_SIZE - 86 - 17  # bytes, without the header, the padding's end and the tag
TOKEN_VALID_FOR = timedelta(hours=12)  # push services take a day at most, and clocks differ


# --- keys ----------------------------------------------------------------------------------------------------


def read_private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Read a site's key. Raises ValueError."""
    return ec.derive_private_key(private_number(text), CURVE)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half of a key as an uncompressed point."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public half of a key, as browsers and push services take it."""
    return encode(public_bytes(key))


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
    token = _signed(claims | ({"sub": contact} if contact else {}), key)
    return f"vapid t={token}, k={public_text(key)}"


def _signed(claims: dict[str, object], key: ec.EllipticCurvePrivateKey) -> str:
    """Return claims as a signed token. https://www.rfc-editor.org/rfc/rfc7515#appendix-A.3"""
    parts = ".".join(encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    numbers = decode_dss_signature(key.sign(parts.encode(), ec.ECDSA(SHA256())))
    return f"{parts}.{encode(b''.join(number.to_bytes(32, 'big') for number in numbers))}"

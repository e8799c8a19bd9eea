"""An S3-compatible store for tests: what our backups ask of one, in memory."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

MODIFIED = "2026-11-30T12:00:00.000Z"


class ObjectStore:
    """A server with the objects that were put into it, each by its bucket and key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": self}))

    @property
    def variables(self) -> dict[str, str]:
        """Return what makes a client use it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }

    def __enter__(self) -> "ObjectStore":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    store: ObjectStore
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "partNumber" in self._query:
            self.store.parts[int(self._query["partNumber"][0])] = content
            return self._answer(200, headers={"ETag": '"part"'})
        if source := self.headers.get("x-amz-copy-source"):
            self.store.objects[self._key] = self.store.objects[unquote(source).lstrip("/")]
            return self._answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        self.store.objects[self._key] = content
        return self._answer(200, headers={"ETag": '"whole"'})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "delete" in self._query:
            keys = [str(one.text) for one in ElementTree.fromstring(content).iter() if one.tag.endswith("Key")]
            for key in keys:
                del self.store.objects[f"{self._key}/{key}"]
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            return self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
        if "uploads" in self._query:
            names = b"<Bucket>b</Bucket><Key>k</Key><UploadId>1</UploadId>"
            return self._answer(200, b"<InitiateMultipartUploadResult>%s</InitiateMultipartUploadResult>" % names)
        self.store.objects[self._key] = b"".join(self.store.parts[number] for number in sorted(self.store.parts))
        self.store.parts.clear()
        return self._answer(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def do_GET(self) -> None:
        if "list-type" in self._query:
            return self._answer(200, self._listing())
        if self._key not in self.store.objects:
            return self._answer(404)
        return self._answer(
            200, self.store.objects[self._key], {"ETag": '"x"', "Last-Modified": "Mon, 30 Nov 2026 12:00:00 GMT"}
        )

    def do_DELETE(self) -> None:
        self.store.objects.pop(self._key, None)
        self._answer(204)

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).strip("/")

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def _listing(self) -> bytes:
        prefix = f"{self._key}/"
        wanted = prefix + self._query.get("prefix", [""])[0]
        rows = "".join(
            f"<Contents><Key>{key.removeprefix(prefix)}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<Size>{len(content)}</Size><ETag>x</ETag></Contents>"
            for key, content in sorted(self.store.objects.items())
            if key.startswith(wanted)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

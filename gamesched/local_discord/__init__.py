"""A local Discord: the real protocol on real sockets, for newcomers and tests. Imports aiohttp, nothing of ours."""

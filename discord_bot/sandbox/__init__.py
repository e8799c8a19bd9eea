"""A local Discord: the real protocol on real sockets, for trying things out and for tests. Needs aiohttp, nothing else of ours."""

"""The HTTP API: how requests are read, checked, routed and answered."""

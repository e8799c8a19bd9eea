"""The router on which each feature declares its operations: one, since several features share a path."""

from ninja import Router

router = Router()

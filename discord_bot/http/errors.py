"""What a request through discord.py raises: its own exceptions for Discord's answers, aiohttp's if there is none."""

import aiohttp
import discord

REQUEST_FAILED = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)

"""The old address of the local Discord: compose files of operators still run `python -m discord_bot.sandbox`."""

import runpy

if __name__ == "__main__":
    runpy.run_module("gamesched.local_discord", run_name="__main__", alter_sys=True)

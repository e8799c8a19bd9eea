from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "gamesched"
    verbose_name = "Game Scheduler"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from gamesched import checks  # noqa: F401
        from gamesched.lib.compiled_query import keep_plans
        from gamesched.lib.moments import read_leniently
        from gamesched.lib.outage import on_connected
        from gamesched.lib.pseudo_language import install
        from gamesched.lib.readiness import require_new_postgres

        require_new_postgres()
        install()
        connection_created.connect(on_connected)
        connection_created.connect(read_leniently)
        connection_created.connect(keep_plans)

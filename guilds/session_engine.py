"""The session engine: Django's, in the database, read by a statement that is planned once. Each page begins with it."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from gamesched.lib.compiled_query import CompiledQuery

SESSION = CompiledQuery(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(DatabaseSessionStore):
    def _get_session_from_db(self) -> Session | None:
        session = SESSION.first(self.session_key or "", timezone.now())
        if session is None:
            self._session_key = None
        return session

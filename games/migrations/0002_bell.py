"""Ring `game_changed` whatever door or SQL changes a game or its sign-ups: "<game> <guild> <revision>"."""

from django.db import migrations

# Statement-level with transition tables: one call for 500 rows. PostgreSQL folds equal notes of a transaction.
FORWARD = """
CREATE FUNCTION games_ring_games() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', id, guild_id, revision)) FROM changed;
    RETURN NULL;
END $$;

CREATE FUNCTION games_ring_signups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.revision))
    FROM games_game g WHERE g.id IN (SELECT game_id FROM changed);
    RETURN NULL;
END $$;

CREATE TRIGGER games_game_inserted AFTER INSERT ON games_game
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_games();
CREATE TRIGGER games_game_updated AFTER UPDATE ON games_game
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_games();
CREATE TRIGGER games_signup_inserted AFTER INSERT ON games_signup
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_signups();
CREATE TRIGGER games_signup_updated AFTER UPDATE ON games_signup
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_signups();
CREATE TRIGGER games_signup_deleted AFTER DELETE ON games_signup
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION games_ring_signups();
"""

BACKWARD = """
DROP FUNCTION games_ring_games() CASCADE;
DROP FUNCTION games_ring_signups() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

"""Notify `game_changed` only of games that an open page shows."""

from django.db import migrations, models

FUNCTIONS = """
CREATE OR REPLACE FUNCTION games_ring_games() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.post_version))
    FROM changed g WHERE {watched};
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION games_ring_signups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.post_version))
    FROM games_game g WHERE g.id IN (SELECT game_id FROM changed) AND {watched};
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION games_ring(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.post_version)) FROM games_game g
    WHERE g.id = ANY(ids) AND g.cancelled_at IS NULL AND g.ends_at > now() AND {watched};
END $$;

CREATE OR REPLACE FUNCTION games_ring_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.post_version))
    FROM games_game g JOIN notifications_notification n ON n.game_id = g.id
    WHERE n.id IN (SELECT notification_id FROM changed WHERE status <> 'pending') AND {watched}
        AND NOT EXISTS (
            SELECT FROM notifications_delivery d WHERE d.notification_id = n.id AND d.status = 'pending'
        );
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION games_ring_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.post_version, OLD.channel_id))
    FROM (SELECT NEW.id, NEW.guild_id, NEW.post_version) g WHERE {watched};
    RETURN NULL;
END $$;
"""
WATCHED = """EXISTS (
        SELECT FROM games_watchedgroup w
        WHERE w.name IN ('game.' || g.id, 'guild.' || g.guild_id) AND w.until > clock_timestamp()
    )"""


class Migration(migrations.Migration):
    dependencies = [("games", "0027_settings_locks")]

    operations = [
        migrations.CreateModel(
            name="WatchedGroup",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE games_watchedgroup SET UNLOGGED", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS.format(watched=WATCHED), FUNCTIONS.format(watched="TRUE")),
    ]

"""Columns take plain names; their data follow, and the functions of triggers that name one are made anew."""

from django.db import migrations, models

from gamesched.lib.migrations import at_once

RENAMED = (
    ("signup", "waits", "on_standby"),
    ("signup", "put_in", "added_by_other"),
    ("signup", "asked", "open_confirmation"),
    ("signup", "passed_at", "offer_declined_at"),
    ("game", "question", "confirmation_number"),
    ("game", "silence_ends", "drop_unconfirmed"),
    ("game", "answer_by", "confirm_by"),
    ("game", "edition", "edit_version"),
    ("guilddefaults", "edition", "edit_version"),
    ("channeldefaults", "edition", "edit_version"),
    ("gametemplate", "edition", "edit_version"),
    ("game", "revision", "post_version"),
    ("game", "settled_at", "settings_frozen_at"),
    ("gametemplate", "gone_at", "deleted_at"),
    ("announcement", "lost_at", "post_deleted_at"),
    ("announcement", "shown_revision", "shown_version"),
    ("auditentry", "door", "source"),
    ("auditentry", "verb", "action"),
)

# The text of a function does not follow a renamed column. One statement for each of those that name it.
FUNCTIONS = """
CREATE OR REPLACE FUNCTION games_ring_games() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', id, guild_id, {version})) FROM changed;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION games_ring_signups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.{version}))
    FROM games_game g WHERE g.id IN (SELECT game_id FROM changed);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION games_ring(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', id, guild_id, {version})) FROM games_game
    WHERE id = ANY(ids) AND cancelled_at IS NULL AND ends_at > now();
END $$;

CREATE OR REPLACE FUNCTION games_ring_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('game_changed', concat_ws(' ', g.id, g.guild_id, g.{version}))
    FROM games_game g JOIN notifications_notification n ON n.game_id = g.id
    WHERE n.id IN (SELECT notification_id FROM changed WHERE status <> 'pending')
        AND NOT EXISTS (
            SELECT FROM notifications_delivery d WHERE d.notification_id = n.id AND d.status = 'pending'
        );
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0013_plain_names")]

    operations = [
        *(migrations.RenameField(model_name=model, old_name=old, new_name=new) for model, old, new in RENAMED),
        migrations.RunSQL(FUNCTIONS.format(version="post_version"), FUNCTIONS.format(version="revision")),
        # PostgreSQL's own index follows the column; Django's picture of it does not.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="gametemplate", name="one_default_template"),
                migrations.AddConstraint(
                    model_name="gametemplate",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None), ("is_default", True)),
                        fields=("guild",),
                        name="one_default_template",
                    ),
                ),
            ]
        ),
        migrations.AlterField(
            model_name="gameresponse",
            name="game",
            field=models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="responses", to="games.game"),
        ),
    ]
    operations = at_once(operations)

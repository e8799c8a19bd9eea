"""Keep the resolved settings of each game on its row, by triggers on games and on all layers."""

from django.db import migrations, models

# The rule is that of `Game.resolve_settings`, and `test_resolved_settings.py` holds both against each other. No function
# names a setting: a setting is what a channel's layer has a column for, so a new column needs nothing here.
FORWARD = """
CREATE FUNCTION games_resolved_settings(game games_game) RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    own jsonb := to_jsonb(game);
    unlocked jsonb;
    template jsonb;
    channel jsonb;
    guild jsonb;
BEGIN
    IF game.settings_frozen_at IS NULL THEN
        SELECT to_jsonb(layer), own - locked::text[] INTO template, unlocked FROM games_gametemplate layer
        WHERE id = game.template_id AND deleted_at IS NULL;
        own := coalesce(unlocked, own);
        SELECT to_jsonb(layer) INTO channel FROM guilds_channel place
        JOIN games_channeldefaults layer ON layer.channel_id = coalesce(place.parent_id, place.id)
        WHERE place.id = game.channel_id AND place.deleted_at IS NULL;
        SELECT to_jsonb(layer) INTO guild FROM games_guilddefaults layer WHERE layer.guild_id = game.guild_id;
    END IF;
    RETURN (
        SELECT coalesce(jsonb_object_agg(name, nearest) FILTER (WHERE nearest IS NOT NULL), '{}')
        FROM jsonb_object_keys(
            to_jsonb(jsonb_populate_record(NULL::games_channeldefaults, '{}'))
            - ARRAY['channel_id', 'for_games', 'edit_version']
        ) AS name
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN own -> name <> 'null' THEN jsonb_build_array(own -> name, 'game')
                WHEN template -> name <> 'null' THEN jsonb_build_array(template -> name, 'template')
                WHEN channel -> name <> 'null' THEN jsonb_build_array(channel -> name, 'channel')
                WHEN guild -> name <> 'null' THEN jsonb_build_array(guild -> name, 'guild')
            END AS nearest
        ) found
    );
END $$;

CREATE FUNCTION games_settings_differ(game games_game) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT game.resolved_settings IS DISTINCT FROM games_resolved_settings(game)
$$;

CREATE FUNCTION games_resolve_settings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same games_game;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- A click changes only this.
        same := OLD;
        same.post_version := NEW.post_version;
        IF same IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.settings_frozen_at IS NULL THEN
        -- Whoever changes a layer holds its row, and cannot see this game yet: wait for what they write.
        PERFORM FROM games_guilddefaults WHERE guild_id = NEW.guild_id FOR SHARE;
        PERFORM FROM games_channeldefaults WHERE channel_id = (
            SELECT coalesce(parent_id, id) FROM guilds_channel WHERE id = NEW.channel_id
        ) FOR SHARE;
        PERFORM FROM games_gametemplate WHERE id = NEW.template_id FOR SHARE;
    END IF;
    NEW.resolved_settings := games_resolved_settings(NEW);
    RETURN NEW;
END $$;

CREATE TRIGGER games_game_settings BEFORE INSERT OR UPDATE ON games_game
    FOR EACH ROW EXECUTE FUNCTION games_resolve_settings();

-- Written as NULL, which the trigger above resolves.
CREATE FUNCTION games_layer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    layer record := coalesce(NEW, OLD);
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'games_guilddefaults' THEN
        UPDATE games_game game SET resolved_settings = NULL
        WHERE guild_id = layer.guild_id AND settings_frozen_at IS NULL AND games_settings_differ(game);
    WHEN 'games_channeldefaults' THEN
        UPDATE games_game game SET resolved_settings = NULL
        WHERE channel_id IN (
            SELECT id FROM guilds_channel WHERE id = layer.channel_id OR parent_id = layer.channel_id
        ) AND settings_frozen_at IS NULL AND games_settings_differ(game);
    ELSE
        UPDATE games_game game SET resolved_settings = NULL
        WHERE template_id = layer.id AND settings_frozen_at IS NULL AND games_settings_differ(game);
    END CASE;
    RETURN NULL;
END $$;

CREATE TRIGGER games_guild_layer_changed AFTER INSERT OR UPDATE OR DELETE ON games_guilddefaults
    FOR EACH ROW EXECUTE FUNCTION games_layer_changed();
CREATE TRIGGER games_channel_layer_changed AFTER INSERT OR UPDATE OR DELETE ON games_channeldefaults
    FOR EACH ROW EXECUTE FUNCTION games_layer_changed();
CREATE TRIGGER games_template_layer_changed AFTER INSERT OR UPDATE OR DELETE ON games_gametemplate
    FOR EACH ROW EXECUTE FUNCTION games_layer_changed();
"""

BACKWARD = """
DROP FUNCTION games_layer_changed() CASCADE;
DROP FUNCTION games_resolve_settings() CASCADE;
DROP FUNCTION games_settings_differ(games_game);
DROP FUNCTION games_resolved_settings(games_game);
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0024_announced_by")]
    operations = [
        migrations.AddField(
            "game",
            "resolved_settings",
            models.JSONField(
                editable=False,
                help_text="The settings that hold, each with its layer; others are built in.",
                null=True,
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

"""Games wait for the layers above them where they must: for a layer's first row too, and for none in other changes."""

from django.db import migrations

FORWARD = """
-- Guilds and channels have ids of Discord, so one number for both. Nothing else of ours locks numbers as large.
CREATE FUNCTION games_first_row_of_layer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock((to_jsonb(NEW) ->> TG_ARGV[0])::bigint);
    RETURN NEW;
END $$;

CREATE TRIGGER games_guild_first_row BEFORE INSERT ON games_guilddefaults
    FOR EACH ROW EXECUTE FUNCTION games_first_row_of_layer('guild_id');
CREATE TRIGGER games_channel_first_row BEFORE INSERT ON games_channeldefaults
    FOR EACH ROW EXECUTE FUNCTION games_first_row_of_layer('channel_id');

-- A game's own settings, and what says which layers are above it.
CREATE FUNCTION games_settings_inputs(game games_game) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(game))
    WHERE key IN ('guild_id', 'template_id', 'settings_frozen_at')
    OR jsonb_exists(to_jsonb(jsonb_populate_record(NULL::games_channeldefaults, '{}')), key)
$$;

CREATE OR REPLACE FUNCTION games_resolve_settings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same games_game;
    settings_channel_id bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- A click changes only this.
        same := OLD;
        same.post_version := NEW.post_version;
        IF same IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
        -- Nothing here waits for a layer: whoever changes one waits for this game, which is below it already.
        IF OLD.resolved_settings IS NOT NULL AND NEW.resolved_settings IS NOT NULL
            AND games_settings_inputs(OLD) = games_settings_inputs(NEW)
        THEN
            NEW.resolved_settings := OLD.resolved_settings;
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.settings_frozen_at IS NULL THEN
        -- Whoever changes a layer holds its row, and cannot see this game yet: wait for what they write.
        PERFORM FROM games_guilddefaults WHERE guild_id = NEW.guild_id FOR SHARE;
        IF NOT FOUND THEN
            -- Whoever inserts it holds its number. Once that is ours, there is none, or one that can be locked.
            PERFORM pg_advisory_xact_lock_shared(NEW.guild_id);
            PERFORM FROM games_guilddefaults WHERE guild_id = NEW.guild_id FOR SHARE;
        END IF;
        SELECT coalesce(parent_id, id) INTO settings_channel_id FROM guilds_channel WHERE id = NEW.channel_id;
        PERFORM FROM games_channeldefaults WHERE channel_id = settings_channel_id FOR SHARE;
        IF NOT FOUND AND settings_channel_id IS NOT NULL THEN
            PERFORM pg_advisory_xact_lock_shared(settings_channel_id);
            PERFORM FROM games_channeldefaults WHERE channel_id = settings_channel_id FOR SHARE;
        END IF;
        PERFORM FROM games_gametemplate WHERE id = NEW.template_id FOR SHARE;
    END IF;
    NEW.resolved_settings := games_resolved_settings(NEW);
    RETURN NEW;
END $$;
"""

BACKWARD = """
DROP FUNCTION games_first_row_of_layer() CASCADE;
DROP FUNCTION games_settings_inputs(games_game) CASCADE;
CREATE OR REPLACE FUNCTION games_resolve_settings() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0026_fill_resolved_settings")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

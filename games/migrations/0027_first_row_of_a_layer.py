"""Have games and the first row of a layer above them wait for each other: there is no row yet that both could lock."""

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

"""Webhooks and what each is sent, and the triggers that write down what happens; embeds."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A row for notifyd where some webhook wants to know of it: an action takes no statement more, and whoever changes a game
# in whatever way is not to think of it. Each has a key of its own, so nobody waits for another's row.
FORWARD = """
CREATE FUNCTION games_queue_webhook_event(of_game bigint, event text, of_signup bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_notification
        (game_id, post_version, kind, dedupe_key, due_at, payload, attempts, error, created_at, skip_code, skip_reason)
    SELECT game.id, 0, 'webhook_event', gen_random_uuid()::text, now(), jsonb_strip_nulls(jsonb_build_object(
        'event', event, 'signup', of_signup, 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')
    )), 0, '', now(), '', ''
    FROM games_game game
    WHERE game.id = of_game AND game.announced_at IS NOT NULL AND EXISTS (
        SELECT FROM games_webhook hook
        WHERE hook.guild_id = game.guild_id AND hook.paused_at IS NULL AND event = ANY(hook.events)
    );
END $$;

CREATE FUNCTION games_webhook_game() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM games_webhook) THEN  -- where nobody has one, it costs next to nothing
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' OR OLD.announced_at IS NULL THEN
        PERFORM games_queue_webhook_event(NEW.id, 'game.announced', NULL);
    ELSIF OLD.cancelled_at IS NULL AND NEW.cancelled_at IS NOT NULL THEN
        PERFORM games_queue_webhook_event(NEW.id, 'game.cancelled', NULL);
    ELSIF OLD.cancelled_at IS NOT NULL AND NEW.cancelled_at IS NULL THEN
        PERFORM games_queue_webhook_event(NEW.id, 'game.restored', NULL);
    ELSE
        PERFORM games_queue_webhook_event(NEW.id, 'game.changed', NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER games_game_webhook_inserted AFTER INSERT ON games_game
    FOR EACH ROW WHEN (NEW.announced_at IS NOT NULL) EXECUTE FUNCTION games_webhook_game();
CREATE TRIGGER games_game_webhook_updated AFTER UPDATE OF announced_at, cancelled_at, edit_version ON games_game
    FOR EACH ROW WHEN (NEW.announced_at IS NOT NULL AND (
        OLD.announced_at IS NULL OR (OLD.cancelled_at IS NULL) <> (NEW.cancelled_at IS NULL)
        OR OLD.edit_version <> NEW.edit_version
    )) EXECUTE FUNCTION games_webhook_game();

CREATE FUNCTION games_webhook_signup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM games_webhook) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM games_queue_webhook_event(NEW.game_id, 'signup.joined', NEW.id);
    ELSIF NEW.left_at IS NOT NULL THEN
        PERFORM games_queue_webhook_event(NEW.game_id, 'signup.left', NEW.id);
    ELSIF OLD.left_at IS NOT NULL THEN
        PERFORM games_queue_webhook_event(NEW.game_id, 'signup.joined', NEW.id);
    ELSIF NEW.seated_at IS NULL THEN
        PERFORM games_queue_webhook_event(NEW.game_id, 'signup.waiting', NEW.id);
    ELSIF NEW.seated_at > NEW.joined_at THEN  -- else it is part of joining
        PERFORM games_queue_webhook_event(NEW.game_id, 'signup.seated', NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER games_signup_webhook_inserted AFTER INSERT ON games_signup
    FOR EACH ROW WHEN (NEW.left_at IS NULL) EXECUTE FUNCTION games_webhook_signup();
CREATE TRIGGER games_signup_webhook_updated AFTER UPDATE OF seated_at, left_at ON games_signup
    FOR EACH ROW WHEN (
        (OLD.left_at IS NULL) <> (NEW.left_at IS NULL)
        OR (NEW.left_at IS NULL AND (OLD.seated_at IS NULL) <> (NEW.seated_at IS NULL))
    ) EXECUTE FUNCTION games_webhook_signup();
"""

BACKWARD = """
DROP FUNCTION games_webhook_signup() CASCADE;
DROP FUNCTION games_webhook_game() CASCADE;
DROP FUNCTION games_queue_webhook_event(bigint, text, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0067_api_tokens"),
        ("guilds", "0024_bot_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Embed",
            fields=[
                (
                    "guild",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="embed",
                        serialize=False,
                        to="guilds.guild",
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(max_length=1000)),
                ("secret", models.CharField(max_length=64)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("game.announced", "a game is announced"),
                                ("game.changed", "a game is edited"),
                                ("game.cancelled", "a game is cancelled"),
                                ("game.restored", "a cancellation is undone"),
                                ("game.started", "a game starts"),
                                ("game.ended", "a game ends"),
                                ("signup.joined", "someone signs up"),
                                ("signup.left", "someone leaves"),
                                ("signup.seated", "someone who waited gets a seat"),
                                ("signup.waiting", "someone loses their seat and waits"),
                            ],
                            max_length=16,
                        ),
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True, help_text="The first attempt that failed since one worked.", null=True
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pause_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by_hand", "paused by a manager"),
                            ("failing", "paused: it took nothing for a day"),
                            ("gone", "paused: its address is gone"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who hears that it was paused.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="webhooks",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="WebhookRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=36)),
                ("event", models.CharField(max_length=16)),
                ("body", models.TextField(blank=True, help_text="Empty once someone in it was forgotten.")),
                ("created_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "to be sent"),
                            ("sent", "sent"),
                            ("failed", "failed"),
                            ("dropped", "not sent"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField()),
                ("attempted_at", models.DateTimeField(blank=True, null=True)),
                ("answer_status", models.PositiveSmallIntegerField(blank=True, help_text="HTTP's.", null=True)),
                ("answer", models.CharField(blank=True, help_text="How its answer began.", max_length=1000)),
                ("problem_code", models.CharField(blank=True, max_length=16)),
                ("took_ms", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="games.webhook",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["webhook", "-id"], name="log_of_a_webhook"),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["webhook", "next_attempt_at"],
                        name="pending_request_due",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

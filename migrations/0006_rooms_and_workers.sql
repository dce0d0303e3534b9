CREATE TABLE "user_presence" (
	"user_id" text PRIMARY KEY NOT NULL,
	"status" text NOT NULL,
	"current_reel" text,
	"activity" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "caption_tracks" (
	"media_id" text NOT NULL,
	"language" text NOT NULL,
	"vtt_key" text NOT NULL,
	"srt_key" text,
	"hls_key" text,
	"cues" integer NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "caption_tracks_media_id_language_pk" PRIMARY KEY("media_id","language")
);
--> statement-breakpoint
CREATE TABLE "caption_uses" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"speech_ms" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "comment_streams" (
	"id" text PRIMARY KEY NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"slow_mode_s" integer DEFAULT 0 NOT NULL,
	"pinned_id" uuid,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "comments" (
	"stream_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"content" text NOT NULL,
	"client_comment_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"deleted_at" timestamp (3) with time zone,
	CONSTRAINT "comments_stream_id_seq_pk" PRIMARY KEY("stream_id","seq"),
	CONSTRAINT "comments_id" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "reel_interactions" (
	"reel_id" text NOT NULL,
	"user_id" text NOT NULL,
	"client_interaction_id" text NOT NULL,
	"comment" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reel_interactions_reel_id_user_id_client_interaction_id_pk" PRIMARY KEY("reel_id","user_id","client_interaction_id")
);
--> statement-breakpoint
CREATE TABLE "reel_likes" (
	"reel_id" text NOT NULL,
	"user_id" text NOT NULL,
	"likes" bigint NOT NULL,
	"liked" boolean NOT NULL,
	CONSTRAINT "reel_likes_reel_id_user_id_pk" PRIMARY KEY("reel_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "reel_updates" (
	"reel_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"id" uuid NOT NULL,
	"update_data" jsonb NOT NULL,
	"target_users" text[] NOT NULL,
	"target_channel" text,
	"priority" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "reel_updates_reel_id_seq_pk" PRIMARY KEY("reel_id","seq")
);
--> statement-breakpoint
CREATE TABLE "reels" (
	"id" text PRIMARY KEY NOT NULL,
	"likes" bigint DEFAULT 0 NOT NULL,
	"comments" bigint DEFAULT 0 NOT NULL,
	"shares" bigint DEFAULT 0 NOT NULL,
	"views" bigint DEFAULT 0 NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dev_mailbox" (
	"id" uuid PRIMARY KEY NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"recipient" text NOT NULL,
	"message" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "device_tokens" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"platform" text NOT NULL,
	"key" text NOT NULL,
	"address" text NOT NULL,
	"subscription" jsonb,
	"locale" text,
	"timezone" text,
	"app" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"registered_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "device_tokens_key" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "notification_deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"notification_id" text NOT NULL,
	"user_id" text NOT NULL,
	"channel" text NOT NULL,
	"device_key" text NOT NULL,
	"device_id" uuid,
	"platform" text NOT NULL,
	"address" text NOT NULL,
	"state" text NOT NULL,
	"reason" text,
	"provider_id" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"job_id" text NOT NULL,
	"due_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"held" boolean DEFAULT false NOT NULL,
	"digest" jsonb,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notification_deliveries_once" UNIQUE("notification_id","device_key")
);
--> statement-breakpoint
CREATE TABLE "notification_rates" (
	"user_id" text PRIMARY KEY NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_settings" (
	"user_id" text PRIMARY KEY NOT NULL,
	"email" text,
	"email_refused_at" timestamp (3) with time zone,
	"preferences" jsonb,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_templates" (
	"name" text NOT NULL,
	"locale" text NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"subject" text,
	"html" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notification_templates_name_locale_pk" PRIMARY KEY("name","locale")
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"category" text NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "call_parties" (
	"call_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"open" boolean DEFAULT true NOT NULL,
	"device" text,
	"session" text,
	"away" boolean DEFAULT false NOT NULL,
	"until" timestamp (3) with time zone,
	CONSTRAINT "call_parties_call_id_user_id_pk" PRIMARY KEY("call_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "calls" (
	"id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"state" text NOT NULL,
	"version" integer NOT NULL,
	"caller_id" text NOT NULL,
	"callee_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"ring_until" timestamp (3) with time zone,
	"answered_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"reason" text,
	"ended_by" text,
	"push_due_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "huddle_participants" (
	"huddle_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"ref" text NOT NULL,
	"audio" boolean NOT NULL,
	"video" boolean NOT NULL,
	"screen" boolean NOT NULL,
	"hand" boolean NOT NULL,
	"joined_at" timestamp (3) with time zone NOT NULL,
	"device" text,
	"session" text,
	"away" boolean NOT NULL,
	"until" timestamp (3) with time zone,
	CONSTRAINT "huddle_participants_huddle_id_user_id_pk" PRIMARY KEY("huddle_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "huddles" (
	"id" uuid PRIMARY KEY NOT NULL,
	"version" integer NOT NULL,
	"name" text,
	"conversation_id" text,
	"max_participants" integer NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"occupied" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "analytics_conversations" (
	"conversation_id" text PRIMARY KEY NOT NULL,
	"counted_seq" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "analytics_daily" (
	"day" date NOT NULL,
	"type" text NOT NULL,
	"events" bigint DEFAULT 0 NOT NULL,
	"users" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "analytics_daily_day_type_pk" PRIMARY KEY("day","type")
);
--> statement-breakpoint
CREATE TABLE "analytics_daily_users" (
	"day" date NOT NULL,
	"type" text NOT NULL,
	"user_id" text NOT NULL,
	CONSTRAINT "analytics_daily_users_day_type_user_id_pk" PRIMARY KEY("day","type","user_id")
);
--> statement-breakpoint
CREATE TABLE "analytics_events" (
	"event_id" uuid PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"user_id" text,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"counted" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
ALTER TABLE "caption_tracks" ADD CONSTRAINT "caption_tracks_media_id_media_id_fk" FOREIGN KEY ("media_id") REFERENCES "public"."media"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_stream_id_comment_streams_id_fk" FOREIGN KEY ("stream_id") REFERENCES "public"."comment_streams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reel_likes" ADD CONSTRAINT "reel_likes_reel_id_reels_id_fk" FOREIGN KEY ("reel_id") REFERENCES "public"."reels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reel_updates" ADD CONSTRAINT "reel_updates_reel_id_reels_id_fk" FOREIGN KEY ("reel_id") REFERENCES "public"."reels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_deliveries" ADD CONSTRAINT "notification_deliveries_notification_id_notifications_id_fk" FOREIGN KEY ("notification_id") REFERENCES "public"."notifications"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "call_parties" ADD CONSTRAINT "call_parties_call_id_calls_id_fk" FOREIGN KEY ("call_id") REFERENCES "public"."calls"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "huddle_participants" ADD CONSTRAINT "huddle_participants_huddle_id_huddles_id_fk" FOREIGN KEY ("huddle_id") REFERENCES "public"."huddles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "analytics_conversations" ADD CONSTRAINT "analytics_conversations_conversation_id_conversations_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "caption_uses_user" ON "caption_uses" USING btree ("user_id","at");--> statement-breakpoint
CREATE UNIQUE INDEX "comments_once" ON "comments" USING btree ("stream_id","user_id","client_comment_id") WHERE "comments"."client_comment_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "comments_user" ON "comments" USING btree ("stream_id","user_id","seq");--> statement-breakpoint
CREATE INDEX "reel_interactions_created" ON "reel_interactions" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "reel_updates_created" ON "reel_updates" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "device_tokens_user" ON "device_tokens" USING btree ("user_id","registered_at");--> statement-breakpoint
CREATE INDEX "notification_deliveries_held" ON "notification_deliveries" USING btree ("user_id","device_key") WHERE "notification_deliveries"."held";--> statement-breakpoint
CREATE INDEX "notifications_user" ON "notifications" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "call_parties_one_open" ON "call_parties" USING btree ("user_id") WHERE "call_parties"."open";--> statement-breakpoint
CREATE INDEX "call_parties_user" ON "call_parties" USING btree ("user_id","call_id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "call_parties_session" ON "call_parties" USING btree ("session") WHERE "call_parties"."session" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "call_parties_until" ON "call_parties" USING btree ("until") WHERE "call_parties"."until" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "calls_ring_until" ON "calls" USING btree ("ring_until") WHERE "calls"."ring_until" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "calls_push_due" ON "calls" USING btree ("push_due_at") WHERE "calls"."push_due_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "huddle_participants_session" ON "huddle_participants" USING btree ("session") WHERE "huddle_participants"."session" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "huddle_participants_until" ON "huddle_participants" USING btree ("until");--> statement-breakpoint
CREATE INDEX "huddles_list" ON "huddles" USING btree ("occupied" DESC NULLS LAST,"id" DESC NULLS LAST) WHERE "huddles"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "analytics_events_at" ON "analytics_events" USING btree ("at");--> statement-breakpoint
CREATE INDEX "analytics_events_to_count" ON "analytics_events" USING btree ("event_id") WHERE NOT "analytics_events"."counted";
CREATE TABLE "media" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"state" text NOT NULL,
	"public" boolean DEFAULT false NOT NULL,
	"filename" text,
	"announced_bytes" bigint,
	"source_key" text,
	"stage" text,
	"percent" real DEFAULT 0 NOT NULL,
	"failure_reason" text,
	"failure_message" text,
	"hls_key" text,
	"poster_key" text,
	"duration_ms" bigint,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "renditions" (
	"media_id" text NOT NULL,
	"name" text NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"frame_rate" real NOT NULL,
	"bandwidth" integer NOT NULL,
	"average_bandwidth" integer NOT NULL,
	"codecs" text NOT NULL,
	CONSTRAINT "renditions_media_id_name_pk" PRIMARY KEY("media_id","name")
);
--> statement-breakpoint
CREATE TABLE "bus_deliveries" (
	"group_name" text NOT NULL,
	"seq" bigint NOT NULL,
	"key" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"available_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bus_deliveries_group_name_seq_pk" PRIMARY KEY("group_name","seq")
);
--> statement-breakpoint
CREATE TABLE "bus_groups" (
	"name" text PRIMARY KEY NOT NULL,
	"types" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "events" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"event_id" uuid NOT NULL,
	"event_type" text NOT NULL,
	"key" text NOT NULL,
	"event" jsonb NOT NULL,
	"digest" text NOT NULL,
	"published_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "events_event_id_unique" UNIQUE("event_id")
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"origin" text NOT NULL,
	"ref_id" text NOT NULL,
	"name" text NOT NULL,
	"payload" jsonb NOT NULL,
	"reason" text NOT NULL,
	"attempts" integer NOT NULL,
	"last_error" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dead_letters_once" UNIQUE("kind","origin","ref_id")
);
--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_media_id_media_id_fk" FOREIGN KEY ("media_id") REFERENCES "public"."media"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bus_deliveries" ADD CONSTRAINT "bus_deliveries_group_name_bus_groups_name_fk" FOREIGN KEY ("group_name") REFERENCES "public"."bus_groups"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bus_deliveries" ADD CONSTRAINT "bus_deliveries_seq_events_seq_fk" FOREIGN KEY ("seq") REFERENCES "public"."events"("seq") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "media_user" ON "media" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE INDEX "bus_deliveries_key" ON "bus_deliveries" USING btree ("group_name","key","seq");--> statement-breakpoint
CREATE INDEX "bus_deliveries_available" ON "bus_deliveries" USING btree ("group_name","available_at");--> statement-breakpoint
CREATE INDEX "bus_deliveries_seq" ON "bus_deliveries" USING btree ("seq");--> statement-breakpoint
CREATE INDEX "events_type" ON "events" USING btree ("event_type","seq");--> statement-breakpoint
CREATE INDEX "events_published" ON "events" USING btree ("published_at");--> statement-breakpoint
CREATE INDEX "dead_letters_created" ON "dead_letters" USING btree ("created_at");
ALTER TABLE "media" ADD COLUMN "upload_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "multipart_id" text;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "playable_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "mp4_key" text;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "audio_key" text;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "storyboard_key" text;--> statement-breakpoint
ALTER TABLE "media" ADD COLUMN "preview_key" text;--> statement-breakpoint
CREATE INDEX "media_upload_expires" ON "media" USING btree ("state","upload_expires_at");
CREATE TABLE "keys" (
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"wrapped" text NOT NULL,
	"master_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "keys_name_version_pk" PRIMARY KEY("name","version")
);
--> statement-breakpoint
CREATE TABLE "revocations" (
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "revocations_kind_subject_pk" PRIMARY KEY("kind","subject")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"roles" text[] DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE INDEX "revocations_changed" ON "revocations" USING btree ("changed_at");--> statement-breakpoint
CREATE INDEX "revocations_expires" ON "revocations" USING btree ("expires_at");
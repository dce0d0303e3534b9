import { defineConfig } from 'drizzle-kit';

/** `pnpm db:generate --name what_changed` writes the next migration from the schema in packages/shared. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './packages/shared/src/db/schema/index.ts',
  out: './migrations',
});

import { ConfigError, loadConfig, readEnvironment } from '@armoricore/shared/config';
import { createLog, runProcess } from '@armoricore/shared/kernel';
import { withStoredSecrets } from '@armoricore/shared/keys';
import { createRealtime, realtimeConfig } from './app.ts';

/** The exit code of a configuration fault (EX_CONFIG of sysexits.h): a supervisor need not try again. */
const EX_CONFIG = 78;

try {
  const config = loadConfig(realtimeConfig, await withStoredSecrets(readEnvironment(), realtimeConfig));
  const log = createLog('realtime', config.process.LOG_LEVEL);
  const { services } = await createRealtime(config, log);
  await runProcess({ log, services, stopDeadlineMs: config.process.STOP_GRACE_MS });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EX_CONFIG;
}

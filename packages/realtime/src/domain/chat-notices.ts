import { describeError, type Log, type Service } from '@armoricore/shared/kernel';

/** Who of some users has an open socket, on any node. */
export type OnlineAmong = (userIds: readonly string[]) => Promise<ReadonlySet<string>>;

export interface NoticeRepository {
  /**
   * Tells members of some conversations that are due of what they have not read, by `notification.requested`: those without
   * a socket, once each, and not who has read meanwhile. False when no conversation is due.
   */
  tellSome(onlineAmong: OnlineAmong): Promise<boolean>;
}

/** How often due conversations are looked for, in ms. */
const LOOK_EVERY_MS = 1_000;
/** Rounds of one look. */
const MOST_ROUNDS = 250;

/**
 * Asks for notifications of members without a socket. What is due stands in the rows of the conversations, written with the
 * messages: a process that dies forgets nothing, and any other goes on.
 */
export function createChatNotices({ repository, onlineAmong, log }: { repository: NoticeRepository; onlineAmong: OnlineAmong; log: Log }): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    try {
      for (let i = 0; i < MOST_ROUNDS && !stopped; i++) if (!(await repository.tellSome(onlineAmong))) return;
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'members could not be told of messages; trying again');
    }
  }

  return {
    name: 'chat notices',
    start() {
      timer = setInterval(() => {
        running ??= look().finally(() => (running = undefined));
      }, LOOK_EVERY_MS);
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

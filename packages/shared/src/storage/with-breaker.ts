import type { Breaker } from '../kernel/index.ts';
import type { Storage } from './port.ts';

/** The same storage behind a circuit breaker. What it refuses (`not_found` and the like) is an answer, no failure; `ready` always asks. */
export function withBreaker(storage: Storage, breaker: Breaker): Storage {
  return {
    put: (...args) => breaker.execute(() => storage.put(...args)),
    get: (...args) => breaker.execute(() => storage.get(...args)),
    stat: (...args) => breaker.execute(() => storage.stat(...args)),
    list: (...args) => breaker.execute(() => storage.list(...args)),
    putFile: (...args) => breaker.execute(() => storage.putFile(...args)),
    delete: (...args) => breaker.execute(() => storage.delete(...args)),
    download: (...args) => breaker.execute(() => storage.download(...args)),
    createMultipart: (...args) => breaker.execute(() => storage.createMultipart(...args)),
    putPart: (...args) => breaker.execute(() => storage.putPart(...args)),
    completeMultipart: (...args) => breaker.execute(() => storage.completeMultipart(...args)),
    abortMultipart: (...args) => breaker.execute(() => storage.abortMultipart(...args)),
    presignPut: (...args) => storage.presignPut(...args),
    presignMultipart: (...args) => storage.presignMultipart(...args),
    playbackUrl: (...args) => storage.playbackUrl(...args),
    ready: () => storage.ready(),
  };
}

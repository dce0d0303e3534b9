export { AppError, ERRORS, describeError, toAppError, type ErrorClass, type ErrorCode } from './errors.ts';
export { deriveId, newId } from './ids.ts';
export { createBreaker, type Breaker, type BreakerOptions, type BreakerState } from './breaker.ts';
export { fullJitter, type Backoff } from './backoff.ts';
export { batched } from './batched.ts';
export { createLog, silentLog, type Log, type LogLevel } from './log.ts';
export { startServices, withDeadline, type RunningServices, type Service, type ServiceOptions } from './services.ts';
export { runProcess, type ProcessOptions } from './process.ts';

export { createBury, type Bury, type DeadLetter } from './bury.ts';
export { countDeadLetters } from './count.ts';

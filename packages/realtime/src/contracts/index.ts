export { mediaContract, mediaEvents, type MediaView } from './media.ts';
export { userContract } from './user.ts';

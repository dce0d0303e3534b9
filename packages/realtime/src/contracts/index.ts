export { chatContract, type ChatJoinReply, type MessageView, type NewMessage, type ReactionView } from './chat.ts';
export { mediaContract, mediaEvents, type MediaView } from './media.ts';
export { userContract } from './user.ts';

/** Phoenix's channels for TypeScript: `@armoricore/realtime/engine`. */
export { defineChannel, type ChannelContract } from './contract.ts';
export { channelFor, noReply, type Channel, type ChannelContext } from './channel.ts';
export { Refusal } from './refusal.ts';
export { mount, type ConnectInfo, type SocketHandler } from './socket.ts';
export { Endpoint } from './endpoint.ts';
export type { Presences } from './presence/state.ts';
export { createLocalPubSub } from './pubsub/local.ts';
export type { Broadcast, PubSub } from './pubsub/port.ts';

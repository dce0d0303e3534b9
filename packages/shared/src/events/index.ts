export { PRESENCE_STATUSES, type PresenceStatus } from './conversation.ts';
export { EVENT_SOURCES, MAX_EVENT_BYTES, envelopeSchema, type Envelope, type EventDefinition, type EventSource } from './envelope.ts';
export { DELIVERY_STATES, MOST_TOLD_DELIVERIES, type DeliveryState, type EventToken } from './notifications.ts';
export { MEDIA_STAGES, renditionSchema, type MediaStage, type Rendition } from './media.ts';
export { CAPTION_FORMATS, captionTrackOf, captionTrackSchema, languageTag, type CaptionFormat, type CaptionTrack } from './transcription.ts';
export { MODERATORS } from './moderation.ts';
export { EVENT_TYPES, createEvent, assertSource, eventDefinition, eventKey, issuesOf, parseEvent, type BusEvent, type EventType, type PayloadOf } from './registry.ts';

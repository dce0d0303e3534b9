export { EVENT_SOURCES, MAX_EVENT_BYTES, envelopeSchema, type Envelope, type EventDefinition, type EventSource } from './envelope.ts';
export { MEDIA_STAGES, renditionSchema, type MediaStage, type Rendition } from './media.ts';
export { EVENT_TYPES, createEvent, assertSource, eventDefinition, eventKey, issuesOf, parseEvent, type BusEvent, type EventType, type PayloadOf } from './registry.ts';

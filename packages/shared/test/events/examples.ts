import type { EventType } from '../../src/events/index.ts';

const ids = { media_id: 'm-1', user_id: 'u-1' };
const deliveries = [{ channel: 'push', device_id: 'd-1', status: 'failed', reason: 'gone' }];

/** A payload of every type with every field that it may have. */
export const EXAMPLES: Record<EventType, Record<string, unknown>> = {
  'media.uploaded': { ...ids, file_path: 's3://bucket/key', metadata: { title: 'A clip' } },
  'media.progress': { ...ids, stage: 'transcode', percent: 42.5, remaining_ms: 1_000, playable: true, playback_urls: { hls: 'https://h/master.m3u8' } },
  'media.ready': {
    ...ids,
    playback_urls: { hls: 'https://h/master.m3u8', mp4: 'https://h/a.mp4', audio: 'https://h/a.m4a' },
    thumbnail_urls: ['https://h/poster.jpg'],
    storyboard: 'https://h/storyboard.vtt',
    preview_url: 'https://h/preview.mp4',
    captions: [{ language: 'en', vtt_url: 'https://h/en.vtt', srt_url: 'https://h/en.srt', hls_url: 'https://h/en.m3u8' }],
    duration_ms: 30_000,
    renditions: [{ name: '720p', width: 1280, height: 720, frame_rate: 29.97, bandwidth: 3_000_000, average_bandwidth: 2_500_000, codecs: 'avc1.64001f,mp4a.40.2' }],
    metadata: {},
  },
  'media.failed': { ...ids, reason: 'not_media', message: 'Not a video.' },
  'notification.requested': {
    notification_id: 'n-1',
    user_id: 'u-1',
    channels: ['push', 'email'],
    title: 'Hello',
    body: 'You have a message.',
    data: { chat: 1 },
    collapse_key: 'chat-1',
    priority: 'high',
    to: { tokens: ['t'], emails: ['a@example.com'] },
  },
  'notification.sent': { notification_id: 'n-1', user_id: 'u-1', deliveries },
  'notification.failed': { notification_id: 'n-1', user_id: 'u-1', reason: 'no device', deliveries },
  'transcription.requested': { ...ids, language: 'en', formats: ['vtt'] },
  'transcription.complete': { ...ids, tracks: [{ language: 'en', vtt_url: 'a', srt_url: 'b', hls_url: 'c' }] },
  'transcription.failed': { ...ids, reason: 'unavailable', message: 'No answer.' },
  'chat.message': {
    id: 'c-1',
    seq: 1,
    conversationId: 'room-1',
    senderId: 'u-1',
    type: 'text',
    content: 'hi',
    replyTo: null,
    attachments: [],
    clientMessageId: null,
    createdAt: '2030-01-01T00:00:00.000Z',
  },
  'moderation.verdict': { message_id: 'c-1', conversation_id: 'room-1', flagged: true, reason: 'openai', categories: ['harassment'] },
  'moderation.failed': { message_id: 'c-1', conversation_id: 'room-1', reason: 'unavailable', message: 'No answer.' },
  'presence.update': { user_id: 'u-1', status: 'busy', topic: 'presence:lobby' },
  'membership.updated': { conversation_id: 'room-1', added: ['u-1'], removed: ['u-2'] },
  'user.revoked': { user_id: 'u-1', reason: 'left the company' },
};

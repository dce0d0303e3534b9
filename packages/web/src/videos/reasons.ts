/** Why something failed, in the words of the person who dropped the file: what is wrong, then what helps. */
const WORDS: Record<string, string> = {
  empty_file: 'This file is empty. It may not have finished downloading or copying.',
  not_media: 'There is no video or sound in this file that can be read. Try an MP4, MOV, MKV or WebM file.',
  a_folder: 'That is a folder. Drop one video file.',
  format_not_allowed: 'This kind of file is not accepted, whatever its name ends with. Try an MP4, MOV, MKV or WebM file.',
  no_streams: 'The file opens, but there is neither a picture nor a sound in it.',
  media_truncated: 'The file ends before the video does. It was probably cut off while it was copied; try the original.',
  media_corrupt: 'The file is damaged and cannot be decoded. Try the original, or export it again.',
  media_too_long: 'This video is longer than what is allowed here.',
  media_too_large: 'The pictures of this video are larger than what is allowed here. Export it in a smaller size.',
  upload_too_large: 'This file is larger than what may be uploaded here.',
  upload_size_mismatch: 'Not all of the file arrived. It may have changed while it was being sent; try again.',
  upload_incomplete: 'The upload was cut off. Check the connection and try again.',
  upload_expired: 'The upload was not finished in time. Start it again.',
  too_many_uploads: 'You have too many uploads under way. Let one of them finish first.',
  quota_exceeded: 'You have no room left for this file. Delete a video first.',
  not_found: 'There is no such video, or it is not yours to see.',
  media_deleted: 'This video was deleted.',
  captions_exceeded: 'You have had as much made into captions today as is allowed. Try again tomorrow.',
  transcriber_missing: 'This server has nothing installed that can listen to speech.',
  media_not_ready: 'The video is not ready yet.',
  network: 'The server could not be reached. Check the connection and try again.',
  insufficient_storage: 'The server has no room left for this file. Try again later.',
  rate_limited: 'That was too much at once. Wait a moment and try again.',
  time_limit: 'Processing took too long and was stopped.',
  encoder_failed: 'The encoder gave up on this file. Try again, or export the video in another format.',
  unauthorized: 'Your access has ended. Open the page again to sign in.',
  token_expired: 'Your access has ended. Open the page again to sign in.',
};

/** The sentence for a reason code; the server's own message for a code that has none here. */
export function reasonInWords(reason: string, message: string): string {
  return WORDS[reason] ?? (message || 'Something went wrong on the server.');
}

/**
 * Scenarios of the conformance suite in which this engine departs from Phoenix on purpose. The engine's README lists the
 * same ones, each with its reason; a test holds the two against each other.
 */
export const DEVIATIONS = [
  'handshake/subprotocol_raw_auth_bad_base64',
  'handshake/subprotocol_raw_auth_urlsafe_alphabet',
  'handshake/deflate_offer_client_bits',
  'websocket/client_close_4000',
  'v1/broadcast_payload_not_a_map',
  'binary/v2_broadcast_reaches_v1',
  'longpoll/binary_reply_ascii',
  'longpoll/binary_reply_not_utf8',
  'longpoll/token_of_another_mount',
] as const;

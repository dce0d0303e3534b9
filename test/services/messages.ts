/** What a client would say to the servers, as text for `converse`; the tests of the services need no client library. */

const request = (subject: string, body: string): string => `PUB ${subject} _INBOX.test ${body.length}\r\n${body}\r\n`;

/** The words for a request to JetStream; the answer is a message with JSON. */
export const jetStream = (api: string, body: object = {}): string =>
  `CONNECT {"verbose":false}\r\nSUB _INBOX.test 1\r\n${request(`$JS.API.${api}`, JSON.stringify(body))}`;

const short = (text: string): string => String.fromCharCode(text.length) + text;
const uint32 = (value: number): string => String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
const NO_TABLE = uint32(0);

/** A method frame of AMQP 0-9-1: the numbers of class and method, and its arguments. */
const method = (channel: number, classId: number, methodId: number, fields: string): string => {
  const payload = `\0${String.fromCharCode(classId)}\0${String.fromCharCode(methodId)}${fields}`;
  return `\x01\0${String.fromCharCode(channel)}${uint32(payload.length)}${payload}\xce`;
};

const LOGIN = '\0guest\0guest';
const DURABLE = '\x02';
const PASSIVE = '\x01';

/** The words of a client that connects and declares a durable queue, or (passively) asks for one that is there. */
export const declareQueue = (name: string, { passive = false } = {}): string =>
  [
    'AMQP\0\0\x09\x01',
    method(0, 10, 11, NO_TABLE + short('PLAIN') + uint32(LOGIN.length) + LOGIN + short('en_US')), // connection.start-ok
    method(0, 10, 31, `\0\x10${uint32(131_072)}\0\0`), // connection.tune-ok: 16 channels, frames of 128 KiB, no heartbeat
    method(0, 10, 40, `${short('/')}\0\0`), // connection.open
    method(1, 20, 10, '\0'), // channel.open
    method(1, 50, 10, `\0\0${short(name)}${passive ? PASSIVE : DURABLE}${NO_TABLE}`), // queue.declare
  ].join('');

/** The end of queue.declare-ok for `test_queue`: the length of the name, the name, and the messages, of which there are none. */
export const QUEUE_DECLARED = /\n(test_queue)\0\0\0\0/;

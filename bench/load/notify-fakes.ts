/** The fakes of the providers in a thread of their own, so that what they cost is not the adapters'. Tells their ports, then what they took. */
import { parentPort } from 'node:worker_threads';
import { startApns } from '../../test/support/services/apns.ts';
import { startFcm } from '../../test/support/services/fcm.ts';
import { startMailApis } from '../../test/support/services/mail-apis.ts';
import { startSmtp } from '../../test/support/services/smtp.ts';
import { startWebPush } from '../../test/support/services/webpush.ts';

const [fcm, apns, webpush, smtp, apis] = await Promise.all([startFcm(), startApns(), startWebPush(), startSmtp(), startMailApis()]);

/** Where the fakes are, for the adapters of the main thread. */
export interface Fakes {
  fcmPort: number;
  apns: typeof apns.server;
  subscription: ReturnType<typeof webpush.subscribe>;
  smtpUrl: string;
  apisUrl: string;
}

/** Connections and messages so far. */
export interface Taken {
  fcm: number[];
  apns: number[];
  webpush: number[];
  smtp: number[];
}

const where: Fakes = { fcmPort: fcm.port, apns: apns.server, subscription: webpush.subscribe('/bench'), smtpUrl: smtp.url, apisUrl: apis.url };
parentPort?.postMessage(where);
parentPort?.on('message', () => {
  const taken: Taken = {
    fcm: [fcm.connections, fcm.received.length],
    apns: [apns.connections, apns.received.length],
    webpush: [webpush.connections, webpush.received.length],
    smtp: [smtp.connections, smtp.mails.length],
  };
  for (const list of [fcm.received, apns.received, webpush.received, smtp.mails, apis.received]) list.length = 0;
  parentPort?.postMessage(taken);
});

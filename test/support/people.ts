import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
/** What a browser says of a connection that the test itself cuts. */
const OF_THE_CUT = /net::ERR_|WebSocket connection/;

/** A microphone and a camera that are none, and nobody who has to allow them. */
export const FAKE_DEVICES = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

interface PersonOptions extends BrowserContextOptions {
  /** Where the page is asked for. */
  url: string;
  /** The test cuts the connection: what the browser says of that is no complaint. */
  isCut?: boolean;
  /** Errors of the page, with the name of whose it is. */
  complaints: string[];
}

/** A browser of its own, in which somebody has a place of the page open, like `/calls`. */
export async function openPerson(browser: Browser, name: string, place: string, options: PersonOptions): Promise<Page> {
  const { url, isCut = false, complaints, ...context } = options;
  const page = await (await browser.newContext(context)).newPage();
  page.on('pageerror', (error) => complaints.push(`${name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !(isCut && OF_THE_CUT.test(message.text()))) complaints.push(`${name}: ${message.text()}`);
  });
  await page.addInitScript(watch);
  await page.goto(new URL(`/#${place}?user=${name}`, url).href);
  await page.locator('[data-testid=connection][data-state=live]').waitFor({ state: 'attached' });
  return page;
}

interface Watched {
  connections: RTCPeerConnection[];
  tracks: MediaStreamTrack[];
}

/** In the page, before anything else: notes all connections to peers, and all tracks of devices. */
function watch(): void {
  const watched: Watched = { connections: [], tracks: [] };
  Object.assign(window, { watched });
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      watched.connections.push(this);
    }
  };
  const devices = navigator.mediaDevices;
  const { getUserMedia } = devices;
  devices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia.call(devices, constraints);
    watched.tracks.push(...stream.getTracks());
    return stream;
  };
}

/** Pictures that the page has decoded so far, for each peer that it is connected to. */
export function framesDecoded(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const { connections } = (window as unknown as { watched: Watched }).watched;
    const open = connections.filter(({ connectionState }) => connectionState === 'connected');
    return Promise.all(
      open.map(async (connection) => {
        let frames = 0;
        for (const report of (await connection.getStats()).values() as Iterable<{ type: string; kind?: string; framesDecoded?: number }>) {
          if (report.type === 'inbound-rtp' && report.kind === 'video') frames += report.framesDecoded ?? 0;
        }
        return frames;
      }),
    );
  });
}

/** Connections to peers that the page has made so far. */
export function connectionsMade(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { watched: Watched }).watched.connections.length);
}

/** Devices that the page has open. */
export function openDevices(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { tracks } = (window as unknown as { watched: Watched }).watched;
    return tracks.filter(({ readyState }) => readyState === 'live').map(({ kind }) => kind).toSorted();
  });
}

export type Device = 'microphone' | 'camera' | 'screen';

/** A device that this page cannot use, and why. */
export interface DeviceTrouble {
  device: Device;
  why: 'refused' | 'missing' | 'taken' | 'insecure' | 'failed';
}

/** The trouble that an error of the browser stands for. @see https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia */
export function troubleOf(device: Device, error: unknown): DeviceTrouble {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return { device, why: 'refused' };
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return { device, why: 'missing' };
  if (name === 'NotReadableError' || name === 'AbortError') return { device, why: 'taken' };
  return { device, why: 'failed' };
}

/** What happened, then what helps. */
export function troubleInWords({ device, why }: DeviceTrouble): string {
  switch (why) {
    case 'refused':
      return device === 'screen'
        ? 'The screen is not shared: the browser was not allowed to show it.'
        : `This page may not use your ${device}. Allow it in the browser’s address bar, then try again.`;
    case 'missing':
      return device === 'screen' ? 'This browser cannot share a screen.' : `No ${device} was found. Connect one, then try again.`;
    case 'taken':
      return `Your ${device} is used by another program. Close that, then try again.`;
    case 'insecure':
      return `Browsers give no ${device} to a page without https. Open it with https, or on this machine as localhost.`;
    case 'failed':
      return `Your ${device} could not be started.`;
  }
}

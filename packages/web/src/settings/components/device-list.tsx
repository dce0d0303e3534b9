import { useRef } from 'preact/hooks';
import { inFull, shortTime } from '../../chat/times.ts';
import type { Device } from '../api.ts';
import { devices, devicesFault, forgetDevice } from '../store.ts';
import { platformInWords } from '../words.ts';
import { PushSwitch } from './push-switch.tsx';

/** The devices that get pushes. */
export function DeviceList() {
  const title = useRef<HTMLHeadingElement>(null);
  const known = devices.value;
  const publicKey = known?.webpush_public_key ?? null;
  const remove = async (id: string): Promise<void> => {
    await forgetDevice(id);
    title.current?.focus(); // The button that had it is gone.
  };
  return (
    <section class="settings-section" aria-labelledby="devices-title">
      <h2 id="devices-title" ref={title} tabIndex={-1}>
        Devices
      </h2>
      {publicKey !== null && <PushSwitch publicKey={publicKey} />}
      {known?.devices.length === 0 && <p class="hint">No device of yours is pushed to. The app registers its device when you sign in there.</p>}
      {known !== null && known.devices.length > 0 && (
        <ul class="devices" data-testid="devices">
          {known.devices.map((device) => (
            <Row key={device.device_id} device={device} onRemove={() => void remove(device.device_id)} />
          ))}
        </ul>
      )}
      <p role="alert" class="fault">
        {devicesFault.value}
      </p>
    </section>
  );
}

function Row({ device: { platform, address, app, registered_at }, onRemove }: { device: Device; onRemove: () => void }) {
  const name = platformInWords(platform);
  return (
    <li>
      <div>
        <strong>{app === null ? name : `${app}, ${name}`}</strong>
        <p class="hint">
          <code>{address}</code>, last registered{' '}
          <time dateTime={registered_at} title={inFull(registered_at)}>
            {shortTime(registered_at, new Date())}
          </time>
        </p>
      </div>
      <button type="button" aria-label={`Remove ${name} ${address}`} onClick={onRemove}>
        Remove
      </button>
    </li>
  );
}

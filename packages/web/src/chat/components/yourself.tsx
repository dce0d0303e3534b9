import { useState } from 'preact/hooks';
import { formatAddress } from '../../address.ts';
import { session } from '../../session.ts';
import { nameOf } from '../names.ts';
import { Avatar } from './avatar.tsx';

/** Who this browser is. In development a click makes somebody else to talk to. */
export function Yourself({ roomId }: { roomId: string | null }) {
  const now = session.value;
  const [other] = useState(() => `guest-${[...crypto.getRandomValues(new Uint8Array(4))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
  if (now.state !== 'signed_in') return null;
  const place = formatAddress(['chat', roomId ?? 'lobby'], new URLSearchParams({ user: other }));
  return (
    <div class="yourself">
      <Avatar userId={now.userId} />
      <p>
        You are <bdi title={now.userId}>{nameOf(now.userId)}</bdi>
        {now.renewable && (
          <a href={`/${place}`} target="_blank" rel="noopener">
            Open a tab as somebody else
          </a>
        )}
      </p>
    </div>
  );
}

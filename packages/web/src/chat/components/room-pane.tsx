import { useEffect, useState } from 'preact/hooks';
import { remove } from '../actions.ts';
import { backToWriting } from '../composing.ts';
import { focusComposer } from '../move.ts';
import { findRoom } from '../rooms.ts';
import type { Message } from '../state/message.ts';
import { Announcer } from './announcer.tsx';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { EmojiPicker } from './emoji-picker.tsx';
import { Log } from './log.tsx';
import { Notice } from './notice.tsx';
import { RoomRefusal } from './refusal.tsx';
import { RoomHeader } from './room-header.tsx';
import { TypingLine } from './typing-line.tsx';

/** The open room. */
export function RoomPane({ id }: { id: string }) {
  const [deleting, setDeleting] = useState<Message | null>(null);
  const room = findRoom(id)?.value;
  const known = room !== undefined;
  useEffect(() => {
    if (!known) return backToWriting;
    // Where there is a keyboard one can write at once; on a phone it would cover half of what one wants to read.
    if (window.matchMedia('(pointer: fine)').matches) focusComposer();
    else document.querySelector<HTMLElement>('.room-header h1')?.focus();
    return backToWriting;
  }, [known]);
  if (room === undefined) return <section class="room" aria-label="Room" />;
  const out = room.state === 'refused' && room.refusal !== null && (room.messages.length === 0 || room.refusal.final === true);
  return (
    <section class="room" aria-label="Room">
      <RoomHeader room={room} />
      {out && room.refusal !== null ? (
        <RoomRefusal id={id} refusal={room.refusal} />
      ) : (
        <>
          <Banner room={room} />
          <Log room={room} onDelete={setDeleting} />
          <Announcer room={room} />
          <Notice />
          <TypingLine typing={room.typing} />
          <Composer room={room} />
          <EmojiPicker />
        </>
      )}
      {deleting !== null && (
        <DeleteDialog content={deleting.content} onDelete={() => remove(id, deleting.id)} onClose={() => setDeleting(null)} />
      )}
    </section>
  );
}

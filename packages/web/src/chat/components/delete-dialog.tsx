import { useEffect, useRef } from 'preact/hooks';

interface DeleteDialogProps {
  content: string;
  onDelete: () => void;
  onClose: () => void;
}

/** Asks before a message goes for good. */
export function DeleteDialog({ content, onDelete, onClose }: DeleteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="delete-dialog" aria-labelledby="delete-title" onClose={onClose}>
      <h2 id="delete-title">Delete this message for everyone?</h2>
      <blockquote dir="auto">{content}</blockquote>
      <div class="dialog-buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Keep it
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onDelete();
            dialog.current?.close();
          }}
        >
          Delete
        </button>
      </div>
    </dialog>
  );
}

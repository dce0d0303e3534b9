import { faultOf } from '../preferences.ts';
import { isChanged, type Settings } from '../state.ts';
import { dispatch, save } from '../store.ts';
import { CategoryTable } from './category-table.tsx';
import { QuietHoursFields } from './quiet-hours.tsx';

type Ready = Extract<Settings, { at: 'ready' }>;

/** What one wants to be told, where, and when not. */
export function PreferenceForm(settings: Ready) {
  const { draft, contact, seen } = settings;
  const fault = faultOf(draft.quiet_hours);
  const change = (to: Ready['draft']): void => dispatch({ type: 'changed', draft: to });
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (fault === null) void save();
        else document.getElementById('quiet-end')?.focus();
      }}
    >
      <section class="settings-section" aria-labelledby="what-title">
        <h2 id="what-title">What you are told, and where</h2>
        <p class="hint">Whatever you choose, the bell in this page has it all. {mailsInWords(contact)}</p>
        <CategoryTable preferences={draft} seen={seen} onChange={change} />
      </section>
      <QuietHoursFields hours={draft.quiet_hours} fault={fault} onChange={(quiet_hours) => change({ ...draft, quiet_hours })} />
      <SaveBar {...settings} />
    </form>
  );
}

function SaveBar({ saved, draft, save: { at, ...rest } }: Ready) {
  const changed = isChanged({ saved, draft });
  const words = { idle: changed ? 'Not saved yet.' : '', saving: 'Saving.', saved: 'Saved.', failed: '' }[at];
  return (
    <div class="save-bar" data-changed={changed || at !== 'idle'}>
      <button type="submit" class="primary" disabled={at === 'saving' || !changed} data-testid="save">
        Save
      </button>
      <p role="status" data-testid="save-state">
        {words}
      </p>
      {'fault' in rest && (
        <p role="alert" class="fault">
          Not saved. {rest.fault}
        </p>
      )}
    </div>
  );
}

function mailsInWords({ email, refused_at }: Ready['contact']): string {
  if (email === null) return 'No email address of yours is known here, so none is written.';
  return refused_at === null ? `Emails go to ${email}.` : `Emails to ${email} come back, so none is written until the address is set anew.`;
}

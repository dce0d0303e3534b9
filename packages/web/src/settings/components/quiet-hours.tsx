import type { QuietHours } from '../preferences.ts';

interface QuietHoursProps {
  hours: QuietHours | null;
  /** Why they cannot be saved. */
  fault: string | null;
  onChange: (hours: QuietHours | null) => void;
}

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const NIGHT = { start: '22:00', end: '07:00' };

/** Hours in which nothing rings, by the clock of a place. */
export function QuietHoursFields({ hours, fault, onChange }: QuietHoursProps) {
  return (
    <section class="settings-section" aria-labelledby="quiet-title">
      <h2 id="quiet-title">Quiet hours</h2>
      <p class="hint">What comes in these hours waits, and comes as one digest when they end. Calls that ring, and what is urgent, come all the same.</p>
      <label class="check">
        <input
          type="checkbox"
          checked={hours !== null}
          data-testid="quiet-on"
          onChange={({ currentTarget }) => onChange(currentTarget.checked ? { ...NIGHT, timezone: HERE } : null)}
        />
        Keep quiet hours, every day
      </label>
      {hours !== null && <Times hours={hours} fault={fault} onChange={onChange} />}
    </section>
  );
}

function Times({ hours, fault, onChange }: { hours: QuietHours } & Omit<QuietHoursProps, 'hours'>) {
  const set = (change: Partial<QuietHours>): void => onChange({ ...hours, ...change });
  const faulty = fault === null ? {} : { 'aria-invalid': true, 'aria-describedby': 'quiet-fault' };
  return (
    <div class="times">
      <label>
        From
        <input id="quiet-start" type="time" value={hours.start} {...faulty} onInput={({ currentTarget }) => set({ start: currentTarget.value })} />
      </label>
      <label>
        To
        <input id="quiet-end" type="time" value={hours.end} {...faulty} onInput={({ currentTarget }) => set({ end: currentTarget.value })} />
      </label>
      <label class="zone">
        By the clock of
        <select id="quiet-zone" value={hours.timezone} onChange={({ currentTarget }) => set({ timezone: currentTarget.value })}>
          {zonesWith(hours.timezone).map((zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll('_', ' ')}
              {zone === HERE && ' (here)'}
            </option>
          ))}
        </select>
      </label>
      <p id="quiet-fault" class="fault" role="alert">
        {fault}
      </p>
    </div>
  );
}

/** All time zones that this browser knows, the one of here first, and the one that is set, whatever that is. */
function zonesWith(zone: string): string[] {
  return [...new Set([HERE, zone, ...Intl.supportedValuesOf('timeZone')])];
}

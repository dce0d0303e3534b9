import { categoriesOf, preferenceOf, QUIET_WAYS, withCategory, type Preferences, type QuietWay } from '../preferences.ts';
import { categoryInWords, QUIET_IN_WORDS } from '../words.ts';

interface CategoryTableProps {
  preferences: Preferences;
  /** Categories of what came lately. */
  seen: readonly string[];
  onChange: (preferences: Preferences) => void;
}

/** Category by way: what is pushed, what is mailed, and what becomes of it in quiet hours. */
export function CategoryTable({ preferences, seen, onChange }: CategoryTableProps) {
  return (
    <table class="categories">
      <thead>
        <tr>
          <th scope="col">
            <span class="visually-hidden">What</span>
          </th>
          <th scope="col">Push</th>
          <th scope="col">Email</th>
          <th scope="col">In quiet hours</th>
        </tr>
      </thead>
      <tbody>
        {categoriesOf(preferences, seen).map((name) => (
          <Row key={name} name={name} preferences={preferences} onChange={onChange} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ name, preferences, onChange }: { name: string; preferences: Preferences; onChange: (preferences: Preferences) => void }) {
  const { push, email, quiet } = preferenceOf(preferences, name);
  const words = categoryInWords(name);
  const set = (change: { push?: boolean; email?: boolean; quiet?: QuietWay }): void => onChange(withCategory(preferences, name, change));
  return (
    <tr data-category={name}>
      <th scope="row">{words}</th>
      <td>
        <label>
          <input type="checkbox" checked={push} aria-label={`Push: ${words}`} onChange={({ currentTarget }) => set({ push: currentTarget.checked })} />
          <span aria-hidden="true">Push</span>
        </label>
      </td>
      <td>
        <label>
          <input type="checkbox" checked={email} aria-label={`Email: ${words}`} onChange={({ currentTarget }) => set({ email: currentTarget.checked })} />
          <span aria-hidden="true">Email</span>
        </label>
      </td>
      <td>
        <label>
          <span aria-hidden="true">In quiet hours</span>
          <select aria-label={`In quiet hours: ${words}`} value={quiet} onChange={({ currentTarget }) => set({ quiet: currentTarget.value as QuietWay })}>
            {QUIET_WAYS.map((way) => (
              <option key={way} value={way}>
                {QUIET_IN_WORDS[way]}
              </option>
            ))}
          </select>
        </label>
      </td>
    </tr>
  );
}

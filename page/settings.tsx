import { compareSettings, differingSettings } from '../src/config/compare.ts';
import type { RunDetail } from '../src/watch/protocol.ts';
import { colourOf } from './palette.ts';

/** The settings of a run; of several runs those in which they differ. */
export function Settings({ details }: { details: readonly RunDetail[] }) {
  const settings = details.map((run) => run.settings);
  const shown = details.length === 1 ? compareSettings(settings) : differingSettings(settings);
  if (shown.length === 0) return <p class="empty">These runs have the same settings.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by the arrow keys
    <section class="scroll" tabIndex={0} aria-label="settings">
      <table class="settings">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            {details.map(({ id }, index) => (
              <th key={id} scope="col">
                {details.length > 1 && <span class="swatch" style={{ background: colourOf(index) }} />}
                {details.length > 1 ? id : 'Value'}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ key, values }) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              {details.map(({ id }, index) => (
                <td key={id}>{values[index] || '-'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

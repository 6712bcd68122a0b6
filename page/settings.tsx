import type { RunDetail } from '../src/watch/protocol.ts';
import { colourOf } from './palette.ts';

/** The settings of a run; of several runs those in which they differ. */
export function Settings({ details }: { details: readonly RunDetail[] }) {
  const keys = [...new Set(details.flatMap(({ settings }) => Object.keys(settings)))].sort();
  const settingOf = ({ settings }: RunDetail, key: string): string => settings[key] ?? '';
  const shown =
    details.length === 1 ? keys : keys.filter((key) => new Set(details.map((run) => settingOf(run, key))).size > 1);
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
          {shown.map((key) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              {details.map((run) => (
                <td key={run.id}>{settingOf(run, key) || '-'}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

import { post } from './api.ts';
import { type ShownRun, SystemCurves } from './curves.tsx';
import { count, measured } from './format.ts';
import { OutputHistograms } from './output_histograms.tsx';
import { TextForm } from './text_form.tsx';

/** What a run has to say of itself: warnings, learning rates, what its discriminator says of images, what it takes of the machine, its log, and
 *  what a reader adds to it. */
export function Health({ detail, runs, parameters }: ShownRun) {
  const run = runs.get(detail.id);
  const { rates, marks, log } = detail;
  const warnings = marks.filter(({ kind }) => kind === 'warning' || kind === 'rollback');
  return (
    <div class="health">
      <section class="card">
        <h2>Warnings</h2>
        {warnings.length === 0 ? (
          <p class="soft">None so far.</p>
        ) : (
          <ul class="warnings">
            {warnings.map(({ step, text }) => (
              <li key={`${step} ${text}`}>
                <b>step {count(step)}</b> {text}
              </li>
            ))}
          </ul>
        )}
      </section>
      {rates && (
        <section class="card">
          <h2>Learning rates</h2>
          <dl class="facts">
            <div>
              <dt>generator</dt>
              <dd>{measured(rates.generator)}</dd>
            </div>
            <div>
              <dt>discriminator</dt>
              <dd>{measured(rates.discriminator)}</dd>
            </div>
            <div>
              <dt>lowered by</dt>
              <dd>{rates.decay === 'none' ? 'nothing' : rates.decay}</dd>
            </div>
          </dl>
        </section>
      )}
      <OutputHistograms detail={detail} run={run} />
      <SystemCurves detail={detail} runs={runs} parameters={parameters} />
      <section class="card wide">
        <h2>Log</h2>
        {run && <Note id={run.id} />}
        <Log lines={log} />
      </section>
    </div>
  );
}

const Note = ({ id }: { id: string }) => (
  <TextForm
    label="note for the log"
    placeholder="Write a note; it stands at this step in the log and on the curves"
    maxLength={1000}
    button="Add note"
    send={(text) => post('note', { id, text }).then(() => '')}
  />
);

/** The newest line first. */
const Log = ({ lines }: { lines: readonly string[] }) => (
  <ol class="log">
    {lines.toReversed().map((line) => {
      const [time = '', ...words] = line.split(' ');
      const text = words.join(' ');
      return (
        <li key={line} class={/^(warning|diverged|rolled back)/.test(text) ? 'warning' : ''}>
          <time dateTime={time}>{time.replace('T', ' ').slice(0, 19)}</time> {text}
        </li>
      );
    })}
  </ol>
);

import type { TrainEvent } from '../train/index.ts';
import { shellWord } from '../train/run/shell.ts';
import { formatTable } from './table.ts';

type Events = ReadonlyMap<TrainEvent['type'], TrainEvent>;

/** What a training leaves the reader with: where its results are and how to go on. @param last the last event of each type */
export function closingLines(last: Events): string[] {
  const start = eventOf(last, 'start');
  const end = eventOf(last, 'end');
  if (!start || !end) return [];
  const finished = end.reason === 'finished';
  const folder = shellWord(start.folder);
  const nothingToDo = finished && end.step === start.step;
  const goOn = finished ? `gannet resume ${folder} --steps ${2 * end.step}` : `gannet resume ${folder}`;
  const rows = [
    ['samples', eventOf(last, 'sample')?.path],
    ['checkpoint', eventOf(last, 'checkpoint')?.path],
    ['go on', goOn],
    ['draw images', `gannet sample ${folder} --count 64 --seed 1`],
  ].flatMap(([name, text]) => (name && text ? [[`  ${name}`, text]] : []));
  const headline = nothingToDo
    ? `Nothing to do: the run has reached its last step, ${end.step}.`
    : `${HEADLINES[end.reason]} at step ${end.step}.`;
  return [headline, formatTable(rows), ...(end.skipped === '' ? [] : [end.skipped])];
}

const HEADLINES = {
  finished: 'Finished',
  interrupted: 'Interrupted and saved',
  collapsed: 'Stopped because the samples have become alike, and saved,',
};

const eventOf = <T extends TrainEvent['type']>(events: Events, type: T): Extract<TrainEvent, { type: T }> | undefined =>
  events.get(type) as Extract<TrainEvent, { type: T }> | undefined;

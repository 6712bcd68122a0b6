import { drawTimeline } from '../charts/index.ts';
import { formatDuration } from '../comparison/index.ts';
import { figureRows } from '../evaluation/figure_rows.ts';
import { readEvaluations } from '../evaluation/read.ts';
import { labelOf } from '../metrics/index.ts';
import { packageVersion } from '../package.ts';
import { readGrid } from '../watch/runs/grids.ts';
import { repeatingCommand, startingCommand } from './commands.ts';
import { drawRunCurves, inBothThemes } from './curves.ts';
import { type Block, type Document, heading, type Picture, type Section, table, text } from './document.ts';
import type { ReportedRun } from './reported_run.ts';
import { differenceRows, ownSettings } from './settings.ts';

/** Grids of samples of each run. */
const GRIDS = 6;
/** Events of each run that are told in words. */
const TOLD_EVENTS = 40;

/** All that a report tells of runs, in the order in which it is read. */
export async function documentOf(runs: readonly ReportedRun[]): Promise<Document> {
  const sections = [
    overview(runs),
    settings(runs),
    await curves(runs),
    await samples(runs),
    await health(runs),
    await evaluations(runs),
    environment(runs),
    repeat(runs),
  ];
  const title = runs.length === 1 ? `Run ${runs[0]?.name}` : `${runs.length} runs of gannet`;
  return { title, sections: sections.filter(({ blocks }) => blocks.length > 0) };
}

function overview(runs: readonly ReportedRun[]): Section {
  const rows = runs.map(({ name, summary }) => [
    name,
    summary.recipe,
    summary.data,
    summary.detail ? `${summary.state}: ${summary.detail}` : summary.state,
    summary.steps === null ? String(summary.step) : `${summary.step} of ${summary.steps}`,
    summary.imagesSeen === null ? '' : String(summary.imagesSeen),
    summary.elapsedMs === null ? '' : formatDuration(summary.elapsedMs),
  ]);
  return {
    title: 'Overview',
    blocks: [
      table(['run', 'recipe', 'data', 'state', 'step', 'images seen', 'training time'], rows),
      text(`Written by gannet ${packageVersion()} at ${new Date().toISOString()}.`),
    ],
  };
}

function settings(runs: readonly ReportedRun[]): Section {
  const differing = differenceRows(runs);
  const shared = runs.length > 1 ? [heading('What differs between the runs'), differences(runs, differing)] : [];
  return { title: 'Settings', blocks: [...shared, ...runs.flatMap(settingsOfRun)] };
}

const differences = (runs: readonly ReportedRun[], rows: string[][]): Block =>
  rows.length > 0
    ? table(['setting', ...runs.map(({ name }) => name)], rows)
    : text('Nothing: all runs have the same settings.');

function settingsOfRun(run: ReportedRun): Block[] {
  const own = ownSettings(run);
  const title = heading(`${run.name}: what differs from the defaults of ${run.summary.recipe}`);
  if (!own) {
    const all = table(['setting', 'value'], Object.entries(run.detail.settings));
    return [title, text('The recipe is not one of gannet, so all settings stand here.'), all];
  }
  if (own.length === 0) return [title, text('Nothing.')];
  return [
    title,
    table(
      ['setting', 'value', "the recipe's"],
      own.map(({ key, value, usual }) => [key, value, usual ?? 'none']),
    ),
  ];
}

async function curves(runs: readonly ReportedRun[]): Promise<Section> {
  const pictures = await drawRunCurves(runs);
  const blocks: Block[] =
    pictures.length > 0 ? [{ kind: 'pictures', pictures }] : [text('No metrics were logged yet.')];
  return { title: 'Curves', blocks };
}

async function samples(runs: readonly ReportedRun[]): Promise<Section> {
  const blocks: Block[] = [];
  for (const [i, run] of runs.entries()) {
    const pictures = await gridsOf(run, i + 1);
    if (pictures.length > 0) blocks.push(heading(run.name), { kind: 'pictures', pictures });
  }
  return { title: 'Samples', blocks };
}

async function gridsOf({ name, folder, detail }: ReportedRun, place: number): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const step of spread(detail.grids.map((grid) => grid.step))) {
    const png = await readGrid(folder, step);
    if (png)
      pictures.push({ caption: `${name} at step ${step}`, name: `samples-${place}-step-${step}`, image: { png } });
  }
  return pictures;
}

/** The first, the last and some between them, at equal distances. */
function spread(steps: readonly number[]): number[] {
  if (steps.length <= GRIDS) return [...steps];
  return Array.from({ length: GRIDS }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (GRIDS - 1))] as number);
}

async function health(runs: readonly ReportedRun[]): Promise<Section> {
  const told = runs.flatMap(eventsOf);
  const blocks =
    told.length > 0
      ? [await timeline(runs), table(['run', 'step', 'kind', 'what happened'], told)]
      : [text('Nothing happened: no warning, no rollback, no change, no note.')];
  return { title: 'Health', blocks };
}

async function timeline(runs: readonly ReportedRun[]): Promise<Block> {
  const rows = runs.map(({ name, summary, detail }) => ({
    name,
    from: 0,
    to: Math.max(summary.step, 1),
    events: detail.marks.map(({ step, kind }) => ({ x: step, kind })),
  }));
  const image = await inBothThemes((theme) => drawTimeline(rows, { xTitle: 'step', theme }));
  const caption = 'Warnings, rollbacks, changes, notes and where runs were taken up again, by step';
  return { kind: 'pictures', pictures: [{ caption, name: 'health', image }] };
}

function eventsOf({ name, detail }: ReportedRun): string[][] {
  const rows = detail.marks.slice(0, TOLD_EVENTS).map(({ step, kind, text }) => [name, String(step), kind, text]);
  const left = detail.marks.length - rows.length;
  return left > 0 ? [...rows, [name, '', '', `and ${left} more, which log.txt tells`]] : rows;
}

async function evaluations(runs: readonly ReportedRun[]): Promise<Section> {
  const blocks: Block[] = [];
  for (const { name, folder } of runs) {
    const { evaluations, unreadable } = await readEvaluations(folder);
    for (const evaluation of evaluations) {
      const { step, count, seed, data, features, warnings } = evaluation;
      blocks.push(
        heading(`${name} at step ${step}`),
        text(`${count} generated images of seed ${seed} beside as many of ${data}; features: ${labelOf(features)}.`),
        table(['figure', 'value', 'meaning'], figureRows(evaluation)),
        ...warnings.map((warning) => text(`Warning: ${warning}`)),
      );
    }
    if (unreadable.length > 0) blocks.push(text(`${name}: not readable as evaluations: ${unreadable.join(', ')}.`));
  }
  return { title: 'Evaluation', blocks };
}

/** Keys of environment.json and what they are called. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  startedAt: 'started at',
  gannet: 'gannet',
  commit: 'commit of gannet',
  node: 'Node',
  platform: 'system',
  cpu: 'processor',
  cores: 'cores',
  memoryBytes: 'memory in bytes',
  device: 'device',
  data: 'images',
};

function environment(runs: readonly ReportedRun[]): Section {
  const rows = Object.entries(SURROUNDINGS).map(([key, label]) => [
    label,
    ...runs.map((run) => run.environment[key] ?? 'unknown'),
  ]);
  const sittings = runs.flatMap((run) =>
    run.sittings.map(({ from, startedAt, gannet, device, details }) => [
      run.name,
      String(from),
      startedAt,
      gannet,
      device,
      Object.entries(details)
        .map(([key, value]) => `${key} ${value}`)
        .join(', '),
    ]),
  );
  return {
    title: 'Environment',
    blocks: [
      table(['', ...runs.map(({ name }) => name)], rows),
      ...(sittings.length > 0
        ? [
            heading('Every stretch of training'),
            table(['run', 'from step', 'started at', 'gannet', 'device', 'details'], sittings),
          ]
        : []),
    ],
  };
}

const repeat = (runs: readonly ReportedRun[]): Section => ({
  title: 'Repeat',
  blocks: runs.flatMap((run) => {
    const [started, repeating] = [startingCommand(run), repeatingCommand(run)];
    const resumed = run.sittings.length > 1 ? `, and resumed ${timesOf(run.sittings.length - 1)}` : '';
    return [
      heading(run.name),
      ...(started === undefined ? [] : [text(`As it was started${resumed}:`), commands(started)]),
      ...(repeating === undefined
        ? []
        : [text('With the settings that it has now, from the beginning:'), commands(repeating)]),
      ...((started ?? repeating) === undefined ? [text('It was trained by a program with a recipe of its own.')] : []),
    ];
  }),
});

const timesOf = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const commands = (line: string): Block => ({ kind: 'commands', lines: line.split(/\r\n|\r|\n/) });

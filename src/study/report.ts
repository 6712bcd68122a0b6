import { join } from 'node:path';
import { drawLines, writeDrawing } from '../charts/index.ts';
import {
  type ComparedRun,
  drawSideBySide,
  type FinalFigures,
  finalFigures,
  panelsOfRuns,
  readComparedRun,
} from '../comparison/index.ts';
import { type ComparedSetting, type Config, differingSettings, isDeviceKey, settingsOf } from '../config/index.ts';
import { writePicture } from '../data/index.ts';
import { type JsonValue, replaceFile } from '../durable.ts';
import type { Evaluation } from '../evaluation/index.ts';
import { statOf } from '../files.ts';
import type { Monitors } from '../losses/index.ts';
import type { Figures } from '../metrics/figures.ts';
import { packageVersion } from '../package.ts';
import { storageError } from '../storage.ts';
import { configPath } from '../train/run/folder.ts';
import type { StudyPlan } from './file.ts';
import { studyMarkdown } from './markdown.ts';
import type { Outcome } from './state.ts';

/** A row with all that is reported of it. */
export interface ReportedRow {
  readonly name: string;
  /** Its run's folder, seen from that of the study. */
  readonly run: string;
  /** Undefined if it has not ended. */
  readonly outcome?: Outcome | undefined;
  /** At the end of what is trained; undefined if nothing is. */
  readonly final?: FinalFigures | undefined;
  readonly evaluation?:
    | { readonly step: number; readonly features: string; readonly count: number; readonly figures: Figures }
    | undefined;
}

/** All that a report tells. */
export interface StudyContent {
  readonly title: string;
  readonly question?: string | undefined;
  /** The settings in which the rows differ but for the device, with a value for each row. */
  readonly settings: readonly ComparedSetting[];
  readonly rows: readonly ReportedRow[];
  /** What people call each metric that the rows have, in order. */
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: StudyPlan['samples'];
  /** Names of picture files, beside the report. */
  readonly pictures: { readonly curves?: string | undefined; readonly samples: readonly string[] };
}

/** The files of a report. */
export interface StudyReport {
  readonly markdown: string;
  readonly json: string;
  readonly pictures: readonly string[];
}

/** A row as it is to be reported. */
interface RowToReport {
  readonly name: string;
  readonly config: Config;
  readonly run: string;
  readonly outcome?: Outcome | undefined;
}

/** Writes report.md, report.json and their pictures into a study's folder. Rows that have not begun are in the tables only.
 *  @throws CheckpointError, ConfigError, DeviceError */
export async function writeStudyReport(study: {
  readonly plan: StudyPlan;
  readonly folder: string;
  readonly rows: readonly RowToReport[];
}): Promise<StudyReport> {
  const { plan, folder, rows } = study;
  const begun = rows.filter(({ run }) => statOf(configPath(run)));
  const runs = await Promise.all(
    begun.map(({ name, run, outcome }) => readComparedRun(run, name, outcome?.evaluation)),
  );
  const pictures = await writePictures(folder, runs, plan.samples);
  const content: StudyContent = {
    title: plan.title,
    question: plan.question,
    settings: settingsThatDiffer(rows),
    rows: rows.map(({ name, outcome }) => {
      const run = runs.find((found) => found.name === name);
      return {
        name,
        run: `runs/${name}`,
        outcome,
        final: run && finalFigures(run),
        evaluation: run?.evaluation && toldOf(run.evaluation),
      };
    }),
    labels: labelsOf(runs),
    samples: plan.samples,
    pictures,
  };
  const [markdown, json] = [join(folder, 'report.md'), join(folder, 'report.json')];
  const report = { format: 'gannet-study-report', gannet: packageVersion(), ...content };
  await write(json, `${JSON.stringify(report, undefined, 2)}\n`);
  await write(markdown, studyMarkdown(content));
  const files = [pictures.curves, ...pictures.samples].filter((name) => name !== undefined);
  return { markdown, json, pictures: files.map((name) => join(folder, name)) };
}

const toldOf = ({ step, features, count, figures }: Evaluation): ReportedRow['evaluation'] => ({
  step,
  features: features.name,
  count,
  figures,
});

const settingsThatDiffer = (rows: readonly RowToReport[]): ComparedSetting[] =>
  differingSettings(rows.map(({ config }) => settingsOf(config as unknown as JsonValue))).filter(
    ({ key }) => !isDeviceKey(key),
  );

async function writePictures(folder: string, runs: readonly ComparedRun[], samples: StudyPlan['samples']) {
  const panels = panelsOfRuns(runs);
  const series = runs.map(({ name }) => name);
  if (panels.length > 0)
    await writeDrawing(join(folder, 'curves.png'), await drawLines(panels, { xTitle: 'step', series }));
  const grids = await drawSideBySide(runs, samples);
  const names = grids.map(({ format }) => (grids.length === 1 ? 'samples.png' : `samples-${format}.png`));
  for (const [index, { picture }] of grids.entries()) await writePicture(join(folder, names[index] as string), picture);
  return { ...(panels.length > 0 && { curves: 'curves.png' }), samples: names };
}

/** A label that two metrics have, as those of own losses may, says its panel too. */
function labelsOf(runs: readonly ComparedRun[]): Record<string, string> {
  const monitors = Object.entries(Object.assign({}, ...runs.map((run) => run.monitors)) as Monitors);
  const isShared = (label: string): boolean => monitors.filter(([, other]) => other.label === label).length > 1;
  return Object.fromEntries(
    monitors.map(([name, { label, panel }]) => [name, isShared(label) ? `${label}, ${panel}` : label]),
  );
}

const write = (path: string, text: string): Promise<void> =>
  replaceFile(path, text).catch((error: unknown) => {
    throw storageError(error, 'write', path, "move the study's folder to another disk");
  });

import { basename, dirname, extname, join } from 'node:path';
import { writeAtomically } from '../data/index.ts';
import { replaceFile } from '../durable.ts';
import { ConfigError } from '../errors.ts';
import { makeFolder } from '../files.ts';
import { storageError } from '../storage.ts';
import { toHtml } from './html.ts';
import { toMarkdown } from './markdown.ts';
import { readReportedRuns } from './reported_run.ts';
import { documentOf } from './sections.ts';

/** What a report is written as. */
export type ReportFormat = 'html' | 'markdown';

/** How runs are reported. */
export interface ReportOptions {
  /** By the ending of the file if not given. */
  readonly to?: ReportFormat | undefined;
}

/** More curves in one plot cannot be told apart. */
const MOST_RUNS = 12;

/** Reports runs in one file: their settings, curves, samples, warnings, figures, surroundings, and the commands that repeat them. An HTML page holds
 *  its pictures and needs neither a network nor a script; beside a Markdown file `NAME.md` they lie in the folder `NAME-pictures`. Nothing of a
 *  run's folder is run, and its texts are escaped. A run may still train.
 *  @throws ConfigError out_not_report, report_runs; CheckpointError run_missing, run_corrupt, or as the disk fails */
export async function writeReport(runs: readonly string[], out: string, { to }: ReportOptions = {}): Promise<void> {
  const format = to ?? formatOf(out);
  if (runs.length < 1 || runs.length > MOST_RUNS)
    throw new ConfigError('report_runs', `a report is of 1 to ${MOST_RUNS} runs, but received ${runs.length}`);
  const document = documentOf(await readReportedRuns(runs));
  if (format === 'html') return writeText(out, toHtml(await document));
  const folder = `${basename(out, extname(out))}-pictures`;
  const { text, files } = toMarkdown(await document, folder);
  for (const [name, bytes] of files) await writeAtomically(join(dirname(out), folder, name), bytes);
  await writeText(out, text);
}

function formatOf(out: string): ReportFormat {
  const format = FORMATS[extname(out).toLowerCase()];
  if (format) return format;
  throw new ConfigError(
    'out_not_report',
    `--out expects the name of an .html or .md file, but received ${out}; --to html or --to markdown decides for other names`,
  );
}

const FORMATS: Readonly<Record<string, ReportFormat | undefined>> = {
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.markdown': 'markdown',
};

async function writeText(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await replaceFile(path, text);
  } catch (error) {
    throw storageError(error, 'write', path, 'choose another place with --out');
  }
}

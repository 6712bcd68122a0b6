import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type ReportFormat, writeReport } from '../../report/index.ts';
import type { Context } from '../context.ts';
import { printLine } from '../io.ts';

interface ReportCommandOptions {
  readonly out?: string;
  readonly to?: ReportFormat;
}

const ENDINGS: Readonly<Record<ReportFormat, string>> = { html: 'html', markdown: 'md' };

/** `gannet report`: all that is known of runs, in one file that can be sent. */
export const addReportCommand = (program: Command, { io }: Context): Command =>
  program
    .command('report')
    .description('write settings, curves, samples, warnings and figures of runs into one file')
    .argument('<run...>', 'folders of runs')
    .option('--out <file>', 'an .html or .md file (default: report.html in the run; in the current folder for several)')
    .addOption(new Option('--to <format>', 'what is written').choices(['html', 'markdown']))
    .action(async (runs: string[], { to, out = usualFile(runs, to) }: ReportCommandOptions) => {
      await writeReport(runs, out, { to });
      printLine(io.stdout, out);
    });

function usualFile([first, ...others]: readonly string[], to: ReportFormat = 'html'): string {
  const name = `report.${ENDINGS[to]}`;
  return others.length === 0 && first !== undefined ? join(first, name) : name;
}

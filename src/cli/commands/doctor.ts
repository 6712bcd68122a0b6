import { arch, platform, release } from 'node:os';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { diagnose, type Finding } from '../diagnosis.ts';
import { EXIT } from '../exit_codes.ts';
import { printJson, printLine } from '../io.ts';

/** `gannet doctor`: what works here, what does not, and what to do about it. */
export const addDoctorCommand = (program: Command, context: Context): Command =>
  program
    .command('doctor')
    .description('show devices, versions, what is missing and how to get it')
    .option('--json', 'print it as one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const { io } = context;
      const findings = await diagnose();
      const canTrain = findings.some(({ name, ok }) => name === 'device cpu' && ok);
      context.exitCode = canTrain ? EXIT.ok : EXIT.device;
      const system = `${platform()} ${release()} ${arch()}`;
      if (json) return printJson(io.stdout, { canTrain, platform: system, findings });
      for (const finding of findings) printLine(io.stdout, formatFinding(finding));
      printLine(io.stdout, canTrain ? '\ngannet can train here.' : '\ngannet cannot train here: no device works.');
    });

function formatFinding({ name, ok, optional, detail, remedy }: Finding): string {
  const mark = ok ? 'ok      ' : optional ? 'not here' : 'MISSING ';
  const advice = remedy === undefined ? '' : `\n${remedy.replaceAll(/^\s*/gm, ' '.repeat(12))}`;
  return `${mark}  ${name}: ${detail}${advice}`;
}

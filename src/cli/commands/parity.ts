import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { DEVICE_KINDS, type DeviceKind } from '../../device/index.ts';
import { ConfigError } from '../../errors.ts';
import { packageVersion } from '../../package.ts';
import {
  DEFAULT_BUDGET_SECONDS,
  junitXml,
  OPPONENTS,
  type Opponent,
  type ParityEvent,
  type ParityResult,
  PRODUCT_PRECISIONS,
  type ProductPrecision,
  parity,
} from '../../parity/index.ts';
import { parseNumber } from '../config_options.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit_codes.ts';
import { type Io, printJson, printLine } from '../io.ts';
import { formatParity } from '../parity_table.ts';
import { recipesNamed } from '../recipe_option.ts';

interface ParityCommandOptions {
  readonly device?: DeviceKind;
  readonly against?: Opponent;
  readonly precision?: readonly ProductPrecision[];
  readonly only?: readonly string[];
  readonly recipe?: readonly string[];
  readonly budget: number;
  readonly json?: boolean;
  readonly junit?: string;
}

/** `gannet parity`: every op and a training step of every recipe on two devices, side by side. */
export const addParityCommand = (program: Command, context: Context): Command =>
  program
    .command('parity')
    .description('compare every op, its gradients, and a training step of every recipe with another implementation')
    .addOption(new Option('--device <kind>', 'what to test (default: the best there is)').choices(DEVICE_KINDS))
    .addOption(
      new Option(
        '--against <kind>',
        'what to compare it with (default: tfjs if it loads, else the float64 oracle)',
      ).choices(OPPONENTS),
    )
    .addOption(
      new Option('--precision <names...>', 'how the device multiplies (default: float32)').choices(PRODUCT_PRECISIONS),
    )
    .option('--recipe <names...>', "only a training step of these recipes, gannet's or in files of your own")
    .option('--only <patterns...>', 'only cases whose name contains one of these; * stands for any text')
    .option('--budget <seconds>', 'what tfjs or the oracle may take over a case', parseNumber, DEFAULT_BUDGET_SECONDS)
    .option('--json', 'print one JSON event per line in place of the table')
    .option('--junit <file.xml>', 'write the results there as JUnit XML')
    .action(async ({ precision, budget, json = false, junit, recipe = [], ...options }: ParityCommandOptions) => {
      const recipes = await recipesNamed(recipe);
      if (junit !== undefined) writeReport(junit, junitXml({ name: 'parity', properties: {}, results: [] }));
      const events: ParityEvent[] = [];
      const watch = json ? (event: ParityEvent) => printJson(context.io.stdout, event) : display(context.io);
      for await (const event of parity({ ...options, recipes, precisions: precision, budgetSeconds: budget })) {
        events.push(event);
        watch(event);
      }
      const end = eventsOf(events, 'end')[0];
      if (junit !== undefined) writeReport(junit, reportOf(events));
      if (!json && end) printLine(context.io.stdout, formatParity(end, eventsOf(events, 'result')));
      context.exitCode = end?.ok ? EXIT.ok : EXIT.failure;
    });

/** Shows what is compared, and on a terminal how far it is. */
function display({ stdout, stderr }: Io): (event: ParityEvent) => void {
  let [done, total] = [0, 0];
  const show = (text: string) => stderr.isTTY && stderr.write(`\r\x1b[2K${text}`);
  return (event) => {
    if (event.type === 'start') {
      total = event.total;
      for (const [label, value] of Object.entries(aboutRun(event))) printLine(stdout, `${label.padEnd(8)} ${value}`);
      printLine(stdout, '');
      for (const { note } of [event.device, event.against]) if (note !== '') printLine(stderr, `${note}\n`);
    } else if (event.type === 'result') {
      done += 1;
      show(`${done}/${total}  ${event.name}`);
    } else show('');
  };
}

const eventsOf = <T extends ParityEvent['type']>(events: readonly ParityEvent[], type: T) =>
  events.filter((event): event is Extract<ParityEvent, { type: T }> => event.type === type);

const aboutRun = ({ device, against, precisions }: Extract<ParityEvent, { type: 'start' }>) => ({
  gannet: `${packageVersion()} on Node ${process.version}, ${process.platform} ${process.arch}`,
  device: `${device.name}: ${device.description}, ${precisions.join(', ')}`,
  against: `${against.name}: ${against.description}`,
});

function reportOf(events: readonly ParityEvent[]): string {
  const [start] = eventsOf(events, 'start');
  const results: readonly ParityResult[] = eventsOf(events, 'result');
  const name = `${start?.device.name} against ${start?.against.name}`;
  return junitXml({ name, properties: start ? aboutRun(start) : {}, results });
}

/** @throws ConfigError `junit_file` */
function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new ConfigError('junit_file', `--junit: ${file} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

// `run.sh` of the kit, and `npm run gpu-check` in a checkout: proves and measures gannet on a GPU, stage by stage.
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { missingDevice } from './find_device.ts';
import { packResults } from './pack_results.ts';
import type { Result } from './part.ts';
import { endGroup } from './run_part.ts';
import { runStages } from './run_stages.ts';
import { exitCodeOf, formatResult, formatTable } from './table.ts';

const USAGE_ERROR = 2;
const INTERRUPTED = 130;

try {
  const given = readArguments(process.argv.slice(2));
  if (given === 'help') console.log(USAGE);
  else process.exitCode = await run(given);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = USAGE_ERROR;
}

async function run({ stages, device, out, minutes, pack }: Arguments): Promise<number> {
  const missing = missingDevice(device);
  let results: readonly Result[] = [];
  let child: ChildProcess | undefined;
  const finish = (): void => {
    const table = formatTable(stages, results);
    writeFileSync(join(out, 'summary.txt'), `${table}\n`);
    const problem = packResults(out, pack);
    if (problem !== '') console.error(problem);
    console.log(`\nResults: ${out}, packed in ${pack}\n\n${table}`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      if (child) endGroup(child, 'SIGKILL');
      finish();
      process.exit(INTERRUPTED);
    });
  }
  results = await runStages(stages, {
    device,
    out,
    minutes,
    missing,
    running: (process) => {
      child = process;
    },
    onResult: (result, all) => {
      results = all;
      console.log(formatResult(result));
      writeFileSync(join(out, 'summary.txt'), `${formatTable(stages, all)}\n`);
      packResults(out, pack);
    },
  });
  finish();
  return exitCodeOf(results, missing);
}

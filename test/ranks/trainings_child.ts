// A process of its own, or one of several under mpirun: trains each of the configurations that a JSON file names, one after the other.
import { readFileSync } from 'node:fs';
import type { ConfigChanges } from '../../src/config/index.ts';
import { joinRanks } from '../../src/device/index.ts';
import { resolveChanges } from '../../src/models/index.ts';
import { train } from '../../src/train/index.ts';

const trainings = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as {
  changes: ConfigChanges;
  out: string;
}[];
const ranks = joinRanks(process.env);
for (const { changes, out } of trainings) {
  try {
    for await (const _ of train(resolveChanges(changes), { out, ranks }));
  } catch (error) {
    console.error(`${out}: ${(error as Error).message}`);
    if (ranks && !ranks.haveEnded) ranks.abort((error as Error).message);
    process.exitCode = 1;
  }
}
ranks?.leave();

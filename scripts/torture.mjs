// `npm run torture`: tries to break gannet with seeded accidents, prints figures, and ends with exit code 1 if anything broke.
//   --minutes 20               how long; every part gets a share
//   --seed 7                   repeats an earlier run; the default is drawn and printed
//   --parts programs,addon     only these; the default is every module in scripts/torture/parts, whose contract is in part.ts
import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeOutcome, runParts } from './torture/run_parts.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, seed: { type: 'string' }, parts: { type: 'string' } },
});
const minutes = number('minutes', values.minutes);
const seed = number('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 32)));
const parts = chosen(await allParts());
if (parts.length === 0) stop('scripts/torture/parts has no parts');

console.log(`seed ${seed}, ${minutes} minutes for ${parts.map(({ name }) => name).join(', ')}`);
const outcome = await runParts(parts, { seconds: minutes * 60, seed });
console.log(describeOutcome(outcome));
process.exitCode = outcome.findings.length === 0 ? 0 : 1;

async function allParts() {
  const folder = new URL('./torture/parts/', import.meta.url);
  const files = (existsSync(folder) ? readdirSync(folder) : []).filter((file) => /\.(ts|mjs)$/.test(file));
  return Promise.all(files.sort().map((file) => import(new URL(file, folder).href)));
}

function chosen(all) {
  if (values.parts === undefined) return all;
  return values.parts.split(',').map((wanted) => {
    const part = all.find(({ name }) => name === wanted);
    if (!part) stop(`there is no part '${wanted}'; the parts are ${all.map(({ name }) => name).join(', ')}`);
    return part;
  });
}

function number(name, text) {
  const value = Number(text);
  if (!(value >= 0)) stop(`--${name} must be a number of at least 0, but is '${text}'`);
  return value;
}

function stop(message) {
  console.error(message);
  process.exit(2);
}

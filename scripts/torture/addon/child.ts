// Makes the hostile uses whose names are given, from a seed: `tsx child.ts SEED NAME...`. What it is about to do it prints first, so
// that whoever started it knows what it died of.
import { Random } from '../random.ts';
import { uses } from './uses.ts';

const [seed, ...names] = process.argv.slice(2);
const random = new Random(Number(seed));
for (const name of names) {
  console.log(name);
  await uses[name]?.(random);
}
console.log('done');

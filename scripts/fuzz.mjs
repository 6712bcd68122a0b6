// `npm run fuzz`: feeds the native decoder of programs with programs that libFuzzer changes, under AddressSanitizer and
// UndefinedBehaviorSanitizer. Ends with exit code 1 if one breaks it; its text is then in build-fuzz/.
//   --minutes 10     how long
//   --prove          takes each check of a list of axes and that of a signature's shapes out, by turns: the fuzzer must miss each
//   --seeds          writes test/fuzz/corpus anew, a program of each op, and ends
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compile, fuzz, withoutLine } from './fuzz/fuzzer.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** How many each planted mistake may take. What the fuzzer draws depends on addresses, so that it finds one sooner or later each time. */
const PROOF_PROGRAMS = 1_500_000;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    prove: { type: 'boolean', default: false },
    seeds: { type: 'boolean', default: false },
  },
});

if (values.seeds) {
  const { writeSeeds } = await import('./fuzz/seeds.ts');
  console.log(`${writeSeeds(join(root, 'test/fuzz/corpus'))} programs written to test/fuzz/corpus`);
} else if (values.prove) {
  prove();
} else {
  const { status, artifacts } = fuzz(compile(), {
    seconds: Math.round(Number(values.minutes) * 60),
    stdio: 'inherit',
  });
  console.log(
    status === 0 ? 'nothing was found' : `the fuzzer ended with exit code ${status}; the text is in ${artifacts}`,
  );
  process.exitCode = status === 0 ? 0 : 1;
}

/** Plants one mistake after another and tells which the fuzzer finds. */
function prove() {
  const plants = [
    ...withoutLine('binding/op_rules.cc', /^\s*expect_axes\(a\.(begin|before|after),/),
    ...withoutLine('binding/signature.cc', /letters\.match\(/),
  ];
  const missed = plants.filter(({ label, source }) => {
    const fuzzer = compile(source);
    const begunMs = performance.now();
    const { status } = fuzz(fuzzer, { programs: PROOF_PROGRAMS, seed: 1, stdio: 'ignore' });
    const seconds = ((performance.now() - begunMs) / 1000).toFixed(0);
    console.log(`${status === 0 ? 'missed' : 'found '} ${label}, ${seconds} s`);
    return status === 0;
  });
  console.log(`${plants.length - missed.length} of ${plants.length} planted mistakes were found`);
  process.exitCode = missed.length === 0 && plants.length > 0 ? 0 : 1;
}

// `npm run fuzz`: feeds the native decoder of programs with texts that libFuzzer invents, under AddressSanitizer and
// UndefinedBehaviorSanitizer. Ends with exit code 1 if one breaks it; that text is then in build-fuzz/.
//   --minutes 10     how long
//   --seeds          writes test/fuzz/corpus anew, a program of each op, and ends
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, 'build-fuzz');
const corpus = join(root, 'test/fuzz/corpus');
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seeds: { type: 'boolean', default: false } },
});

if (values.seeds) {
  const { writeSeeds } = await import('./fuzz/seeds.ts');
  console.log(`${writeSeeds(corpus)} programs written to test/fuzz/corpus`);
} else {
  fuzz(Math.round(Number(values.minutes) * 60));
}

function fuzz(seconds) {
  const found = join(build, 'found');
  mkdirSync(found, { recursive: true });
  const fuzzer = compile();
  const { status } = spawnSync(
    fuzzer,
    [
      ...[found, corpus, `-dict=${join(root, 'test/fuzz/dictionary')}`, `-artifact_prefix=${build}/`],
      ...[`-max_total_time=${seconds}`, '-max_len=8192', '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1'],
    ],
    { stdio: 'inherit' },
  );
  console.log(
    status === 0
      ? 'nothing was found'
      : `the fuzzer ended with exit code ${status}; the text is one of ${build}/{crash,oom,timeout}-*`,
  );
  process.exitCode = status === 0 ? 0 : 1;
}

function compile() {
  const compiler = ['clang++', 'clang++-14'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!compiler) throw new Error('libFuzzer comes with clang: apt-get install clang-14 libclang-rt-14-dev');
  const require = createRequire(import.meta.url);
  const include = (name) => resolve(root, require(name).include_dir);
  const sources = [
    ...['decode', 'op_rules', 'program', 'values', 'error'].map((name) => `binding/${name}.cc`),
    ...['decode_fuzzer', 'node_api', 'json'].map((name) => `test/fuzz/${name}.cc`),
  ];
  const program = join(build, 'decode_fuzzer');
  execFileSync(
    compiler,
    [
      ...['-std=c++20', '-O1', '-g', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'],
      ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS', '-Ibinding', '-Itest/fuzz'],
      ...['-isystem', include('node-api-headers'), '-isystem', include('node-addon-api')],
      // Node-API's functions that make values: no text leads to them.
      ...['-no-pie', '-Wl,-z,lazy', '-Wl,--unresolved-symbols=ignore-all'],
      ...sources,
      ...['-o', program],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  return program;
}

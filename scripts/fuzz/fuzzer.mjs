import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = join(root, 'build-fuzz');

/** What is tried. */
const TRIED = ['decode', 'op_rules', 'signature', 'program', 'values', 'error'].map((name) => `binding/${name}.cc`);
/** What makes the programs: neither its mistakes nor its branches are looked for. */
const MAKERS = ['node_api', 'json', 'mutate'].map((name) => `test/fuzz/${name}.cc`);
const SOURCES = [...TRIED, 'test/fuzz/decode_fuzzer.cc', ...MAKERS];

/** Builds the fuzzer and returns its path. @param planted a source that stands in for the one of its name */
export function compile(planted) {
  mkdirSync(build, { recursive: true });
  const compiler = ['clang++', 'clang++-14'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!compiler) throw new Error('libFuzzer comes with clang: apt-get install clang-14 libclang-rt-14-dev');
  const objects = SOURCES.map((source) => {
    const isPlanted = planted !== undefined && basename(planted) === basename(source);
    return compileOne(
      compiler,
      isPlanted ? planted : source,
      `${basename(source, '.cc')}${isPlanted ? '.planted' : ''}.o`,
    );
  });
  const program = join(build, planted === undefined ? 'decode_fuzzer' : 'decode_fuzzer.planted');
  // Node-API's functions that make values are not there: no program leads to them.
  const lazy = ['-no-pie', '-Wl,-z,lazy', '-Wl,--unresolved-symbols=ignore-all'];
  execFileSync(compiler, [...SANITIZERS, ...lazy, ...objects, '-o', program], { cwd: root, stdio: 'inherit' });
  return program;
}

const SANITIZERS = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'];

/** The program of this object was made by this command from sources that have not changed since, or it is made now. */
const made = new Map();

function compileOne(compiler, source, name) {
  const object = join(build, name);
  const text = readFileSync(resolve(root, source), 'utf8');
  if (made.get(object) === text) return object;
  const require = createRequire(import.meta.url);
  const include = (package_) => resolve(root, require(package_).include_dir);
  execFileSync(
    compiler,
    [
      ...['-std=c++20', '-g', ...(MAKERS.includes(source) ? ['-O2'] : ['-O1', ...SANITIZERS])],
      // Without it an index behind a list's end goes unnoticed where the list has room to grow.
      '-D_GLIBCXX_ASSERTIONS',
      ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS', '-Ibinding', '-Itest/fuzz'],
      ...['-isystem', include('node-api-headers'), '-isystem', include('node-addon-api')],
      ...['-c', source, '-o', object],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  made.set(object, text);
  return object;
}

/** Runs a fuzzer for so many seconds or programs, or until it finds something. Answers its exit code, 0 if it found nothing, and where the texts are that
 *  break the decoder. */
export function fuzz(program, { seconds = 0, programs = -1, seed = 0, stdio }) {
  const found = join(build, `${basename(program)}-corpus`);
  const artifacts = join(build, `${basename(program)}-found/`);
  rmSync(found, { recursive: true, force: true });
  for (const folder of [found, artifacts]) mkdirSync(folder, { recursive: true });
  const { status } = spawnSync(
    program,
    [
      ...[found, 'test/fuzz/corpus', '-dict=test/fuzz/dictionary', `-artifact_prefix=${artifacts}`],
      ...[`-max_total_time=${seconds}`, `-runs=${programs}`, `-seed=${seed}`, '-print_final_stats=1'],
      ...['-max_len=8192', '-timeout=10', '-rss_limit_mb=2048'],
    ],
    { cwd: root, stdio },
  );
  return { status, artifacts };
}

/** Copies of a source, each without one of the lines that match. */
export function withoutLine(source, pattern) {
  const lines = readFileSync(resolve(root, source), 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (!pattern.test(line)) return [];
    const folder = join(build, 'planted', String(index + 1));
    mkdirSync(folder, { recursive: true });
    const copy = join(folder, basename(source));
    writeFileSync(copy, [...lines.slice(0, index), '', ...lines.slice(index + 1)].join('\n'));
    return [{ label: `${source}:${index + 1} without ${line.trim()}`, source: copy }];
  });
}

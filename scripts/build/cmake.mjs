// The state of a folder that CMake has configured, and the cause of a failure in what CMake and the compiler print.
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const OPTIONS = ['GANNET_SANITIZE', 'GANNET_SANITIZE_THREADS', 'GANNET_CUDA', 'GANNET_CUDA_ARCHITECTURES'];
/** Programs and files that a configuration names and that may have gone since. */
const NEEDED = ['CMAKE_MAKE_PROGRAM', 'CMAKE_CXX_COMPILER', 'DNNL_LIBRARY'];
/** All that CMake and a build write into the folder. Other tools keep folders of their own beside it. */
const WRITTEN = [
  ...['CMakeCache.txt', 'CMakeFiles', 'cmake_install.cmake', 'Release', 'cuda'],
  ...['build.ninja', '.ninja_deps', '.ninja_log', 'Makefile'],
];

const LONGEST_CAUSE = 15;

/** The options of gannet that the folder was last configured with: name -> value. */
export function rememberedOptions(folder) {
  const entries = cacheOf(folder);
  return Object.fromEntries(OPTIONS.filter((name) => entries.has(name)).map((name) => [name, entries.get(name)]));
}

/** Whether a build can go on with the folder's configuration: it is complete, of this source folder, and what it names is there. */
export function isConfigured(folder, sourceFolder) {
  const entries = cacheOf(folder);
  const generated = ['build.ninja', 'Makefile'].some((name) => existsSync(join(folder, name)));
  return (
    generated &&
    entries.get('CMAKE_HOME_DIRECTORY') === realpathSync(sourceFolder) &&
    NEEDED.every((name) => existsSync(entries.get(name) ?? ''))
  );
}

/** Removes everything that CMake and a build have written into the folder. */
export function clean(folder) {
  for (const name of WRITTEN) rmSync(join(folder, name), { recursive: true, force: true });
}

function cacheOf(folder) {
  const file = join(folder, 'CMakeCache.txt');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').matchAll(/^(\w+):\w+=(.*)$/gm) : [];
  return new Map([...lines].map(([, name, value]) => [name, value]));
}

/** The lines that tell why a configuration or build failed: CMake's first error, else the compiler's, else the last ones. */
export function causeOf(output) {
  const lines = output.trimEnd().split('\n');
  const cmake = lines.findIndex((line) => line.startsWith('CMake Error'));
  if (cmake >= 0) {
    const end = lines.findIndex((line, i) => i > cmake && /^(Call Stack|-- |CMake )/.test(line));
    return clip(lines.slice(cmake, end < 0 ? undefined : end));
  }
  const compiler = lines.filter((line) => /\b(fatal )?error\b[: ]/i.test(line));
  return compiler.length > 0 ? clip(compiler) : lines.slice(-LONGEST_CAUSE).join('\n');
}

const clip = (lines) => lines.slice(0, LONGEST_CAUSE).join('\n').trimEnd();

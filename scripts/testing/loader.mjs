// Gives the bundle of a module in TypeScript for the module.
import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from '../setup.mjs';
import { bundleOf } from './bundle.mjs';

/** @see https://nodejs.org/docs/latest-v20.x/api/module.html#resolvespecifier-context-nextresolve */
export async function resolve(specifier, context, nextResolve) {
  const resolved = await nextResolve(specifier, context);
  if (!resolved.url.startsWith('file:') || !resolved.url.endsWith('.ts')) return resolved;
  const file = relative(root, fileURLToPath(resolved.url));
  if (file.startsWith('..') || isAbsolute(file)) return resolved;
  const bundle = bundleOf(file);
  if (existsSync(bundle)) return { url: pathToFileURL(bundle).href, format: 'module', shortCircuit: true };
  throw new Error(
    `${file} has no bundle: name it among PROGRAMS in scripts/testing/bundle.mjs, or *_child.ts under test/`,
  );
}

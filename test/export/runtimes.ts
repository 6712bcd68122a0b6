import { createRequire } from 'node:module';
import { test } from 'uvu';
import type { ExportFormatName } from '../../src/export/index.ts';
import { findTorch } from '../../src/export/pytorch/python.ts';

const require = createRequire(import.meta.url);
const isInstalled = (name: string): boolean => {
  try {
    return require.resolve(name) !== '';
  } catch {
    return false;
  }
};

/** Whether what runs a format is here. */
export const RUNTIMES: Readonly<Record<ExportFormatName, boolean>> = {
  onnx: isInstalled('onnxruntime-node'),
  pytorch: (await findTorch()) !== undefined,
  tfjs: isInstalled('@tensorflow/tfjs'),
  html: isInstalled('@tensorflow/tfjs'),
};

/** Registers the tests of a format, which are skipped with a word where nothing here runs it. */
export function testsOf(format: ExportFormatName, register: (run: typeof test) => void): void {
  const isHere = RUNTIMES[format];
  if (!isHere) console.log(`${format}: what runs it is not installed, its tests are skipped`);
  register(isHere ? test : (test.skip as typeof test));
}

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';

/** A value of onnxruntime. */
export interface OnnxTensor {
  /** Such as float32. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** What onnxruntime tells of an input. */
export interface OnnxInput {
  readonly name: string;
  readonly type?: string;
  /** Names or -1 where an axis may have any size; empty where nothing is known. */
  readonly shape?: readonly (number | string)[];
}

/** A network that onnxruntime has opened. */
export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Versions before 1.21 do not have it. */
  readonly inputMetadata?: readonly OnnxInput[];
  run(feeds: Record<string, OnnxTensor>, fetches: readonly string[]): Promise<Record<string, OnnxTensor>>;
  release(): Promise<void>;
}

/** What is used of onnxruntime-node, which need not be installed. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(path: string, options: object): Promise<OnnxSession> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** onnxruntime-node, wherever it lies: beside gannet, or where the command is run.
 *  @param what needs it, such as `an ONNX network`
 *  @throws ConfigError onnxruntime_missing, with the command that installs it */
export function loadOnnxRuntime(what: string): OnnxRuntime {
  const paths = [dirname(fileURLToPath(import.meta.url)), process.cwd()];
  try {
    const require = createRequire(import.meta.url);
    return require(require.resolve('onnxruntime-node', { paths }));
  } catch (cause) {
    throw new ConfigError(
      'onnxruntime_missing',
      `${what} needs the package onnxruntime-node (290 MB), which does not load here: ${(cause as Error).message.split('\n')[0]}\n  Install it with: npm install onnxruntime-node`,
      { cause },
    );
  }
}

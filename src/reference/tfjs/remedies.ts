/** Whether an import failed because the package itself is not installed, and not something that it needs. */
export const isMissing = (name: string, error: Error & { readonly code?: string }): boolean =>
  error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`);

interface Remedy {
  /** What the error's message says then. */
  readonly sign: RegExp;
  readonly advice: (name: string) => string;
}

/** Why the packages that bring TensorFlow do not load, as of 4.22. The first sign that is found counts. */
const REMEDIES: readonly Remedy[] = [
  {
    sign: /util\S* is not a function|isNullOrUndefined|\.isArray is not a function/,
    advice: (name) =>
      `${name} calls functions that Node 23 removed (util.isNullOrUndefined); this is Node ${process.versions.node}. Use Node 20 or 22, or the package @tensorflow/tfjs.`,
  },
  {
    sign: /lib(cudart|cublas|cublasLt|cufft|curand|cusolver|cusparse|cudnn|nvinfer)\S*\.so/,
    advice: (name) =>
      `${name} is built for CUDA 11 and cuDNN 8, which must lie beside the driver in the library path (LD_LIBRARY_PATH); CUDA 12 and later do not serve. Or use the package @tensorflow/tfjs-node.`,
  },
  {
    sign: /libtensorflow/,
    advice: (name) =>
      `libtensorflow, which the package's install script downloads, is missing. Run \`npm rebuild ${name} --foreground-scripts\`.`,
  },
  {
    sign: /tfjs_binding\.node|native addon module/,
    advice: (name) =>
      `The package's install script, which fetches its binary, has not run or found none for this platform. Run \`npm rebuild ${name} --foreground-scripts\`, or with --build-addon-from-source where there is a compiler.`,
  },
  {
    sign: /GLIBC(XX)?_/,
    advice: (name) =>
      `${name}'s binary expects a newer system library. Use a newer system, or the package @tensorflow/tfjs.`,
  },
];

/** Why a package was passed over, and beneath that, indented, what to do. */
export function explainFailure(name: string, error: Error & { readonly code?: string }): string {
  if (isMissing(name, error)) return `${name}: not installed`;
  const advice = REMEDIES.find(({ sign }) => sign.test(error.message))?.advice(name);
  const cause = error.message.split('\n')[0];
  return [`${name}: ${cause}`, ...(advice === undefined ? [] : [`  ${advice}`])].join('\n');
}

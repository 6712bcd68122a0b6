import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DeviceError } from '../../src/errors.ts';
import { loadTfjs, type TfjsPackage } from '../../src/reference/tfjs/backend.ts';

const NODE = '@tensorflow/tfjs-node';
const GPU = '@tensorflow/tfjs-node-gpu';

const notInstalled = (name: string): Error =>
  Object.assign(new Error(`Cannot find package '${name}' imported from somewhere`), { code: 'ERR_MODULE_NOT_FOUND' });

/** Importing fails as told for these packages, and succeeds for the rest. */
const importing =
  (failures: Partial<Record<TfjsPackage, Error>>) =>
  async (name: TfjsPackage): Promise<unknown> => {
    if (failures[name]) throw failures[name];
    return import(name);
  };

async function failure(failures: Partial<Record<TfjsPackage, Error>>): Promise<DeviceError> {
  const packages = Object.keys(failures) as TfjsPackage[];
  const error = await loadTfjs({ packages, load: importing(failures) }).catch((reason) => reason);
  assert.instance(error, DeviceError);
  assert.is(error.code, 'tfjs_missing');
  return error;
}

test('the first package that loads is taken, and tells its backend', async () => {
  const load = importing({ [GPU]: notInstalled(GPU), [NODE]: notInstalled(NODE) });
  const { package: name, backend, passedOver, tf } = await loadTfjs({ load });
  assert.is(name, '@tensorflow/tfjs');
  assert.is(backend, 'cpu');
  assert.equal(passedOver, [], 'what is not installed is no surprise');
  assert.match(tf.version_core, /^\d/);
});

test('a faster package that is installed but does not load is told of', async () => {
  const broken = new Error('libcudart.so.11.0: cannot open shared object file: No such file or directory');
  const { package: name, passedOver } = await loadTfjs({
    load: importing({ [GPU]: broken, [NODE]: notInstalled(NODE) }),
  });
  assert.is(name, '@tensorflow/tfjs');
  assert.is(passedOver.length, 1);
  assert.match(passedOver[0] as string, /^@tensorflow\/tfjs-node-gpu: libcudart/);
});

test('without any package the error names each, and what runs everywhere', async () => {
  const { message } = await failure({ [GPU]: notInstalled(GPU), [NODE]: notInstalled(NODE) });
  assert.match(message, "device 'tfjs' expects one of these packages, but none loads here:");
  assert.match(message, '\n  @tensorflow/tfjs-node-gpu: not installed\n  @tensorflow/tfjs-node: not installed\n');
  assert.match(message, 'npm install @tensorflow/tfjs`');
  assert.match(message, 'compare with the oracle');
});

test('what a package needs and lacks is not the package itself', async () => {
  const { message } = await failure({ [NODE]: notInstalled('@mapbox/node-pre-gyp') });
  assert.not.match(message, 'not installed');
  assert.match(message, "@tensorflow/tfjs-node: Cannot find package '@mapbox/node-pre-gyp'");
});

/** What an import says -> the package, and what the message must advise. */
const CAUSES: [title: string, name: TfjsPackage, said: string, advice: RegExp][] = [
  [
    'Node 23 and later',
    NODE,
    '(0 , util_1.isNullOrUndefined) is not a function',
    /functions that Node 23 removed .*; this is Node \d+\.\d+\.\d+\. Use Node 20 or 22, or the package @tensorflow\/tfjs\./,
  ],
  [
    'libtensorflow was not downloaded',
    NODE,
    'libtensorflow.so.2: cannot open shared object file: No such file or directory',
    /install script downloads, is missing\. Run `npm rebuild @tensorflow\/tfjs-node --foreground-scripts`/,
  ],
  [
    'CUDA 11 is not there',
    GPU,
    'libcudart.so.11.0: cannot open shared object file: No such file or directory',
    /built for CUDA 11 and cuDNN 8, .*CUDA 12 and later do not serve\. Or use the package @tensorflow\/tfjs-node\./,
  ],
  ['cuDNN 8 is not there', GPU, 'libcudnn.so.8: cannot open shared object file', /built for CUDA 11 and cuDNN 8/],
  [
    'the binary was not downloaded',
    GPU,
    "The Node.js native addon module (tfjs_binding.node) can not be found at path: lib/napi-v8/tfjs_binding.node. \nPlease run command 'npm rebuild'",
    /has not run or found none for this platform\. Run `npm rebuild @tensorflow\/tfjs-node-gpu --foreground-scripts`/,
  ],
  [
    'an old system library',
    NODE,
    "/lib/libm.so.6: version `GLIBC_2.29' not found",
    /expects a newer system library\. Use a newer system, or the package @tensorflow\/tfjs\./,
  ],
];

for (const [title, name, said, advice] of CAUSES) {
  test(`the message has the remedy: ${title}`, async () => {
    const { message } = await failure({ [name]: new Error(said) });
    assert.match(message, advice);
    assert.match(message, `\n  ${name}: ${said.split('\n')[0]}\n    `);
  });
}

test('a package that loads and fails at its first op is passed over too', async () => {
  const tf = await import('@tensorflow/tfjs');
  const add = (): never => {
    throw new TypeError('(0 , util_1.isNullOrUndefined) is not a function');
  };
  const load = async (name: TfjsPackage): Promise<unknown> =>
    name === NODE ? { default: { ...tf, add } } : import(name);
  const { package: name, passedOver } = await loadTfjs({ packages: [NODE, '@tensorflow/tfjs'], load });
  assert.is(name, '@tensorflow/tfjs');
  assert.match(passedOver[0] ?? '', /Node 23 removed/);
});

test('TensorFlow tells whether it found a GPU, since it does without one in silence', async () => {
  const tf = await import('@tensorflow/tfjs');
  const on = async (isUsingGpuDevice: boolean) => {
    const module = { ...tf, getBackend: () => 'tensorflow', backend: () => ({ isUsingGpuDevice }) };
    return (await loadTfjs({ packages: [GPU], load: async () => ({ default: module }) })).backend;
  };
  assert.is(await on(true), 'tensorflow on a GPU');
  assert.is(await on(false), 'tensorflow on the processor');
});

test.run();

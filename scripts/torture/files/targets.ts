import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { cifar10Folder, idxFolder } from '../../../test/data/packed_files.ts';
import { uniformTiff } from '../../../test/data/tiffs.ts';
import type { FileFormat } from './formats.ts';
import { gannet } from './gannet.ts';

/** A file and the commands that read it. */
export interface Target {
  /** What the figures call it. */
  readonly name: string;
  /** A folder with everything that the commands need. */
  readonly folder: string;
  /** The file in it that meets with an accident. */
  readonly file: string;
  readonly format: FileFormat;
  /** The folder, in a copy of which the file was changed -> command lines. */
  readonly commands: (folder: string) => string[][];
  /** The folder of the checkpoint that the file belongs to. */
  readonly checkpoint?: string;
  /** Whether the commands must do with what is good, and may not fail. */
  readonly mustWork?: boolean;
}

const SIDE = 24;

const noise = (channels: 1 | 3 | 4): Sharp => {
  const pixels = Uint8Array.from({ length: SIDE * SIDE * channels }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels } });
};

/** An image of each kind that a folder may hold. */
async function imageFiles(): Promise<Record<string, Buffer>> {
  const frames = [await noise(3).png().toBuffer(), await noise(4).png().toBuffer()];
  return {
    'plain.png': await noise(3).png().toBuffer(),
    'interlaced.png': await noise(4).png({ progressive: true }).toBuffer(),
    'palette.png': await noise(3).png({ palette: true, colours: 16 }).toBuffer(),
    'deep.png': await noise(3).toColourspace('rgb16').png().toBuffer(),
    'plain.jpg': await noise(3).jpeg().toBuffer(),
    'progressive.jpg': await noise(3).jpeg({ progressive: true }).withMetadata({ orientation: 6 }).toBuffer(),
    'raw.tif': uniformTiff(Uint8Array.of(1, 2, 3, 4), { photometric: 2, bits: [8, 8, 8, 8], extraSamples: [2] }),
    'lzw.tif': await noise(3).tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    'jpeg.tif': await noise(3).tiff({ compression: 'jpeg' }).toBuffer(),
    'animated.gif': await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    'animated.webp': await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer(),
    'lossless.webp': await noise(4).webp({ lossless: true }).toBuffer(),
    'plain.avif': await noise(3).avif().toBuffer(),
  };
}

const SMALL = ['--size', '16', '--json', '--count', '2'];

/** @param spec what --data names, given the folder */
const looksAt =
  (spec: (folder: string) => string) =>
  (folder: string): string[][] => [['data', spec(folder), ...SMALL, '--out', join(folder, '.preview.png')]];

function writeFolder(folder: string, files: Record<string, Uint8Array | string>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function imageTargets(root: string): Promise<Target[]> {
  const good = await noise(3).png().toBuffer();
  return Object.entries(await imageFiles()).map(([file, bytes]) => ({
    name: file,
    folder: writeFolder(join(root, `with-${file}`), { 'good.png': good, [file]: bytes }),
    file,
    format: 'bytes',
    commands: looksAt((folder) => folder),
    mustWork: true,
  }));
}

async function packedTargets(root: string): Promise<Target[]> {
  const idx = idxFolder(4, 8, 8);
  const [images] = Object.keys(idx) as [string];
  const plain = writeFolder(join(root, 'idx'), idx);
  const { [images]: content, ...rest } = idx;
  const zipped = writeFolder(join(root, 'idx-gz'), { ...rest, [`${images}.gz`]: gzipSync(content as Uint8Array) });
  const cifar10 = writeFolder(join(root, 'cifar10'), cifar10Folder(1));
  const emoji = await emojiFolder(join(root, 'emoji'));
  const bytes = 'bytes' as const;
  return [
    ...Object.keys(idx).map((file) => ({
      name: file,
      folder: plain,
      file,
      format: bytes,
      commands: looksAt((folder) => `mnist:${folder}`),
    })),
    {
      name: `${images}.gz`,
      folder: zipped,
      file: `${images}.gz`,
      format: bytes,
      commands: looksAt((folder) => `mnist:${folder}`),
    },
    {
      name: 'CIFAR-10',
      folder: cifar10,
      file: 'data_batch_1.bin',
      format: bytes,
      commands: looksAt((folder) => folder),
    },
    {
      name: 'emoji.json',
      folder: emoji,
      file: 'emoji.json',
      format: 'json',
      commands: looksAt((folder) => `emoji:${folder}`),
    },
  ];
}

async function emojiFolder(folder: string): Promise<string> {
  const sheets = join(folder, 'img', 'google', 'sheets');
  mkdirSync(sheets, { recursive: true });
  const sheet = { width: 132, height: 66, channels: 4, background: '#ff8800' } as const;
  await sharp({ create: sheet }).png().toFile(join(sheets, '64.png'));
  const picture = (column: number) => ({ sheet_x: column, sheet_y: 0, has_img_google: true });
  const entries = [
    { ...picture(0), category: 'a', sort_order: 1, skin_variations: { dark: picture(1) } },
    { ...picture(1), category: 'b', sort_order: 2 },
  ];
  return writeFolder(folder, { 'emoji.json': JSON.stringify(entries) });
}

/** A run of a tiny network, its latents in latents.json and its settings in settings.json. */
async function trainRun(root: string): Promise<string> {
  const run = join(root, 'run');
  const data = join(root, 'idx');
  const settings = ['model.width=2', 'latent.size=4', 'sampleCount=2', 'logEvery=1', 'checkpointEvery=2'];
  await succeed([
    ...['train', 'dcgan-digits', '--data', data, '--size', '16', '--batch', '4', '--steps', '4', '--device', 'cpu'],
    ...['--threads', '1', '--out', run, ...settings.flatMap((setting) => ['--set', setting])],
  ]);
  await succeed(['explore', run, 'interpolate', '--rows', '1', '--columns', '2', '--out', join(run, 'latents.png')]);
  copyFileSync(join(run, 'config.json'), join(run, 'settings.json'));
  return run;
}

async function succeed(argv: string[]): Promise<void> {
  const { exitCode, errors } = await gannet(argv);
  if (exitCode !== 0) throw new Error(`gannet ${argv.join(' ')} ended with ${exitCode}: ${errors}`);
}

const CPU = ['--device', 'cpu'];
const sampleFrom = (folder: string): string[] => [
  ...['sample', folder, '--count', '1', '--json', '--out', join(folder, 'one.png'), ...CPU],
];
const resumeFrom = (folder: string): string[] => ['resume', folder, '--steps', '5', '--json', ...CPU];

async function runTargets(root: string): Promise<Target[]> {
  const folder = await trainRun(root);
  const checkpoint = join('checkpoints', 'step-000004');
  const both = (copy: string): string[][] => [sampleFrom(copy), resumeFrom(copy)];
  const stored = readdirSync(join(folder, checkpoint)).map((file) => ({
    name: file,
    folder,
    file: join(checkpoint, file),
    format: file.endsWith('.json') ? ('json' as const) : ('safetensors' as const),
    commands: both,
    checkpoint,
  }));
  return [
    ...stored,
    { name: 'config.json', folder, file: 'config.json', format: 'json', commands: (copy) => [sampleFrom(copy)] },
    { name: 'environment.json', folder, file: 'environment.json', format: 'json', commands: both },
    {
      name: 'metrics.jsonl',
      folder,
      file: 'metrics.jsonl',
      format: 'lines',
      commands: (copy) => [['curves', copy], resumeFrom(copy)],
    },
    {
      name: 'latents file',
      folder,
      file: 'latents.json',
      format: 'json',
      commands: (copy) => [
        ['explore', copy, '--latents', join(copy, 'latents.json'), '--out', join(copy, 'again.png'), '--json', ...CPU],
      ],
    },
    {
      name: 'settings file',
      folder,
      file: 'settings.json',
      format: 'json',
      commands: (copy) => [['plan', join(copy, 'settings.json'), '--json']],
    },
  ];
}

/** Every kind of file that gannet reads, made in a folder. */
export const makeTargets = async (root: string): Promise<Target[]> => [
  ...(await imageTargets(root)),
  ...(await packedTargets(root)),
  ...(await runTargets(root)),
];

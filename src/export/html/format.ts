import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import type { Direction, LatentSpace } from '../../explore/index.ts';
import { readRegularFile } from '../../files.ts';
import { pageFolder } from '../../package.ts';
import type { ExportFormat } from '../format.ts';
import { writeSynced } from '../publish.ts';
import { joined, openTfjs, tfjsModel } from '../tfjs/format.ts';
import { pageText, readPage } from './page.ts';

/** One page without anything beside it: the generator as a graph model of tfjs, and what runs it and shows its pictures. */
export const htmlFormat: ExportFormat = {
  ending: '.html',
  networks: ['generator'],
  layouts: ['NHWC'],
  async write(path, content) {
    const { topology, signature, weights, data } = await tfjsModel(content);
    const space = await content.openSpace();
    const folder = await pageFolder();
    const [script, style] = await Promise.all(
      ['export.js', 'export.css'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    const about = {
      description: content.description,
      topology,
      signature,
      weights,
      arc: space.arc,
      origin: [...space.origin],
      directions: await directionsOf(space),
    };
    const page = { about, weights: joined(data), script: script as string, style: style as string };
    await writeSynced(path, pageText(page));
  },
  async open(path, { network }) {
    const { about, weights } = readPage(String(await readRegularFile(path)));
    const { topology, signature, weights: specs } = about;
    return openTfjs({ topology, signature, specs, weights }, network.output);
  },
};

/** Directions with numbers as short as pictures can tell apart; undefined where there are none. */
async function directionsOf(space: LatentSpace) {
  const directions = await space.directions().catch((error: unknown): undefined => {
    if (error instanceof ConfigError && error.code === 'directions_missing') return undefined;
    throw error;
  });
  return directions?.map(({ vector, deviation }: Direction) => ({
    vector: Array.from(vector, (value) => Number(value.toPrecision(6))),
    deviation: Number(deviation.toPrecision(6)),
  }));
}

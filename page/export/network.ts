import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import { type GraphModel, loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import type { Latent } from '../../src/explore/vectors.ts';
import { about, channels, find, height, latentSize, width } from './about.ts';

let model: GraphModel;

/** Reads the network out of the page. Answers what computes it: `webgl` where there is a GPU or what stands for one, else `cpu`. */
export async function openNetwork(): Promise<string> {
  if (!(await tf.setBackend('webgl').catch(() => false))) await tf.setBackend('cpu');
  await tf.ready();
  const weights = Uint8Array.from(atob(find('weights').textContent ?? ''), (letter) => letter.charCodeAt(0));
  model = await loadGraphModel({
    load: async () => ({
      modelTopology: about.topology,
      signature: about.signature as never,
      weightSpecs: about.weights as never,
      weightData: weights.buffer,
    }),
  });
  return tf.getBackend();
}

/** The pictures of latents as bytes [H,W,C], all with the same labels. */
export async function generate(
  latents: readonly Latent[],
  labels: readonly number[] | undefined,
): Promise<Uint8ClampedArray[]> {
  const count = latents.length;
  const inputs: Record<string, tf.Tensor> = {
    latents: tf.tensor2d(
      latents.flatMap((latent) => [...latent]),
      [count, latentSize],
    ),
    ...(labels && {
      labels: tf.tensor2d(
        latents.flatMap(() => labels),
        [count, labels.length],
      ),
    }),
  };
  const images = model.execute(inputs, 'images') as tf.Tensor;
  const values = await images.data();
  for (const tensor of [images, ...Object.values(inputs)]) tensor.dispose();
  const elements = height * width * channels;
  return latents.map((_, i) =>
    // From [-1, 1] to the nearest byte; the array clamps.
    Uint8ClampedArray.from(values.subarray(i * elements, (i + 1) * elements), (value) => (value + 1) * 127.5),
  );
}

/** Lets the browser draw what has been computed. */
export const nextFrame = (): Promise<void> => tf.nextFrame();

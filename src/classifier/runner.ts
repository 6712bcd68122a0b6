import type { Device, Executable } from '../device/index.ts';
import { softmax } from '../losses/index.ts';
import { elements } from '../tensor/shape.ts';
import { feed, trace } from '../tensor/trace.ts';
import type { ClassifierNetwork } from './network.ts';

/** Images that go through at once, always: devices choose by the size of a batch in which order they add. */
const BATCH = 64;

/** What a classifier says of N images. */
export interface Classified {
  /** [N,F]: its penultimate layer. */
  readonly features: Float32Array;
  /** [N,K], each row of sum 1. */
  readonly probabilities: Float32Array;
}

/** Applies a classifier whose variables are on a device. */
export class ClassifierRunner {
  private readonly network: ClassifierNetwork;
  private readonly device: Device;
  private executable: Executable | undefined;

  constructor(network: ClassifierNetwork, device: Device) {
    this.network = network;
    this.device = device;
  }

  /** @param images whole images [N,H,W,C] in [-1, 1] @throws DeviceError */
  async run(images: Float32Array): Promise<Classified> {
    const { body, head } = this.network;
    const width = elements(body.inputShape);
    const count = images.length / width;
    const features = new Float32Array(count * elements(body.outputShape));
    const probabilities = new Float32Array(count * elements(head.outputShape));
    for (let first = 0; first < count; first += BATCH) {
      const batch = new Float32Array(BATCH * width);
      batch.set(images.subarray(first * width, (first + BATCH) * width));
      const outputs = await this.runBatch(batch);
      copyRows(outputs.features, features, first, count);
      copyRows(outputs.probabilities, probabilities, first, count);
    }
    return { features, probabilities };
  }

  private async runBatch(images: Float32Array): Promise<Classified> {
    this.executable ??= await this.device.load(this.trace());
    const { outputs } = await this.device.run([{ executable: this.executable, feeds: { images }, fetch: true }]);
    return outputs[0] as unknown as Classified;
  }

  private trace() {
    const { body, head } = this.network;
    const pass = { training: false };
    return trace('classify', () => {
      const features = body.apply(feed('images', [BATCH, ...body.inputShape]), pass);
      return { features, probabilities: softmax(head.apply(features, pass)) };
    });
  }
}

/** Puts the rows of a batch where they belong among `count` rows; the last batch is filled up, and its rest left out. */
function copyRows(batch: Float32Array, all: Float32Array, first: number, count: number): void {
  const width = batch.length / BATCH;
  all.set(batch.subarray(0, Math.min(BATCH, count - first) * width), first * width);
}

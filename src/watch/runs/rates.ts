import type { JsonValue } from '../../durable.ts';
import { readRegularFile } from '../../files.ts';
import type { LearningRates } from '../protocol.ts';

/** The learning rates of a run as its newest checkpoint tells them, or as its configuration does where it has none.
 *  @param checkpoint the folder of the newest checkpoint */
export async function learningRates(
  config: { readonly [key: string]: JsonValue },
  checkpoint: string | undefined,
): Promise<LearningRates | null> {
  const saved = checkpoint === undefined ? {} : await stateOf(checkpoint);
  const held = objectOf(saved.config ?? config);
  const { kind = 'none', floor = 0 } = objectOf(held.learningRateDecay);
  const scale = numberOf(objectOf(saved.decay).scale) ?? 1;
  const rateOf = (player: string): number | undefined => {
    const rate = numberOf(objectOf(held[player]).learningRate);
    // As the training holds it between its floor and what is configured.
    return rate === undefined ? undefined : Math.min(rate, Math.max(rate * scale, numberOf(floor) ?? 0));
  };
  const [generator, discriminator] = [rateOf('generator'), rateOf('discriminator')];
  if (generator === undefined || discriminator === undefined) return null;
  return { generator, discriminator, decay: String(kind) };
}

async function stateOf(checkpoint: string): Promise<{ readonly [key: string]: JsonValue }> {
  try {
    return objectOf(objectOf(JSON.parse(String(await readRegularFile(`${checkpoint}/trainer_state.json`)))).state);
  } catch {
    return {};
  }
}

const objectOf = (value: JsonValue | undefined): { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : {};

const numberOf = (value: JsonValue | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

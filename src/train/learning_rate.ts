import type { Config } from '../config/schema.ts';
import type { TrainingSession } from './session.ts';

/** What a plateau's watcher remembers; saved with a checkpoint. */
export interface DecayState {
  /** What the configured learning rates are multiplied by now. */
  readonly scale: number;
  /** The lowest smoothed measure of convergence so far. */
  readonly best?: number | undefined;
  /** plateau: the step that reached it or that last lowered the rates; stepped: the step up to which decays are in the scale. */
  readonly since: number;
  readonly smoothed?: number | undefined;
}

/** Weight of a new measurement in the smoothed measure: single batches are noisy. */
const SMOOTHING = 0.1;

/** Progress smaller than this part of the best is none. */
const PROGRESS = 1e-3;

/** The state after `step`. @param measured the measure of convergence, if it was read */
export function nextDecay(
  decay: Config['learningRateDecay'],
  state: DecayState,
  step: number,
  measured: number | undefined,
): DecayState {
  if (decay.kind === 'none') return state;
  if (decay.kind === 'stepped') {
    const decays = Math.floor(step / decay.every) - Math.floor(state.since / decay.every);
    return { ...state, scale: state.scale * decay.factor ** decays, since: step };
  }
  if (measured === undefined) return state;
  const smoothed = state.smoothed === undefined ? measured : state.smoothed + SMOOTHING * (measured - state.smoothed);
  if (state.best === undefined || smoothed < state.best * (1 - PROGRESS))
    return { ...state, best: smoothed, since: step, smoothed };
  if (step - state.since < decay.every) return { ...state, smoothed };
  return { ...state, scale: state.scale * decay.factor, since: step, smoothed };
}

/** The state from which another kind of decay goes on after `step`. The rates stay as they are: what that kind would have done before is not
 *  made up for. */
export const changedKind = (state: DecayState, step: number): DecayState => ({ ...state, since: step });

/** Writes both players' learning rates for a scale, none below the floor or above what is configured. */
export async function applyScale(session: TrainingSession, scale: number): Promise<void> {
  const { optimizers, config } = session.model;
  for (const player of ['generator', 'discriminator'] as const) {
    const { learningRate } = config[player];
    const rate = Math.min(learningRate, Math.max(learningRate * scale, config.learningRateDecay.floor));
    await session.write(optimizers[player].learningRate, Float32Array.of(rate));
  }
}

import type { MetricContext, Monitors, TroubleSign } from '../losses/index.ts';
import type { StepMetrics } from './session.ts';

/** Something that a run's numbers say is going wrong, told once. */
export interface Warning {
  /** Such as `loss_at_zero`, `exploding_gradient` or `collapse`. */
  readonly code: string;
  readonly message: string;
}

/** What a health watch remembers; saved with a checkpoint. */
export interface HealthState {
  /** The kinds of warnings that were given. */
  readonly told: readonly string[];
  /** How often in a row each kind of sign has shown. */
  readonly inARow: Readonly<Record<string, number>>;
  /** The highest value of the metric behind each kind of sign; absent in what version 0.1 has saved. */
  readonly highest?: Readonly<Record<string, number>> | undefined;
}

/** Watches metrics for the signs of trouble that their monitors know; every kind of warning comes once. */
export class HealthWatch {
  private readonly monitors: Monitors;
  private readonly told: Set<string>;
  private readonly inARow: Map<string, number>;
  private readonly highest: Map<string, number>;

  /** @param state what a watch of an earlier sitting remembered */
  constructor(monitors: Monitors, state: HealthState = { told: [], inARow: {} }) {
    this.monitors = monitors;
    this.told = new Set(state.told);
    this.inARow = new Map(Object.entries(state.inARow));
    this.highest = new Map(Object.entries(state.highest ?? {}));
  }

  get state(): HealthState {
    return {
      told: [...this.told],
      inARow: Object.fromEntries(this.inARow),
      highest: Object.fromEntries(this.highest),
    };
  }

  /** Warnings that metrics give rise to. @param imagesSeen real images trained on up to now */
  observe(metrics: StepMetrics, imagesSeen: number): Warning[] {
    return Object.entries(this.monitors).flatMap(([name, { sign }]) => {
      const value = metrics[name];
      return sign && value !== undefined ? this.look(sign, value, { imagesSeen, metrics }) : [];
    });
  }

  private look(
    { code, patience, isBad, message }: TroubleSign,
    value: number,
    context: Omit<MetricContext, 'highest'>,
  ): Warning[] {
    const highest = Math.max(value, this.highest.get(code) ?? value);
    this.highest.set(code, highest);
    const count = isBad(value, { ...context, highest }) ? (this.inARow.get(code) ?? 0) + 1 : 0;
    this.inARow.set(code, count);
    if (count < patience || this.told.has(code)) return [];
    this.told.add(code);
    return [{ code, message: message(value) }];
  }
}

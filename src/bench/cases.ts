/** A recipe whose training step is timed at its published widths. */
export interface BenchCase {
  readonly recipe: string;
  /** Images per update. */
  readonly batch: number;
  /** Training steps in each turn. */
  readonly steps: number;
  /** The same step in PyTorch, in scripts/bench. */
  readonly script: string;
}

/** Batches small enough that a default run takes minutes on two cores. */
export const benchCases: readonly BenchCase[] = [
  { recipe: 'dcgan', batch: 32, steps: 2, script: 'dcgan_step.py' },
  { recipe: 'wgan-gp', batch: 16, steps: 1, script: 'wgan_gp_step.py' },
  { recipe: 'began', batch: 8, steps: 1, script: 'began_step.py' },
];

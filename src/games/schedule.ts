import type { StepProgram } from './game.ts';

/** How often a program runs in training step `step`, counted from 1. */
export interface Repeats {
  at(step: number): number;
  /** In the steps 1 to `step` together. */
  through(step: number): number;
  /** In the mean of the steps for which no schedule makes an exception. */
  readonly usual: number;
}

/** The same number in every step. */
export const constantly = (repeats: number): Repeats => ({
  at: () => repeats,
  through: (step) => step * repeats,
  usual: repeats,
});

/** In each step once. */
export const ONCE = constantly(1);

/** The practical guide's schedule of the critic (`criticSchedule` guide): close to optimal at the start, and again at every 500th step. */
export const GUIDE = { firstSteps: 100, every: 500, repeats: 100 };

/** 100 times in each of the first 100 steps and in every 500th, else as often as is said. */
export const asInGuide = (otherwise: number): Repeats => {
  const isThorough = (step: number) => step <= GUIDE.firstSteps || step % GUIDE.every === 0;
  return {
    at: (step) => (isThorough(step) ? GUIDE.repeats : otherwise),
    through: (step) => {
      const thorough = Math.min(step, GUIDE.firstSteps) + Math.floor(step / GUIDE.every);
      return thorough * GUIDE.repeats + (step - thorough) * otherwise;
    },
    usual: otherwise,
  };
};

/** Of the runs of one program, the first and each `every`-th after it. */
export const everyNth = (all: Repeats, every: number): Repeats =>
  following((step) => Math.ceil(all.through(step) / every), all.usual / every);

/** The runs of one program that are not those of another in its place. */
export const allBut = (all: Repeats, others: Repeats): Repeats =>
  following((step) => all.through(step) - others.through(step), all.usual - others.usual);

const following = (through: Repeats['through'], usual: number): Repeats => ({
  at: (step) => through(step) - through(step - 1),
  through,
  usual,
});

/** Batches of real images that step `step` reads. */
export const batchesIn = (programs: readonly Pick<StepProgram, 'repeats' | 'readsImages'>[], step: number): number =>
  sumOfReaders(programs, (repeats) => repeats.at(step));

/** Batches of real images that the steps 1 to `step` read together. */
export const batchesThrough = (
  programs: readonly Pick<StepProgram, 'repeats' | 'readsImages'>[],
  step: number,
): number => sumOfReaders(programs, (repeats) => repeats.through(step));

const sumOfReaders = (
  programs: readonly Pick<StepProgram, 'repeats' | 'readsImages'>[],
  count: (repeats: Repeats) => number,
): number => programs.reduce((sum, { readsImages, repeats }) => sum + (readsImages ? count(repeats) : 0), 0);

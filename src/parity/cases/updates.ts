import { ops } from '../../ops/rules.ts';
import { type Case, row } from './case.ts';

const state = { shape: [3, 7], state: true } as const;
/** Sums of squares, which are never negative. */
const squares = { shape: [3, 7], state: true, low: 0, high: 1 } as const;
const gradient = { shape: [3, 7] } as const;
const rate = { shape: [], values: [0.1] } as const;

const CLIPS = [
  { clip: Number.POSITIVE_INFINITY, detail: 'unclipped', why: 'the update itself; a length no vector width divides' },
  { clip: 0.5, detail: 'clipped', why: 'WGAN clips weights just after updating them, but not the slots' },
] as const;

const optimisers = CLIPS.flatMap(({ clip, detail, why }): Case[] => [
  row({
    op: 'sgd',
    detail,
    why,
    inputs: { w: state, gradient, rate },
    build: ({ w, gradient, rate }) => ops.sgd({ clip }, w, gradient, rate),
    differentiable: [],
  }),
  row({
    op: 'momentum',
    detail,
    why,
    inputs: { w: state, velocity: state, gradient, rate },
    build: ({ w, velocity, gradient, rate }) => ops.momentum({ clip, momentum: 0.9 }, w, velocity, gradient, rate),
    differentiable: [],
  }),
  row({
    op: 'adagrad',
    detail,
    why,
    inputs: { w: state, sum: squares, gradient, rate },
    build: ({ w, sum, gradient, rate }) => ops.adagrad({ clip, epsilon: 1e-6 }, w, sum, gradient, rate),
    differentiable: [],
  }),
  row({
    op: 'adadelta',
    detail,
    why,
    inputs: { w: state, squares, deltas: squares, gradient, rate: { shape: [], values: [1] } },
    build: ({ w, squares, deltas, gradient, rate }) =>
      ops.adadelta({ clip, decay: 0.95, epsilon: 1e-6 }, w, squares, deltas, gradient, rate),
    differentiable: [],
  }),
  row({
    op: 'rmsprop',
    detail,
    why,
    inputs: { w: state, squares, gradient, rate },
    build: ({ w, squares, gradient, rate }) =>
      ops.rmsprop({ clip, decay: 0.9, epsilon: 1e-8 }, w, squares, gradient, rate),
    differentiable: [],
  }),
  row({
    op: 'adam',
    detail,
    why,
    inputs: { w: state, first: state, second: squares, gradient, rate, step: { shape: [], values: [3] } },
    build: ({ w, first, second, gradient, rate, step }) =>
      ops.adam({ clip, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 }, w, first, second, gradient, rate, step),
    differentiable: [],
  }),
]);

/** Ops that overwrite variables. */
export const updateCases: readonly Case[] = [
  ...optimisers,
  row({
    op: 'adam',
    detail: 'first step from zeros',
    why: 'bias correction makes the first step as long as the learning rate',
    inputs: {
      w: { shape: [5], state: true },
      first: { shape: [5], state: true, values: [0, 0, 0, 0, 0] },
      second: { shape: [5], state: true, values: [0, 0, 0, 0, 0] },
      gradient: { shape: [5] },
      rate: { shape: [], values: [2e-4] },
      step: { shape: [], values: [1] },
    },
    build: ({ w, first, second, gradient, rate, step }) =>
      ops.adam(
        { clip: Number.POSITIVE_INFINITY, beta1: 0.5, beta2: 0.999, epsilon: 1e-8 },
        w,
        first,
        second,
        gradient,
        rate,
        step,
      ),
    differentiable: [],
  }),
  row({
    op: 'assign',
    detail: '[3,7]',
    why: 'running statistics and counters',
    inputs: { variable: state, value: { shape: [3, 7] } },
    build: ({ variable, value }) => ops.assign({}, variable, value),
    differentiable: [],
  }),
  row({
    op: 'assignRows',
    detail: '[5,3,7] at 3, 0',
    why: 'a store of earlier images: its other rows stay; a width that no vector divides',
    inputs: {
      variable: { shape: [5, 3, 7], state: true },
      indices: { shape: [2], dtype: 'int32', values: [3, 0] },
      rows: { shape: [2, 3, 7] },
    },
    build: ({ variable, indices, rows }) => ops.assignRows({}, variable, indices, rows),
    differentiable: [],
  }),
  row({
    op: 'assignRows',
    detail: '[4] at 2, 1, 2',
    why: 'of rows for one place the last one counts; rows of one number',
    inputs: {
      variable: { shape: [4], state: true },
      indices: { shape: [3], dtype: 'int32', values: [2, 1, 2] },
      rows: { shape: [3] },
    },
    build: ({ variable, indices, rows }) => ops.assignRows({}, variable, indices, rows),
    differentiable: [],
  }),
  row({
    op: 'advanceRandom',
    detail: 'from step 41',
    why: 'the seed stays, the step moves on',
    inputs: { random: { shape: [2], dtype: 'int32', values: [12345, 41], state: true } },
    build: ({ random }) => ops.advanceRandom({}, random),
    differentiable: [],
  }),
];

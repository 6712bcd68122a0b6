import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ModelConfig } from '../../src/config/index.ts';
import type { ConfigError } from '../../src/errors.ts';
import type { StepProgram } from '../../src/games/index.ts';
import { realImages } from '../../src/games/players.ts';
import { countFlops, gradients, optimize } from '../../src/graph/index.ts';
import { gradientPenalty } from '../../src/losses/index.ts';
import { resolveConfig } from '../../src/models/index.ts';
import {
  type Activation,
  block,
  convolution,
  linear,
  type Network,
  type Norm,
  sequential,
} from '../../src/nn/index.ts';
import { matmul, reduceSum, reshape, square } from '../../src/ops/index.ts';
import { type Bindings, evaluate } from '../../src/oracle/evaluate.ts';
import { elements, type Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { feed, type Graph, read, trace } from '../../src/tensor/trace.ts';
import { createModel, summarize } from '../../src/train/index.ts';

const IMAGES: Shape = [3, 8, 8, 2];
/** Central differences in float64: truncation costs about STEP^2, cancellation about 1e-16 / STEP. */
const STEP = 1e-5;

const wave = (shape: Shape, phase: number): Float64Array =>
  Float64Array.from({ length: elements(shape) }, (_, i) => Math.sin(12.9898 * i + phase));

const inputs: Bindings = { real: wave(IMAGES, 0), fake: wave(IMAGES, 1), e: Float64Array.of(0.25, 0.5, 0.9) };

const penaltyOf = (critic: (images: Tensor) => Tensor) =>
  gradientPenalty(critic, feed('real', IMAGES), feed('fake', IMAGES), feed('e', [IMAGES[0] as number]));

test('the penalty of a linear critic is that of its slope, wherever it is taken', () => {
  const size = elements(IMAGES.slice(1));
  const w = wave([size, 1], 2);
  const norm = Math.hypot(...w);
  const graph = trace('linear critic', () => {
    const weight = feed('w', [size, 1]);
    const penalty = penaltyOf((images) => matmul(reshape(images, [3, size]), weight));
    const [gradient] = gradients(penalty.penalty, [weight]) as [Tensor];
    return { ...penalty, gradient };
  });
  const { penalty, norm: meanNorm, gradient } = graph.outputs as Record<string, Tensor>;
  const values = evaluate([penalty, meanNorm, gradient] as Tensor[], { ...inputs, w });
  const [p, n, g] = values as [Float64Array, Float64Array, Float64Array];
  assert.ok(Math.abs((p[0] as number) - (norm - 1) ** 2) < 1e-12 * norm ** 2);
  assert.ok(Math.abs((n[0] as number) - norm) < 1e-12 * norm);
  for (const [i, value] of g.entries())
    assert.ok(Math.abs(value - (2 * (norm - 1) * (w[i] as number)) / norm) < 1e-12 * norm);
});

test('the penalty looks between each real image and its generated one, closer to the real the larger e is', () => {
  // The slope of sum x^2 is 2 x, so the norms tell which points were looked at.
  const graph = trace('square critic', () => {
    const { norm } = penaltyOf((images) => reshape(reduceSum(square(images), [1, 2, 3]), [3, 1]));
    return { norm };
  });
  const [measured] = evaluate(Object.values(graph.outputs), inputs) as [Float64Array];
  const size = elements(IMAGES.slice(1));
  const norms = [...(inputs.e as Float64Array)].map((e, n) => {
    const at = (i: number) =>
      e * (inputs.real?.[n * size + i] as number) + (1 - e) * (inputs.fake?.[n * size + i] as number);
    return 2 * Math.hypot(...Array.from({ length: size }, (_, i) => at(i)));
  });
  const expected = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  assert.ok(Math.abs((measured[0] as number) - expected) < 1e-9, `${measured[0]}, not ${expected}`);
});

/** Two convolutions, the second normalised, and a score. */
const smallCritic = (norm: Norm, activation: Activation): Network =>
  sequential('critic', IMAGES.slice(1), [
    block({ transform: convolution({ channels: 4, kernel: 3, stride: 2 }), activation }),
    block({ transform: convolution({ channels: 5, kernel: 3, stride: 2 }), norm, activation }),
    block({ transform: linear([1]) }),
  ]);

for (const norm of ['none', 'layer'] as const) {
  for (const activation of ['leakyRelu', 'elu', 'tanh'] as const) {
    test(`the penalty's gradient in every weight is that of differences: norm ${norm}, ${activation}`, () => {
      const critic = smallCritic(norm, activation);
      const graph: Graph = trace('penalty', () => {
        const { penalty } = penaltyOf((images) => critic.apply(images, { training: true }));
        const found = gradients(penalty, critic.parameters.map(read));
        return { penalty, ...Object.fromEntries(critic.parameters.map(({ name }, i) => [name, found[i] as Tensor])) };
      });
      const weights = Object.fromEntries(
        critic.parameters.map(({ name, shape }, i) => [
          name,
          wave(shape, i).map((x) => 0.4 * x + Number(name.endsWith('.gain'))),
        ]),
      );
      const penaltyAt = (bindings: Bindings) =>
        (evaluate([graph.outputs.penalty as Tensor], { ...inputs, ...bindings })[0] as Float64Array)[0] as number;

      for (const [i, { name, shape }] of critic.parameters.entries()) {
        const direction = wave(shape, 0.5 + i);
        const weight = weights[name] as Float64Array;
        const moved = (distance: number) => ({
          ...weights,
          [name]: weight.map((x, j) => x + distance * (direction[j] as number)),
        });
        const measured = (penaltyAt(moved(STEP)) - penaltyAt(moved(-STEP))) / (2 * STEP);
        const [gradient] = evaluate([graph.outputs[name] as Tensor], { ...inputs, ...weights }) as [Float64Array];
        const told = gradient.reduce((sum, x, j) => sum + x * (direction[j] as number), 0);
        const error = Math.abs(measured - told) / Math.max(1, Math.abs(measured));
        assert.ok(error < 1e-6, `${name}: differences give ${measured}, the gradient ${told}`);
      }
    });
  }
}

const FULL_SIZE = 128;

/** Operations at the full size of one critic update, with and without the penalty, and of one forward pass of the critic. */
function criticFlops(discriminatorNorm: Norm) {
  const configured = (gradientPenaltyWeight: number) =>
    resolveConfig({
      recipe: 'wgan-gp',
      batch: FULL_SIZE,
      gradientPenalty: gradientPenaltyWeight,
      model: { discriminatorNorm },
    });
  const flopsOf = (graph: Parameters<typeof optimize>[0]) => countFlops(optimize(graph, new Set()));
  const update = (weight: number) => {
    const [critic] = createModel(configured(weight)).match.programs;
    assert.ok(critic?.readsImages);
    return flopsOf((critic as StepProgram).trace());
  };
  const model = createModel(configured(10));
  const forward = trace('forward', () => ({
    scores: model.discriminator.apply(realImages(model), { training: true }),
  }));
  return { withPenalty: update(10), without: update(0), forward: flopsOf(forward) };
}

const MOST_FORWARDS = { layer: 6.0, none: 4.0 } as const;
const STEP_TFLOP = { layer: 11.42, none: 9.79 } as const;

for (const norm of ['layer', 'none'] as const) {
  test(`the penalty costs no more than ${MOST_FORWARDS[norm]} forward passes of the critic, norm ${norm}`, () => {
    const { withPenalty, without, forward } = criticFlops(norm);
    const forwards = (withPenalty - without) / forward;
    assert.ok(forwards > 2 && forwards <= MOST_FORWARDS[norm], `${forwards.toFixed(3)} forward passes`);
  });

  test(`a step of five critic updates takes ${STEP_TFLOP[norm]} TFLOP at batch ${FULL_SIZE}, norm ${norm}`, () => {
    const { flopsPerStep } = summarize(
      resolveConfig({ recipe: 'wgan-gp', batch: FULL_SIZE, model: { discriminatorNorm: norm } }),
    );
    assert.ok(Math.abs(flopsPerStep / 1e12 / STEP_TFLOP[norm] - 1) < 0.01, `${flopsPerStep / 1e12} TFLOP`);
  });
}

const MIXING: readonly (readonly [Partial<ModelConfig>, RegExp])[] = [
  [{ discriminatorNorm: 'batch' }, /discriminator\.layer2 \(conv5 s2, batch norm, leakyRelu\) mixes the images/],
  [{ minibatchFeatures: 3 }, /discriminator\.layer3 \(minibatch discrimination 3x5\) mixes the images/],
];

for (const [changes, said] of MIXING) {
  test(`the penalty refuses a critic that mixes images: ${Object.keys(changes)}`, () => {
    const config = resolveConfig({ recipe: 'wgan-gp', size: 16, batch: 2, model: changes });
    assert.throws(
      () => createModel(config),
      ({ code, message }: ConfigError) => code === 'penalty_needs_independence' && said.test(message),
    );
  });
}

test.run();

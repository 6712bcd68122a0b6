import * as assert from 'uvu/assert';
import type { ConfigChanges } from '../../src/config/index.ts';
import { buildGan, resolveChanges } from '../../src/models/index.ts';
import { countParameters, type Network } from '../../src/nn/index.ts';
import type { Variable } from '../../src/tensor/variable.ts';

export interface ExpectedNetwork {
  readonly input: string;
  /** `description: output` for each layer. */
  readonly layers: readonly string[];
}

const side = (shape: readonly number[]): string => shape.join('x');

const describe = ({ inputShape, layers }: Network): ExpectedNetwork => ({
  input: side(inputShape),
  layers: layers.map(({ description, outputShape }) => `${description}: ${side(outputShape)}`),
});

/** The networks of a configuration are these, layer by layer. */
export function assertNetworks(
  changes: ConfigChanges,
  expected: { readonly generator: ExpectedNetwork; readonly discriminator: ExpectedNetwork },
): void {
  const { generator, discriminator } = buildGan(resolveChanges(changes));
  assert.equal(describe(generator), expected.generator);
  assert.equal(describe(discriminator), expected.discriminator);
}

/** Trainable numbers of both networks. */
export function parametersOf(changes: ConfigChanges): { readonly generator: number; readonly discriminator: number } {
  const { generator, discriminator } = buildGan(resolveChanges(changes));
  return { generator: countParameters(generator.variables), discriminator: countParameters(discriminator.variables) };
}

/** Names of the variables that match. */
export const namesOf = (variables: readonly Variable[], pattern: RegExp): string[] =>
  variables.map(({ name }) => name).filter((name) => pattern.test(name));

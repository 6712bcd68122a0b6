import type { Config } from '../config/schema.ts';
import { compile, countFlops, NATIVE_REDUCTIONS, optimize } from '../graph/index.ts';
import { countParameters, type Network } from '../nn/index.ts';
import { BYTES_PER_ELEMENT, elements, type Shape } from '../tensor/shape.ts';
import { createModel, type TrainingModel, variableGroups } from './model.ts';

/** One layer of a network. */
export interface LayerSummary {
  readonly name: string;
  readonly description: string;
  /** Per sample. */
  readonly outputShape: Shape;
  readonly parameters: number;
}

/** One of the two networks. */
export interface NetworkSummary {
  readonly name: string;
  readonly inputShape: Shape;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
}

/** One program of the training step. */
export interface ProgramSummary {
  readonly name: string;
  /** How often it runs in an ordinary training step, in the mean. */
  readonly repeats: number;
  readonly ops: number;
  /** Of its convolutions and matrix products, 1 multiply-add = 2, per run. */
  readonly flops: number;
  /** Peak memory for everything but variables and feeds. */
  readonly arenaBytes: number;
}

/** What a configuration will build and need, told without a device. */
export interface ModelSummary {
  readonly recipe: string;
  /** Images per update. */
  readonly batch: number;
  readonly networks: readonly NetworkSummary[];
  readonly parameters: number;
  readonly programs: readonly ProgramSummary[];
  readonly flopsPerStep: number;
  /** The programs run in turn in one arena, so this is the largest of theirs. */
  readonly arenaBytes: number;
  /** Weights, optimiser slots and statistics. */
  readonly variableBytes: number;
}

/** Builds and compiles everything that `config` describes. @param claims composites that the device executes itself
 *  @throws ConfigError, ShapeError */
export function summarize(config: Config, claims = NATIVE_REDUCTIONS): ModelSummary {
  const model = createModel(config);
  const networks = [model.generator, model.discriminator].map(summarizeNetwork);
  const programs = model.match.programs.map(({ trace, repeats }): ProgramSummary => {
    const graph = trace();
    const { steps, arenaBytes } = compile(graph, claims);
    const flops = countFlops(optimize(graph, claims));
    return { name: graph.name, repeats: repeats.usual, ops: steps.length, flops, arenaBytes };
  });
  return {
    recipe: config.recipe,
    batch: config.batch,
    networks,
    parameters: networks.reduce((sum, { parameters }) => sum + parameters, 0),
    programs,
    flopsPerStep: programs.reduce((sum, { flops, repeats }) => sum + flops * repeats, 0),
    arenaBytes: Math.max(...programs.map(({ arenaBytes }) => arenaBytes)),
    variableBytes: variableBytes(model),
  };
}

const summarizeNetwork = ({ name, inputShape, layers, variables }: Network): NetworkSummary => ({
  name,
  inputShape,
  layers: layers.map((layer) => ({
    name: layer.name,
    description: layer.description,
    outputShape: layer.outputShape,
    parameters: countParameters(layer.variables),
  })),
  parameters: countParameters(variables),
});

const variableBytes = (model: TrainingModel): number =>
  Object.values(variableGroups(model))
    .flat()
    .reduce((sum, { shape }) => sum + elements(shape) * BYTES_PER_ELEMENT, 0);

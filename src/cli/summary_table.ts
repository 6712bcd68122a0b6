import type { Config } from '../config/index.ts';
import type { ModelSummary, NetworkSummary } from '../train/index.ts';
import { formatTable, type Row } from './table.ts';
import { formatBytes, formatCount, formatFlops } from './units.ts';

/** A model for people: a row for each layer of its networks, then what a training step costs. */
export function formatSummary(summary: ModelSummary, { batch }: Config): string {
  const rows = summary.networks.flatMap(networkRows);
  const programs = summary.programs
    .map(
      ({ name, repeats, ops }) =>
        `${name} (${ops} ops${repeats === 1 ? '' : `, ${Number(repeats.toPrecision(3))} times`})`,
    )
    .join(', ');
  const totals = [
    ['parameters', formatCount(summary.parameters)],
    ['one step', programs],
    ['operations', `${formatFlops(summary.flopsPerStep)} per step of batch ${batch}`],
    ['arena', `${formatBytes(summary.arenaBytes)} of activations and gradients`],
    ['variables', `${formatBytes(summary.variableBytes)} of weights, optimiser slots and statistics`],
  ];
  return [summary.recipe, '', formatTable(rows, { right: [3] }), formatTable(totals)].join('\n');
}

function networkRows({ name, inputShape, layers, parameters }: NetworkSummary): Row[] {
  return [
    [name, '', 'output', 'parameters'],
    ['  input', '', inputShape.join('x')],
    ...layers.map((layer) => [
      `  ${layer.name}`,
      layer.description,
      layer.outputShape.join('x'),
      formatCount(layer.parameters),
    ]),
    ['  total', '', '', formatCount(parameters)],
    [],
  ];
}

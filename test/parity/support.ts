import type { Device } from '../../src/device/index.ts';
import { openDevice } from '../../src/device/index.ts';
import { rewrite, withInputs } from '../../src/graph/rewrite.ts';
import { neg } from '../../src/ops/index.ts';
import { Budget } from '../../src/parity/budget.ts';
import { type Comparison, compareSides, type ParityEvent } from '../../src/parity/parity.ts';
import { deviceSide, openSide, type Side } from '../../src/parity/sides.ts';
import type { OpName } from '../../src/tensor/operators.ts';

export type ResultEvent = Extract<ParityEvent, { type: 'result' }>;
export type EndEvent = Extract<ParityEvent, { type: 'end' }>;

/** The CPU with the sign of one op turned. */
function withBrokenOp(op: OpName): Device {
  const device = openDevice('cpu');
  return {
    kind: device.kind,
    description: device.description,
    details: device.details,
    load: (graph) =>
      device.load(
        rewrite(graph, (node, inputs) => {
          const same = withInputs(node, inputs);
          return node.op === op ? neg(same) : same;
        }),
      ),
    run: (calls, options) => device.run(calls, options),
    read: (variable) => device.read(variable),
    write: (variable, values) => device.write(variable, values),
    memoryUse: () => device.memoryUse(),
    close: () => device.close(),
  };
}

/** A side whose kernel of one op is wrong. */
export const brokenSide = (op: OpName): Side => deviceSide('cpu', () => withBrokenOp(op));

/** A side that fails at everything. */
export const failingSide = (error: Error): Side => ({
  name: 'cpu',
  description: 'a device that fails',
  note: '',
  compute: () => Promise.reject(error),
});

/** The oracle with all the time it wants. */
export const oracle = (): Promise<Side> =>
  openSide('oracle', { precision: 'float32', budget: new Budget(Number.POSITIVE_INFINITY) });

/** Everything that comparing a device in float32 showed. */
export async function compare(
  comparison: Pick<Comparison, 'trials' | 'against'>,
  side: Side,
): Promise<{ results: ResultEvent[]; end: EndEvent }> {
  const events: ParityEvent[] = [];
  for await (const event of compareSides({ ...comparison, sides: new Map([['float32', side]]) })) events.push(event);
  return {
    results: events.filter((event): event is ResultEvent => event.type === 'result'),
    end: events.at(-1) as EndEvent,
  };
}

import type { JsonValue } from '../durable.ts';
import type { Hyperparameter } from './run/summaries.ts';

/** Every setting of a configuration by its path, such as `model.width`; lists as JSON. */
export function hyperparametersOf(config: JsonValue | undefined, path = ''): Record<string, Hyperparameter> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    const parts = Object.entries(config).map(([key, value]) =>
      hyperparametersOf(value, path === '' ? key : `${path}.${key}`),
    );
    return Object.assign({}, ...parts);
  }
  if (config === undefined) return {};
  return { [path]: typeof config === 'object' ? JSON.stringify(config) : config };
}

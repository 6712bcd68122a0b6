import type { JsonValue } from '../../durable.ts';

/** Every setting of a configuration by its path, such as `model.width`, as text; lists as JSON. */
export function settingsOf(config: JsonValue, path = ''): Record<string, string> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    const parts = Object.entries(config).map(([key, value]) => settingsOf(value, path === '' ? key : `${path}.${key}`));
    return Object.assign(Object.create(null), ...parts);
  }
  return { [path]: typeof config === 'string' ? config : JSON.stringify(config) };
}

/** Some keys of a configuration, nested as it is. */
export type ConfigChanges = { readonly [key: string]: unknown };

/** Two sets of changes as one, in which `changes` win. Steps replace epochs, since both say how long to train. */
export function mergeChanges({ epochs, ...base }: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const keepsEpochs = epochs !== undefined && changes.steps === undefined;
  return merge({ ...base, ...(keepsEpochs && { epochs }) }, changes);
}

const isGroup = (value: unknown): value is ConfigChanges =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: ConfigChanges, changes: ConfigChanges): ConfigChanges {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(changes)) {
    const before = merged.get(key);
    merged.set(key, isGroup(before) && isGroup(value) ? merge(before, value) : value);
  }
  // A key such as __proto__ becomes a property like any other, so that the schema can refuse it.
  return Object.fromEntries(merged);
}

/** One key changed: `labels.real` and 1 -> { labels: { real: 1 } }. */
export const changeOf = (key: string, value: unknown): ConfigChanges =>
  key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as ConfigChanges;

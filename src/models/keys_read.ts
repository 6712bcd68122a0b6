import type { KeyUse } from '../config/keys.ts';
import type { Config } from '../config/schema.ts';

/** The uses of keys by networks that do not say which they read: they are watched while they are made.
 *  @param recipe the name of their recipe, for messages */
export function keysReadBy(
  recipe: string,
  networks: (config: Config) => unknown,
  keys: Iterable<string>,
): readonly KeyUse[] {
  const known = new WeakMap<Config, ReadonlySet<string>>();
  const askedOf = (config: Config): ReadonlySet<string> => {
    const asked = known.get(config) ?? watch(networks, config);
    known.set(config, asked);
    return asked;
  };
  const said = `the networks of '${recipe}' ask for it`;
  return Array.from(keys, (key) => ({ key, when: { holds: (config) => askedOf(config).has(key), said } }));
}

/** The keys that networks ask a configuration for while they are made of it. */
function watch(networks: (config: Config) => unknown, config: Config): ReadonlySet<string> {
  const asked = new Set<string>();
  try {
    // A copy, since what is frozen cannot be watched.
    networks(watched(structuredClone({ ...config }), '', asked) as Config);
  } catch {
    // Why networks cannot be made is told where they are made to be used.
  }
  return asked;
}

/** A view of a value that notes each key which it is asked for, named such as `model.width`. */
function watched(value: object, prefix: string, asked: Set<string>): object {
  return new Proxy(value, {
    get(target, name) {
      const inner: unknown = Reflect.get(target, name);
      if (typeof name === 'symbol') return inner;
      const key = prefix + name;
      asked.add(key);
      const isGroup = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      return isGroup ? watched(inner, `${key}.`, asked) : inner;
    },
  });
}

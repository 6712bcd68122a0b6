import type { ConfigChanges } from './changes.ts';
import type { Config } from './schema.ts';

/** Something that reads a key of the configuration. */
export interface KeyUse {
  /** A key, such as `labels.real`, or a group of keys, such as `generator`. */
  readonly key: string;
  /** Given if the key is read in some configurations only. */
  readonly when?: Condition;
}

/** What must hold for a key to be read. */
export interface Condition {
  readonly holds: (config: Config) => boolean;
  /** The same for people, such as `schedule is alternating`. */
  readonly said: string;
}

/** A value of a key that is read which nothing here can act on. */
export interface UnusableValue {
  readonly key: string;
  readonly value: unknown;
  /** What lacks, and what to do. */
  readonly reason: string;
  /** What version 0.1 took in its place without a word; its runs go on with that. Not given if it refused the value. */
  readonly formerly?: unknown;
}

/** The uses of several keys, all under one condition. */
export const uses = (keys: readonly string[], when?: Condition): KeyUse[] =>
  keys.map((key) => ({ key, ...(when && { when }) }));

/** Whether a use is of this key, whatever its condition. */
export const isUseOf = (use: KeyUse, key: string): boolean => key === use.key || key.startsWith(`${use.key}.`);

/** Whether any of these uses reads the key in a configuration. */
export const isRead = (config: Config, key: string, readers: readonly KeyUse[]): boolean =>
  readers.some((use) => isUseOf(use, key) && (use.when?.holds(config) ?? true));

/** The value of each key of a configuration, named such as `generator.learningRate`; a list is one value. */
export function leavesOf(value: ConfigChanges, prefix = ''): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? [...leavesOf(inner as ConfigChanges, `${prefix}${key}.`)]
        : [[prefix + key, inner]],
    ),
  );
}

/** The keys in which a configuration differs from `defaults` although nothing reads them in it. */
export function unreadChanges(config: Config, defaults: Config, readers: readonly KeyUse[]): string[] {
  const [present, usual] = [leavesOf(config), leavesOf(defaults)];
  return [...new Set([...present.keys(), ...usual.keys()])].filter(
    (key) => !isSame(present.get(key), usual.get(key)) && !isRead(config, key, readers),
  );
}

/** Lists are the same if what they hold is. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Those of `values` that a configuration has. */
export function unusableIn(config: Config, values: readonly UnusableValue[]): UnusableValue[] {
  const present = leavesOf(config);
  return values.filter(({ key, value }) => present.get(key) === value);
}

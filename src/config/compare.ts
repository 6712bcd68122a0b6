import type { JsonValue } from '../durable.ts';

/** Settings by their paths, such as `model.width`, as text. */
export type SettingTexts = Readonly<Record<string, string>>;

/** One setting of several configurations, in their order; undefined where a configuration does not have it. */
export interface ComparedSetting {
  readonly key: string;
  readonly values: readonly (string | undefined)[];
}

/** Every setting of a configuration by its path, such as `model.width`, as text; lists as JSON. */
export function settingsOf(config: JsonValue, path = ''): SettingTexts {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    const parts = Object.entries(config).map(([key, value]) => settingsOf(value, path === '' ? key : `${path}.${key}`));
    return Object.assign(Object.create(null), ...parts);
  }
  return { [path]: typeof config === 'string' ? config : JSON.stringify(config) };
}

/** Every setting that one of several configurations has, by key. */
export function compareSettings(all: readonly SettingTexts[]): ComparedSetting[] {
  const keys = [...new Set(all.flatMap(Object.keys))].sort();
  // A file may call a setting by any name, such as `constructor`.
  return keys.map((key) => ({ key, values: all.map((one) => (Object.hasOwn(one, key) ? one[key] : undefined)) }));
}

/** The settings in which several configurations differ, by key; one that only some have is among them. */
export const differingSettings = (all: readonly SettingTexts[]): ComparedSetting[] =>
  compareSettings(all).filter(({ values }) => new Set(values).size > 1);

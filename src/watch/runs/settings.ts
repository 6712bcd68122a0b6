import { type ConfigChanges, type SettingTexts, settingsOf } from '../../config/index.ts';
import type { JsonValue } from '../../durable.ts';
import { findRecipe, recallConfig } from '../../models/index.ts';

/** The settings that a run was trained with: keys that it was made without have the recipe's values, as when it is resumed. Of a recipe that is not
 *  one of gannet, and of a configuration that this version cannot read, those that are written. */
export function knownSettings(written: { readonly [key: string]: JsonValue }): SettingTexts {
  return settingsOf(recalled(written) as JsonValue);
}

function recalled(written: ConfigChanges): object {
  const recipe = findRecipe(String(written.recipe));
  if (!recipe) return written;
  try {
    return recallConfig(written, recipe);
  } catch {
    return written;
  }
}

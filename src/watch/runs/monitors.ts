import type { JsonValue } from '../../durable.ts';
import type { Monitors } from '../../losses/index.ts';
import { findRecipe, recipes, resolveConfig } from '../../models/index.ts';
import { monitorsOf, readMonitors } from '../../train/index.ts';

/** What the metrics of a run are. Of a recipe that is not one of gannet the monitors of all recipes together have to do: a run may keep a
 *  recipe of its own as code, and to look at a folder must not run what lies in it. */
export async function readOwnMonitors(
  folder: string,
  config: { readonly [key: string]: JsonValue },
): Promise<Monitors> {
  if (typeof config.recipe !== 'string' || !findRecipe(config.recipe)) return everyMonitor();
  // A configuration that this version cannot read has curves all the same.
  return readMonitors(folder).catch(everyMonitor);
}

let known: Monitors | undefined;

function everyMonitor(): Monitors {
  known ??= Object.assign({}, ...recipes.map(({ name }) => monitorsOf(resolveConfig({ recipe: name })))) as Monitors;
  return known;
}

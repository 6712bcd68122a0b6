import { z } from 'zod';
import { leavesOf } from '../config/keys.ts';
import type { Config, ConfigWith } from '../config/schema.ts';
import type { Settings, Some } from '../config/settings.ts';
import { ConfigError, GannetError } from '../errors.ts';
import { adversarial, type Game, type Gan } from '../games/index.ts';
import { fillIn } from './config.ts';
import { keysReadBy } from './keys_read.ts';
import { expectFittingNetworks } from './networks.ts';
import { baseDefaults, type Recipe } from './recipe.ts';
import { expectFreeName } from './recipes.ts';

/** The keys of a recipe that has none of its own. */
export type NoOptions = { readonly [key: string]: never };

/** A recipe of one's own, as `defineRecipe` takes it. */
export interface RecipeDefinition<G extends Gan = Gan, O extends object = NoOptions> {
  /** Letters, digits, `-`, `_` and `.`; none that a recipe of gannet has. Runs are named after it. */
  readonly name: string;
  /** One line of what it is. */
  readonly summary?: string;
  /** Makes the networks of a configuration: a generator [latent.size] -> [height, width, channels] in [-1, 1], and a
   *  discriminator [height, width, channels] -> [1], or what the game asks for; `imageShapeOf(config)` gives these three. No two variables of both have one name. */
  readonly networks: (config: ConfigWith<NoInfer<O>>) => G;
  /** What the networks play; `adversarial` if not given. */
  readonly game?: Game<G>;
  /** Where it differs from gannet's `dcgan`, such as `{ size: 32, loss: 'hinge' }`. */
  readonly defaults?: Settings & { readonly options?: NoInfer<Some<O>> };
  /** A zod object of the keys of its own, which are `options.KEY` in a configuration; each has a value here or in `defaults.options`. */
  readonly schema?: z.ZodType<O>;
  /** The image sizes that its networks can be made for, by height and width; squares of any size if not given. */
  readonly sizes?: Recipe['sizes'];
}

/** Networks that do not say otherwise may take `size` for one number. */
const ANY_SQUARE: Recipe['sizes'] = {
  accepts: (height, width) => height === width,
  description: 'squares of any size; for others, say in `sizes` which it makes',
};

/** Makes networks of one's own a recipe: `resolveConfig({ recipe })` and `train({ recipe })` take it in place of a name, and a file whose
 *  default export it is stands for it on the command line. A changed key has an effect if the networks ask for it or the game says
 *  that it does; it is refused otherwise.
 *  @throws ConfigError recipe_name, recipe_name_taken, and invalid_config for defaults that cannot be used */
export function defineRecipe<G extends Gan, O extends object = NoOptions>(
  definition: RecipeDefinition<G, O>,
): Recipe<G, O> {
  const { name, summary = 'a recipe of your own', networks, game = adversarial, sizes = ANY_SQUARE } = definition;
  expectName(name);
  const options = strict(definition.schema);
  const base = { ...baseDefaults, ...(options && { options: {} }) };
  const defaults = fillIn({ name, defaults: base, ...(options && { options }) }, definition.defaults ?? {});
  return {
    name,
    summary,
    defaults,
    keys: keysReadBy(name, networks as (config: Config) => unknown, leavesOf(defaults).keys()),
    game: game as Game<G>,
    sizes,
    build: (config) => build(name, networks, config as ConfigWith<O>),
    ...(options && { options }),
  };
}

/** A schema that knows its keys refuses others. */
const strict = <O extends object>(schema: z.ZodType<O> | undefined): z.ZodType<O> | undefined =>
  schema instanceof z.ZodObject ? (schema.strict() as unknown as z.ZodType<O>) : schema;

function expectName(name: string): void {
  if (typeof name !== 'string' || !/^\w[\w.-]*$/.test(name)) {
    throw new ConfigError(
      'recipe_name',
      `a recipe's name is made of letters, digits, '-', '_' and '.', such as my-gan, but received ${JSON.stringify(name)}`,
    );
  }
  expectFreeName(name);
}

function build<G extends Gan, O extends object>(
  name: string,
  networks: RecipeDefinition<G, O>['networks'],
  config: ConfigWith<O>,
): G {
  let gan: G;
  try {
    gan = networks(config);
  } catch (cause) {
    if (cause instanceof GannetError) throw cause;
    throw new ConfigError('recipe_failed', `the networks of recipe '${name}' could not be made: ${cause}`, { cause });
  }
  expectFittingNetworks(name, gan, config);
  return gan;
}

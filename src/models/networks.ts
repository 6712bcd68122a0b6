import { imageShapeOf } from '../config/image_size.ts';
import { representativesOf } from '../config/representatives.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError, GraphError, ShapeError } from '../errors.ts';
import type { Gan } from '../games/index.ts';
import type { Network } from '../nn/index.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';

/** Holds networks of one's own to what a configuration wants of any: latents in, images out, images in, and a name for each variable.
 *  What comes out of the discriminator, the game judges.
 *  @throws ShapeError network_misfit; ConfigError recipe_networks; GraphError variable_redefined */
export function expectFittingNetworks(recipe: string, gan: Gan, config: Config): void {
  const { latent } = config;
  expectNetworks(recipe, gan);
  const { generator, discriminator } = gan;
  const image = imageShapeOf(config);
  // Representative variables stand behind the noise.
  const behind = representativesOf(config).length;
  const keys = behind === 0 ? 'latent.size' : 'latent.size and extractor';
  expectShape(recipe, 'generator', 'takes', generator.inputShape, [latent.size + behind], keys);
  expectShape(recipe, 'generator', 'gives', generator.outputShape, image, 'size and channels');
  expectShape(recipe, 'discriminator', 'takes', discriminator.inputShape, image, 'size and channels');
  expectNames(recipe, gan);
}

function expectNetworks(recipe: string, gan: Gan | undefined): void {
  const missing = (['generator', 'discriminator'] as const).find((player) => !isNetwork(gan?.[player]));
  if (missing === undefined) return;
  throw new ConfigError(
    'recipe_networks',
    `the function 'networks' of recipe '${recipe}' should return { generator, discriminator }, both made by nn.sequential or nn.networkOf, but its ${missing} is ${typeof gan?.[missing]}`,
  );
}

const isNetwork = (value: Network | undefined): boolean =>
  typeof value?.apply === 'function' && Array.isArray(value.layers) && Array.isArray(value.variables);

function expectShape(
  recipe: string,
  player: string,
  verb: 'takes' | 'gives',
  found: Shape,
  wanted: Shape,
  keys: string,
): void {
  if (sameShape(found, wanted)) return;
  throw new ShapeError(
    'network_misfit',
    `the ${player} of recipe '${recipe}' ${verb} ${formatShape(found)} for each sample, but the configuration's ${keys} ask for ${formatShape(wanted)}. Make the network of what its configuration says, or change ${keys}.`,
  );
}

function expectNames(recipe: string, { generator, discriminator }: Gan): void {
  const seen = new Set<string>();
  for (const { name } of [...generator.variables, ...discriminator.variables]) {
    if (seen.has(name)) {
      throw new GraphError(
        'variable_redefined',
        `two variables of recipe '${recipe}' are named '${name}'; name the networks, and layers made by hand, differently`,
      );
    }
    seen.add(name);
  }
}

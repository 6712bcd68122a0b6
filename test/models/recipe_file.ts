/** A recipe in two modules of TypeScript, as a user writes them. */
export const twoModules = (name = 'mine', units = 8): Record<string, string> => ({
  'mine.ts': `import { defineRecipe } from 'gannet';
import { pair } from './layers/pair.js';

interface Unused {
  readonly width: number;
}

export default defineRecipe({
  name: ${JSON.stringify(name)},
  networks: (config) => pair(config, ${units} as Unused['width']),
  defaults: { size: 16, channels: 1, latent: { size: 4 }, loss: 'hinge' },
});
`,
  'layers/pair.ts': `import { type Config, nn } from 'gannet';

export function pair({ size, channels, latent }: Config, units: number) {
  const hidden = nn.block({ transform: nn.linear([units]), activation: 'relu' });
  const image = nn.block({ transform: nn.linear([size, size, channels]), activation: 'tanh' });
  return {
    generator: nn.sequential('generator', [latent.size], [hidden, image]),
    discriminator: nn.sequential('discriminator', [size, size, channels], [hidden, nn.block({ transform: nn.linear([1]) })]),
  };
}
`,
});

import type { Config } from '../config/schema.ts';
import type { Verdicts } from '../losses/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Outputs of a program that hold a number for each image, [N,...]: what the discriminator said of real and of generated ones. */
export const VERDICTS = { real: 'verdictsReal', fake: 'verdictsFake' } as const;

/** What a discriminator's update puts out of single images, by name; nothing unless the configuration asks for it. */
export const verdictsOf = ({ health }: Pick<Config, 'health'>, verdicts: () => Verdicts): Record<string, Tensor> => {
  if (!health.outputHistograms) return {};
  const { real, fake } = verdicts();
  return { [VERDICTS.real]: real, [VERDICTS.fake]: fake };
};

import type { ExportDescription } from '../description.ts';
import type { TfjsModel } from '../tfjs/model.ts';

/** What the script of an exported page is told. */
export interface PageAbout extends Pick<TfjsModel, 'topology' | 'signature' | 'weights'> {
  readonly description: ExportDescription;
  /** The path between two latents that stays among likely ones. */
  readonly arc: 'linear' | 'spherical';
  /** The centre of the latents. */
  readonly origin: readonly number[];
  /** In which latents are moved, the strongest first; undefined where the generator does not begin with a linear layer. */
  readonly directions?: readonly { readonly vector: readonly number[]; readonly deviation: number }[] | undefined;
}

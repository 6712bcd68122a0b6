import type { Config } from '../config/index.ts';
import type { LatentSpace } from '../explore/index.ts';
import type { ExportRuntime } from './check.ts';
import type { ExportDescription } from './description.ts';
import type { ExportableNetwork, NetworkName } from './networks.ts';
import type { FreezeOptions } from './portable/freeze.ts';
import type { Layout, PortableGraph } from './portable/graph.ts';

/** What a format is given to write. */
export interface ExportContent {
  readonly network: ExportableNetwork;
  readonly description: ExportDescription;
  /** That the run was trained with. */
  readonly config: Config;
  /** The names of the variables that an optimiser adjusts, and of their averages. */
  readonly trainable: ReadonlySet<string>;
  /** Where the channels of images are to be. */
  readonly layout: Layout;
  /** Of the run at the checkpoint. @throws CheckpointError */
  openSpace(): Promise<LatentSpace>;
  /** The network with its weights. @throws ConfigError export_unsupported */
  freeze(options: FreezeOptions): Promise<PortableGraph>;
}

/** A form in which other programs take a network. */
export interface ExportFormat {
  /** What the name of its file ends with; undefined of a format of several files. */
  readonly ending?: string;
  /** What its folder may hold, where it has several files: these, and what programs that use them leave there. */
  readonly files?: readonly string[];
  /** The networks that it is for; all if not given. */
  readonly networks?: readonly NetworkName[];
  /** Where the channels of images can be, the usual place first. */
  readonly layouts: readonly [Layout, ...Layout[]];
  /** Writes the file, or the files into a folder that is there, and syncs them. */
  write(path: string, content: ExportContent): Promise<void>;
  /** Opens what was written. @throws ConfigError if what runs it is not installed */
  open(path: string, content: ExportContent): Promise<ExportRuntime>;
}

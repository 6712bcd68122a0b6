import type { Axis } from './runs/columns.ts';

export type { Axis } from './runs/columns.ts';

/** What became of a run. `stopped`: saved and ended early; `crashed`: its process is gone and has said nothing. */
export type RunState = 'running' | 'finished' | 'stopped' | 'diverged' | 'crashed';

/** A grid of samples; `version` changes when it is drawn anew. */
export interface SampleGridEntry {
  readonly step: number;
  readonly version: string;
}

/** A run as the list shows it. A number that is not known is null. */
export interface RunSummary {
  /** Its path from the watched folder; '.' for that folder itself. */
  readonly id: string;
  readonly recipe: string;
  /** What it is trained on. */
  readonly data: string;
  readonly state: RunState;
  /** How it ended, in a few words; '' while it runs. */
  readonly detail: string;
  readonly step: number;
  readonly steps: number | null;
  readonly imagesSeen: number | null;
  readonly imagesPerSecond: number | null;
  readonly elapsedMs: number | null;
  /** Until the last step, at the present speed; null unless it runs. */
  readonly remainingMs: number | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly picture: SampleGridEntry | null;
  /** Changes whenever there are other metrics, log lines or grids. */
  readonly version: string;
}

/** Every run of the watched folder. */
export interface RunList {
  readonly folder: string;
  readonly runs: readonly RunSummary[];
}

/** What changed since the event before. */
export interface RunsChanged {
  /** Whether `changed` holds all runs that there are. */
  readonly isWhole: boolean;
  readonly changed: readonly RunSummary[];
  readonly gone: readonly string[];
}

/** Metrics that share a plot. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly metrics: readonly { readonly name: string; readonly label: string }[];
  /** Whether it tells of the machine and not of the training. */
  readonly isOfSystem: boolean;
}

/** Numbers counted in bins, from the first bin to the last that holds any. */
export interface BinCounts {
  readonly first: number;
  readonly counts: readonly number[];
}

/** What a discriminator said of images in the steps from `from` to `to`. */
export interface OutputColumn {
  readonly from: number;
  readonly to: number;
  readonly real: BinCounts;
  readonly fake: BinCounts;
}

/** What a discriminator said of images as training went on. Bin i goes from edge i to edge i + 1. */
export interface OutputHistory {
  readonly kind: 'probability' | 'score' | 'error';
  readonly edges: readonly number[];
  /** In the order of steps. */
  readonly columns: readonly OutputColumn[];
}

/** Something that happened at a step. */
export interface Mark {
  readonly kind: 'warning' | 'rollback' | 'resume' | 'change' | 'note';
  readonly step: number;
  /** The same place on every axis. */
  readonly at: Readonly<Record<Axis, number>>;
  readonly text: string;
}

/** How fast both networks learn now. */
export interface LearningRates {
  readonly generator: number;
  readonly discriminator: number;
  /** What lowers them: none, stepped or plateau. */
  readonly decay: string;
}

/** A run as its page shows it. */
export interface RunDetail {
  readonly id: string;
  readonly folder: string;
  readonly panels: readonly Panel[];
  readonly grids: readonly SampleGridEntry[];
  readonly checkpoints: readonly { readonly step: number; readonly best: boolean }[];
  readonly marks: readonly Mark[];
  /** Whether its recipe is one of gannet; else the run keeps code of its own, which drawing from it runs. */
  readonly hasKnownRecipe: boolean;
  /** Null where the configuration does not tell. */
  readonly rates: LearningRates | null;
  /** Whether it has recorded histograms of what its discriminator says. */
  readonly hasHistograms: boolean;
  /** The last lines of log.txt. */
  readonly log: readonly string[];
  /** Every setting by its path, such as `model.width`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Which curves are wanted, and how finely. */
export interface SeriesRequest {
  readonly names: readonly string[];
  readonly axis: Axis;
  /** Width of the plot. */
  readonly pixels: number;
  /** Points after which a value weighs half in the smoothed curve; 0 for none, `usual` for a fiftieth of a long curve. */
  readonly halfLife: number | 'usual';
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Points of one curve, x rising. */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly smooth?: readonly number[];
  /** How many points the run has in all. */
  readonly count: number;
}

/** Curves by the name of their metric. */
export type SeriesReply = Readonly<Record<string, Points>>;

/** The latent space of a checkpoint. */
export interface LatentInfo {
  readonly step: number;
  readonly recipe: string;
  readonly size: number;
  /** The path that stays among likely latents. */
  readonly arc: 'linear' | 'spherical';
  /** The centre of the distribution. */
  readonly origin: readonly number[];
  /** The strongest first; `deviation` is the length of one unit of movement. */
  readonly directions: readonly { readonly vector: readonly number[]; readonly deviation: number }[];
  /** Named combinations of directions: coefficients, in deviations, by the number of a direction. */
  readonly traits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What a conditional run can be asked for. */
  readonly classes: readonly string[];
}

/** A picture that is wanted of a latent. */
export interface LatentRequest {
  readonly step: number;
  readonly latent: readonly number[];
  readonly class?: string | undefined;
  /** Where it is shown; a newer request for the same place takes the place of this one. */
  readonly place: string;
}

/** The latent whose picture is nearest to an image. */
export interface FoundLatent {
  readonly latent: readonly number[];
  readonly class?: string | undefined;
  /** Where the search began that has found it. */
  readonly start: string;
  /** Root of the mean square of pixels' differences, in levels of 0 to 255. */
  readonly distance: number;
}

/** What is told while a latent is searched, a line of JSON each; the last one has what was found, or why nothing. */
export type SearchReport =
  | { readonly done: number; readonly total: number }
  | { readonly found: FoundLatent }
  | { readonly problem: Problem };

/** What is told where something cannot be done. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

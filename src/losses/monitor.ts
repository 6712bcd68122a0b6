/** What a number that training reports stands for; whatever shows it to people goes by this and knows no names of metrics. */
export interface Monitor {
  /** What a progress bar calls it, such as `D(x)`. */
  readonly label: string;
  /** The title of the panel that its curve is drawn in, which it may share with others. */
  readonly panel: string;
  readonly meaning: Meaning;
  /** What one of it is, such as `per pixel`; '' for a pure number. */
  readonly unit: string;
  /** What its values may tell of trouble. */
  readonly sign?: TroubleSign;
}

/** loss: what a network minimises; probability: in [0, 1]; score: what a discriminator gives an image;
 *  distance: between the distributions of real and generated images; slope: norm of a gradient; error: of a reconstruction;
 *  convergence: falls as training converges; weight: of a term of a loss; part: of a number of images; diversity: of samples, relative to real images. */
export type Meaning =
  | 'loss'
  | 'probability'
  | 'score'
  | 'distance'
  | 'slope'
  | 'error'
  | 'convergence'
  | 'weight'
  | 'part'
  | 'diversity';

/** Monitors by the name of the metric that they are of, in the order in which they are shown. */
export type Monitors = Readonly<Record<string, Monitor>>;

/** What a value of a metric is judged by beside itself. */
export interface MetricContext {
  /** The highest value up to now, with this one. */
  readonly highest: number;
  /** Real images trained on up to now. */
  readonly imagesSeen: number;
  /** All metrics of the same step, by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A warning that a metric gives rise to. */
export interface TroubleSign {
  /** Of the warning. */
  readonly code: string;
  /** How often in a row the metric must be bad. */
  readonly patience: number;
  readonly isBad: (value: number, context: MetricContext) => boolean;
  /** What is wrong and what to try. */
  readonly message: (value: number) => string;
}

/** An attribute of a node as a GraphDef has it in JSON: whole numbers are texts, texts are base64. */
export type TfjsAttribute =
  | { readonly type: string }
  | { readonly b: boolean }
  | { readonly f: number }
  | { readonly i: string }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly shape: { readonly dim: readonly { readonly size: string }[] } };

/** A node of a GraphDef. */
export interface TfjsNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, TfjsAttribute>>;
}

/** A constant of a graph model, of those that stand one behind the other in its weights. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** What goes into a graph model or comes out of it. */
interface Signature {
  readonly name: string;
  readonly dtype: 'DT_FLOAT';
  readonly tensorShape: { readonly dim: readonly { readonly size: string }[] };
}

/** A graph model, as tfjs loads it. */
export interface TfjsModel {
  readonly topology: { readonly node: readonly TfjsNode[]; readonly versions: Record<never, never> };
  readonly signature: {
    readonly inputs: Readonly<Record<string, Signature>>;
    readonly outputs: Readonly<Record<string, Signature>>;
  };
  readonly weights: readonly TfjsWeight[];
  /** The numbers of the weights, one behind the other. */
  readonly data: readonly (Float32Array | Int32Array)[];
}

import { z } from 'zod';
import { ConfigError } from '../../errors.ts';
import { parseJson, readRegularFile } from '../../files.ts';

/** A larger image would not fit into memory. */
const LARGEST_SIDE = 8192;

const side = z.int().positive().max(LARGEST_SIDE);
const channelValues = z.union([z.number(), z.array(z.number())]);

const descriptionSchema = z.strictObject({
  name: z.string().optional(),
  size: z.union([side.transform((both) => [both, both] as const), z.tuple([side, side])]),
  channels: z.union([z.literal(1), z.literal(3), z.literal(4)]).default(3),
  layout: z.enum(['NCHW', 'NHWC']).default('NCHW'),
  range: z.tuple([z.number(), z.number()]).default([0, 1]),
  mean: channelValues.default(0),
  deviation: channelValues.default(1),
  input: z.string().optional(),
  features: z.string(),
  probabilities: z.string().optional(),
  classes: z.array(z.string()).min(2).optional(),
});

/** What the file beside an ONNX network says of it: how images become its input, and which of its outputs are read. */
export type OnnxDescription = Readonly<z.infer<typeof descriptionSchema>>;

/** The file that describes an ONNX network: `inception.onnx` -> `inception.json`. */
export const onnxDescriptionPath = (network: string): string => network.replace(/\.onnx$/i, '.json');

const EXAMPLE =
  '{"size": 299, "layout": "NCHW", "range": [-1, 1], "features": "NAME OF THE OUTPUT THAT HOLDS THE FEATURES"}';

/** Reads the description of an ONNX network. @throws ConfigError network_description */
export async function readOnnxDescription(network: string): Promise<OnnxDescription> {
  const path = onnxDescriptionPath(network);
  const refuse = (problem: string, cause: unknown): ConfigError =>
    new ConfigError(
      'network_description',
      `${path} ${problem}. It tells how images are fed to ${network}, such as\n  ${EXAMPLE}`,
      {
        cause,
      },
    );
  let text: string;
  try {
    text = String(await readRegularFile(path));
  } catch (cause) {
    throw refuse(`cannot be read: ${(cause as Error).message}`, cause);
  }
  try {
    const description = descriptionSchema.parse(parseJson(text));
    expectOneForEachChannel(description);
    expectSense(description);
    return description;
  } catch (cause) {
    const problems =
      cause instanceof z.ZodError
        ? cause.issues.map(({ path: at, message }) => [at.join('.'), message].filter(Boolean).join(': ')).join('; ')
        : (cause as Error).message;
    throw refuse(`is not understood: ${problems}`, cause);
  }
}

function expectOneForEachChannel({ channels, mean, deviation }: OnnxDescription): void {
  for (const [key, value] of Object.entries({ mean, deviation })) {
    if (Array.isArray(value) && value.length !== channels)
      throw new Error(
        `${key}: expected one number, or one for each of ${channels} channels, but received ${value.length}`,
      );
  }
}

/** Refuses what would make every image the same, or no number of it, and names of classes that nothing tells apart. */
function expectSense({ range, deviation, classes, probabilities }: OnnxDescription): void {
  if (range[0] === range[1])
    throw new Error(`range: expected two different numbers, but received ${range.join(' and ')}`);
  if ([deviation].flat().includes(0)) throw new Error('deviation: expected numbers to divide by, but received 0');
  if (classes && probabilities === undefined)
    throw new Error('classes: expected `probabilities` too, the output whose columns they name');
}

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';

/** What data can be named, for the help of commands. */
export const DATA_CHOICES =
  'mnist, fashion-mnist, emoji, cifar10:DIR, celeba:DIR, flowers17:DIR, flowers102:DIR or a folder of images';

/** What a command line says of labels. */
export interface LabelOptions {
  readonly labels?: string;
  readonly attributes?: string[];
}

/** Adds the options that tell where labels come from. */
export const addLabelOptions = (command: Command): Command =>
  command
    .option(
      '--labels <file>',
      'labels of a folder of images: CSV or JSON lines (name,label), or a list of attributes as CelebA has it',
      absoluteIfThere,
    )
    .option('--attributes <names>', 'attributes of that file to take as labels, such as Smiling,Male', splitNames);

/** The same file wherever a command is run; a file that is not here is looked for in the folder of the data. */
const absoluteIfThere = (path: string): string => (existsSync(path) ? resolve(path) : path);

const splitNames = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

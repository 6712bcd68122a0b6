import type { z } from 'zod';
import type { configSchema } from './schema.ts';

/** Some of a record's keys, at any depth. */
export type Some<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Some<T[K]> | undefined }
    : T;

/** Some keys of a configuration beside its recipe, as a program writes them: a key that does not exist does not compile. */
export type Settings = Some<Omit<z.input<typeof configSchema>, 'recipe'>>;

let path = '';

/** The layer that is being built, such as `discriminator.layer2`, or ''. */
export const currentScope = (): string => path;

/** Names everything that `body` builds after exactly this path (gradients and decompositions keep their origin's). */
export function withScope<T>(scope: string, body: () => T): T {
  const outer = path;
  path = scope;
  try {
    return body();
  } finally {
    path = outer;
  }
}

/** Names everything that `body` builds after a layer inside the current scope: `scoped('layer2', ...)`. */
export const scoped = <T>(name: string, body: () => T): T => withScope(path === '' ? name : `${path}.${name}`, body);

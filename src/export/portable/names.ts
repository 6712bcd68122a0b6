/** Makes names of nodes that no other node has: the wanted one, or that with a number. */
export function uniqueNames(): (wanted: string) => string {
  const taken = new Map<string, number>();
  const unique = (wanted: string): string => {
    const count = (taken.get(wanted) ?? 0) + 1;
    taken.set(wanted, count);
    return count === 1 ? wanted : unique(`${wanted}_${count}`);
  };
  return unique;
}

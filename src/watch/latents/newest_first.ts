/** A piece of work was left undone because a newer one took its place. */
export class SupersededError extends Error {
  constructor() {
    super('a newer request took the place of this one');
  }
}

interface Waiting {
  readonly work: () => Promise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Does one piece of work at a time. Each has a place; of those that wait for the same place only the newest is done, so that a slider that is
 *  drawn along is answered for where it stands and not for where it was. */
export class NewestFirst {
  private readonly waiting = new Map<string | symbol, Waiting>();
  private isBusy = false;

  /** What the work gives. @param place nothing replaces what waits for a symbol of its own @throws SupersededError if a newer one came first, and what the work throws */
  run<T>(place: string | symbol, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.waiting.get(place)?.reject(new SupersededError());
      this.waiting.delete(place);
      this.waiting.set(place, { work, resolve: resolve as never, reject });
      void this.goOn();
    });
  }

  private async goOn(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    for (;;) {
      const [next] = this.waiting;
      if (!next) break;
      const [place, { work, resolve, reject }] = next;
      this.waiting.delete(place);
      await work().then(resolve as never, reject);
    }
    this.isBusy = false;
  }
}

interface Waiting {
  readonly bytes: number;
  begin(): void;
}

/** Lets work begin while what all work under way holds in memory fits a budget; the rest waits in line. Work that is larger
 *  than the whole budget runs alone. */
export class MemoryBudget {
  private readonly bytes: number;
  private readonly line: Waiting[] = [];
  private used = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** What `work` answers. @param bytes what it holds at most while it runs */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.line.push({ bytes, begin });
      this.admit();
    });
    try {
      return await work();
    } finally {
      this.used -= bytes;
      this.admit();
    }
  }

  private admit(): void {
    for (let next = this.line[0]; next && this.fits(next.bytes); next = this.line[0]) {
      this.line.shift();
      this.used += next.bytes;
      next.begin();
    }
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.bytes;
  }
}

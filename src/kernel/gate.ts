/** Lets so many in at a time; the rest wait in order, within bounds. */
export class Gate {
  private inside = 0;
  private readonly waiting: { pass: () => void; timer: NodeJS.Timeout }[] = [];

  /**
   * @param limit how many may be inside; 0 = any number
   * @param maxWaiting how many may wait
   */
  constructor(
    private readonly limit: number,
    private readonly maxWaiting: number,
  ) {}

  get isIdle(): boolean {
    return this.inside === 0;
  }

  /**
   * Enters at once when there is room. Who is let in must call `leave` once.
   * @returns true when inside, false when too many wait already, else a promise of either
   */
  enter(maxWaitMs: number): boolean | Promise<boolean> {
    if (this.limit === 0 || this.inside < this.limit) {
      this.inside++;
      return true;
    }
    if (this.waiting.length >= this.maxWaiting) return false;
    return new Promise((resolve) => {
      const place = {
        pass: () => {
          clearTimeout(place.timer);
          resolve(true);
        },
        timer: setTimeout(() => {
          this.waiting.splice(this.waiting.indexOf(place), 1);
          resolve(false);
        }, maxWaitMs),
      };
      this.waiting.push(place);
    });
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.inside--;
    else next.pass();
  }
}

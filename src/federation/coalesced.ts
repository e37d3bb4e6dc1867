/** Runs work one at a time; requests that come meanwhile share one more run (PROTOCOL.md §6.3). */
export class Coalesced<Wish, Result> {
  private running: Promise<Result> | null = null;
  private next: { wish: Wish; result: Promise<Result> } | null = null;

  /**
   * @param work must not throw before its first await
   * @param merge a wish that covers both
   */
  constructor(
    private readonly work: (wish: Wish) => Promise<Result>,
    private readonly merge: (a: Wish, b: Wish) => Wish,
  ) {}

  run(wish: Wish): Promise<Result> {
    if (this.next !== null) {
      this.next.wish = this.merge(this.next.wish, wish);
      return this.next.result;
    }
    if (this.running === null) return this.start(wish);
    const again = this.running
      .catch(() => undefined)
      .then(() => {
        const { wish: merged } = this.next as { wish: Wish };
        this.next = null;
        return this.start(merged);
      });
    this.next = { wish, result: again };
    return again;
  }

  /** Settles when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.running !== null || this.next !== null)
      await (this.next?.result ?? this.running)?.catch(() => undefined);
  }

  private start(wish: Wish): Promise<Result> {
    const run = this.work(wish).finally(() => {
      this.running = null;
    });
    this.running = run;
    return run;
  }
}

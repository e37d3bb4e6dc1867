const APART_MS = 100;

/**
 * Spaces the updates of one resource: at most ten a second, and the last one always goes
 * (PROTOCOL.md §6.4).
 */
export class UpdateSpacing {
  private timer: NodeJS.Timeout | null = null;
  private waiting: string | null = null;

  /** @param send takes the inside of the params without `uri` */
  constructor(private readonly send: (params: string) => void) {}

  due(params: string): void {
    if (this.timer !== null) {
      this.waiting = params;
      return;
    }
    this.timer = setTimeout(() => {
      this.next();
    }, APART_MS);
    this.send(params);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = null;
  }

  private next(): void {
    const params = this.waiting;
    this.stop();
    if (params !== null) this.due(params);
  }
}

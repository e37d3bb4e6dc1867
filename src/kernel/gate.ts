import type { Abort } from './abort.js';

/** So many times its limit may wait at a gate. */
const WAITING_PER_PLACE = 4;

/** Lets so many in at a time; the rest wait in order, within bounds. */
export class Gate {
  private inside = 0;
  private readonly waiting: Place[] = [];

  /**
   * @param limit how many may be inside; 0 = any number
   * @param maxWaiting how many may wait
   */
  constructor(
    private readonly limit: number,
    private readonly maxWaiting: number = limit * WAITING_PER_PLACE,
  ) {}

  get isIdle(): boolean {
    return this.inside === 0;
  }

  get hasRoom(): boolean {
    return this.limit === 0 || this.inside < this.limit;
  }

  /** Enters unasked: where `hasRoom` has said so, or back in after `leave`, beyond the limit if need be. */
  pass(): void {
    this.inside++;
  }

  /**
   * Enters at once when there is room. Who is let in must call `leave` once.
   * @param abort gives the place in the queue up at once
   * @returns true when inside, false when too many wait already, else a promise of either
   */
  enter(maxWaitMs: number, abort?: Abort): boolean | Promise<boolean> {
    if (this.hasRoom) {
      this.inside++;
      return true;
    }
    if (this.waiting.length >= this.maxWaiting || abort?.aborted === true) return false;
    return new Promise((resolve) => {
      const place = new Place(this.waiting, resolve, maxWaitMs);
      this.waiting.push(place);
      abort?.onAbort(() => {
        place.giveUp();
      });
    });
  }

  leave(): void {
    // More than the limit are inside when some came back: then nobody follows.
    const next = this.inside > this.limit ? undefined : this.waiting.shift();
    if (next === undefined) this.inside--;
    else next.settle(true);
  }
}

/** One who waits. */
class Place {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly queue: Place[],
    private readonly resolve: (isIn: boolean) => void,
    maxWaitMs: number,
  ) {
    this.timer = setTimeout(() => {
      this.giveUp();
    }, maxWaitMs);
  }

  settle(isIn: boolean): void {
    clearTimeout(this.timer);
    this.resolve(isIn);
  }

  /** Does nothing to one who was let in meanwhile. */
  giveUp(): void {
    const at = this.queue.indexOf(this);
    if (at < 0) return;
    this.queue.splice(at, 1);
    this.settle(false);
  }
}

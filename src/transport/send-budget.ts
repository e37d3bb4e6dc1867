/** What large messages may add to a queue: an answer of the usual largest size, and some more. */
const MAX_LARGE_BYTES = 16 * 1024 * 1024;

/**
 * Decides when a reader is too far behind (SECURITY.md S11). A message may always go onto an empty
 * queue, and large ones do not count against those that follow them at once: a reader who gets two
 * answers of a megabyte in the same moment is not slow.
 */
export class SendBudget {
  private large = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly maxQueueBytes: number) {}

  /**
   * @param queued bytes that wait already
   * @param bytes of the message to be sent
   * @returns false when the reader is too slow for it
   */
  admits(queued: number, bytes: number): boolean {
    if (queued === 0) this.large = 0;
    if (queued > this.maxQueueBytes + this.large) return false;
    if (bytes > this.maxQueueBytes / 4) this.large = Math.min(this.large + bytes, MAX_LARGE_BYTES);
    return true;
  }

  /**
   * Whether who has something to add should wait with it (PROTOCOL.md §4.5), well before the reader is
   * too slow: what has been read of an upstream already still comes.
   * @param queued bytes that wait already
   * @param caughtUp called once in that case, by `drained`
   */
  holdsBack(queued: number, caughtUp: () => void): boolean {
    if (queued <= this.maxQueueBytes / 2) return false;
    this.waiting.push(caughtUp);
    return true;
  }

  /** The reader has read all of it, or nothing is sent any more. */
  drained(): void {
    if (this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const caughtUp of waiting) caughtUp();
  }
}

const WINDOW_MS = 1000;
const MAX_PER_WINDOW = 50;

/**
 * Bounds what one call relays before its answer to 50 messages in any second (PROTOCOL.md §4.5):
 * newer progress replaces what waits, other messages beyond it are dropped.
 */
export class FloodGate {
  private readonly sentAt: number[] = [];
  private waiting: string | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly send: (text: string) => void,
    private readonly onDropped: () => void,
  ) {}

  /** A message of which only the newest counts. */
  latest(text: string): void {
    if (this.waiting === null && this.roomInMs() <= 0) this.now(text);
    else {
      this.waiting = text;
      this.timer ??= setTimeout(release, this.roomInMs(), this);
    }
  }

  /** A message that says something of its own. */
  each(text: string): void {
    if (this.roomInMs() <= 0) this.now(text);
    else this.onDropped();
  }

  /** @param isWanted whether what waits is sent now, or forgotten */
  end(isWanted: boolean): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const text = this.waiting;
    this.waiting = null;
    if (text !== null && isWanted) this.send(text);
  }

  /** Called by the timer. */
  release(): void {
    this.timer = null;
    const text = this.waiting;
    if (text === null) return;
    const inMs = this.roomInMs();
    if (inMs > 0) {
      this.timer = setTimeout(release, inMs, this);
      return;
    }
    this.waiting = null;
    this.now(text);
  }

  private roomInMs(): number {
    const oldest = this.sentAt[0];
    if (oldest === undefined || this.sentAt.length < MAX_PER_WINDOW) return 0;
    return oldest + WINDOW_MS - performance.now();
  }

  private now(text: string): void {
    if (this.sentAt.length >= MAX_PER_WINDOW) this.sentAt.shift();
    this.sentAt.push(performance.now());
    this.send(text);
  }
}

function release(gate: FloodGate): void {
  gate.release();
}

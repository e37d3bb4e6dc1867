const MAX_FAILURES = 10;
const WINDOW_MS = 15 * 60_000;
const MAX_KEYS = 10_000;

interface Tally {
  count: number;
  readonly since: number;
}

/**
 * Counts failed log-ins per key in a window that starts with the first one. Attempts are counted
 * when they begin, so that a thousand at once get no further than a thousand in a row.
 */
export class FailureWindow {
  private readonly tallies = new Map<string, Tally>();

  constructor(private readonly max = MAX_FAILURES) {}

  /** @returns ms until the next attempt is allowed; 0 when this one is, and it has been counted */
  begin(key: string): number {
    const now = Date.now();
    const tally = this.tallies.get(key);
    if (tally === undefined || now - tally.since >= WINDOW_MS) {
      this.tallies.delete(key);
      this.makeRoom();
      this.tallies.set(key, { count: 1, since: now });
      return 0;
    }
    if (tally.count >= this.max) return tally.since + WINDOW_MS - now;
    tally.count++;
    return 0;
  }

  /** The attempt was right: nothing is held against the key any more. */
  succeeded(key: string): void {
    this.tallies.delete(key);
  }

  private makeRoom(): void {
    if (this.tallies.size < MAX_KEYS) return;
    const oldest = this.tallies.keys().next();
    if (oldest.done !== true) this.tallies.delete(oldest.value);
  }
}

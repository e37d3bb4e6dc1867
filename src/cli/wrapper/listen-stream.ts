import { describe, isSessionLost } from './fault.js';
import type { Outcome, Sent } from './exchange.js';
import type { LineOut } from './line-out.js';
import type { Remote } from './remote.js';
import type { WrapperLog } from './wrapper-log.js';

const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 30_000;

interface Hears {
  onText(text: string): void;
  onSessionLost(): void;
  /** The stream is back after it could not be opened: what was said meanwhile is lost. */
  onGap(): void;
}

/** Holds the GET stream of the session open (MCP 2025-11-25 §Transports/Listening for Messages). */
export class ListenStream {
  private exchange: Sent | null = null;
  private timer: NodeJS.Timeout | null = null;
  private lastEventId: string | null = null;
  private failures = 0;
  private isOpen = false;

  constructor(
    private readonly remote: Remote,
    private readonly out: LineOut,
    private readonly hears: Hears,
    private readonly log: WrapperLog,
  ) {}

  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.lastEventId = null;
    this.failures = 0;
    this.connect();
  }

  close(): void {
    this.isOpen = false;
    if (this.timer !== null) clearTimeout(this.timer);
    this.exchange?.abort();
    this.exchange = null;
  }

  private connect(): void {
    this.timer = null;
    const exchange = this.remote.listen(this.lastEventId, {
      reader: this.out,
      onText: (text) => {
        if (this.exchange === exchange) this.hears.onText(text);
      },
      onHead: (status) => {
        if (status === 200 && this.exchange === exchange) this.connected();
      },
    });
    this.exchange = exchange;
    void exchange.done.then((outcome) => {
      if (this.exchange === exchange) this.ended(outcome);
    });
  }

  private connected(): void {
    if (this.failures > 0 && this.lastEventId === null) this.hears.onGap();
    this.failures = 0;
  }

  private ended(outcome: Outcome): void {
    const { status } = outcome;
    this.lastEventId = outcome.lastEventId ?? this.lastEventId;
    if (isSessionLost(outcome)) {
      this.close();
      this.hears.onSessionLost();
      return;
    }
    const reason = outcome.error === null ? `status ${String(status)}` : describe(outcome.error);
    // 405: the far end never speaks first. Other refusals are no better for being asked again,
    // except that the stream of the connection before may not be over yet (409), or too many (429).
    if (status >= 400 && status < 500 && status !== 409 && status !== 429) {
      this.close();
      this.log.info({ event: 'listen.none', reason });
      return;
    }
    if (status !== 200) this.failures++;
    const waitMs = outcome.retryMs ?? Math.min(FIRST_WAIT_MS * 2 ** this.failures, MAX_WAIT_MS);
    this.log.info({ event: 'listen.lost', reason, waitMs });
    this.timer = setTimeout(() => {
      this.connect();
    }, waitMs);
  }
}

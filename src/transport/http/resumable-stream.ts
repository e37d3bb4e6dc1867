import { type EventStream, encodeEvent } from './event-stream.js';

/** What is kept of one stream for a client who comes back (PROTOCOL.md §3.1). */
export interface RingLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
  /** How long an event is kept, in ms; streams of calls keep theirs while they last. */
  readonly maxAgeMs: number;
}

interface Kept {
  readonly n: number;
  /** On the clock of `performance.now()`. */
  readonly at: number;
  readonly message: string;
}

/**
 * An event stream, of a call or a listening session, whose events have ids: its latest ones are kept, so that a client who
 * lost the connection gets the rest (25 Transports §Resumability and Redelivery).
 */
export class ResumableStream {
  private readonly kept: Kept[] = [];
  private bytes = 0;
  private last = 0;
  private reader: EventStream | null = null;
  private isOver = false;
  /** Since when nobody reads, on the clock of `performance.now()`. */
  private aloneSince = performance.now();

  constructor(
    readonly id: string,
    readonly sessionId: string,
    private readonly limits: RingLimits,
  ) {}

  get hasReader(): boolean {
    return this.reader !== null;
  }

  get keptBytes(): number {
    return this.bytes;
  }

  /** Whether it may be forgotten: nobody has read it since `before`. */
  isAlone(before: number): boolean {
    return this.reader === null && this.aloneSince < before;
  }

  /** Forgets the events that are too old. */
  expire(): void {
    const before = performance.now() - this.limits.maxAgeMs;
    for (let [first] = this.kept; first !== undefined && first.at < before; [first] = this.kept)
      this.drop();
  }

  /** @param retryMs pause before coming back; `null` for revisions that cannot read an empty event */
  begin(reader: EventStream, retryMs: number | null): void {
    this.reader = reader;
    if (retryMs !== null) reader.write(`id: ${this.id}.0\nretry: ${String(retryMs)}\ndata: \n\n`);
  }

  /** Whether all that came after that event is still there. */
  reaches(after: number): boolean {
    const [first] = this.kept;
    return after <= this.last && (first === undefined ? after === this.last : first.n <= after + 1);
  }

  /** Another connection takes over: the rest first, then what is to come. */
  resume(reader: EventStream, after: number): void {
    this.reader?.end();
    this.reader = reader;
    for (const { n, message } of this.kept)
      if (n > after) reader.send(message, `${this.id}.${String(n)}`);
    if (this.isOver) reader.end();
  }

  /** A connection is gone. */
  left(reader: EventStream): void {
    if (this.reader !== reader) return;
    this.reader = null;
    this.aloneSince = performance.now();
  }

  /** Sends, or keeps for who may come back. */
  send(message: string): boolean {
    this.keep(message);
    this.reader?.send(message, `${this.id}.${String(this.last)}`);
    return true;
  }

  /** Who is away holds nobody up: what comes is kept, as far as there is room. */
  behind(caughtUp: () => void): boolean {
    return this.reader?.behind(caughtUp) ?? false;
  }

  /** @param message the answer, which is the last event */
  finish(message?: string): void {
    this.isOver = true;
    if (message !== undefined) this.keep(message);
    this.reader?.end(
      message === undefined ? undefined : encodeEvent(message, `${this.id}.${String(this.last)}`),
    );
  }

  private keep(message: string): void {
    this.kept.push({ n: ++this.last, at: performance.now(), message });
    this.bytes += message.length;
    while (
      this.kept.length > this.limits.maxEvents ||
      (this.bytes > this.limits.maxBytes && this.kept.length > 1)
    )
      this.drop();
  }

  private drop(): void {
    this.bytes -= this.kept.shift()?.message.length ?? 0;
  }
}

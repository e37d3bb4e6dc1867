import { errorText, type Message } from '../../kernel/jsonrpc.js';
import type { Claim } from './claim.js';
import type { Fault } from './fault.js';

interface Ways {
  /** Silence allowed; 0 = for ever. */
  readonly timeoutMs: number;
  write(line: string): void;
  onTimeout(call: OpenCall): void;
}

/** One request of the client until it has its one answer. */
export class OpenCall {
  readonly method: string;
  /** Ended: answered, refused or cancelled. */
  readonly ended: AbortSignal;
  /** Whether the gateway may have it. */
  isSent: () => boolean = () => false;
  /** Closes the POST: for a modern request that is how it is cancelled. */
  hangUp: () => void = () => undefined;
  private readonly id: string;
  private readonly end = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private questions = 0;

  constructor(
    readonly text: string,
    readonly message: Message,
    private readonly ways: Ways,
    /** What it claims when it is of the modern era. */
    readonly claim: Claim | null = null,
  ) {
    this.id = message.id as string;
    this.method = message.method;
    this.ended = this.end.signal;
    this.touch();
  }

  get key(): string {
    return idKey(this.id);
  }

  isDone(): boolean {
    return this.ended.aborted;
  }

  get progressToken(): string | null {
    const meta = this.message.params?.raw('_meta');
    if (meta?.includes('progressToken') !== true) return null;
    const { progressToken } = JSON.parse(meta) as { progressToken?: unknown };
    return progressToken === undefined ? null : JSON.stringify(progressToken);
  }

  /** Something was heard of it: silence begins anew, unless the client itself is being asked. */
  touch(): void {
    this.stop();
    if (this.isDone() || this.questions > 0 || this.ways.timeoutMs === 0) return;
    this.timer = setTimeout(() => {
      this.ways.onTimeout(this);
    }, this.ways.timeoutMs);
  }

  /** The gateway asks the client: the client's time does not count. */
  asked(): void {
    this.questions++;
    this.stop();
  }

  questionClosed(): void {
    this.questions--;
    this.touch();
  }

  /** @param line the whole response of the gateway */
  answer(line: string): void {
    if (this.close()) this.ways.write(line);
  }

  fail(fault: Fault): void {
    if (this.close()) this.ways.write(errorText(this.id, fault.error));
  }

  /** The client no longer wants an answer. */
  drop(): void {
    this.close();
  }

  private close(): boolean {
    if (this.isDone()) return false;
    this.stop();
    this.end.abort();
    return true;
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** Ids are equal by value: `1` and `1.0`, `"a"` and `"\u0061"`. */
export function idKey(raw: string): string {
  return JSON.stringify(JSON.parse(raw));
}

import type { Fault } from './fault.js';
import type { OpenCall } from './open-call.js';

/** More than any client sends at once; beyond, requests are refused. */
const MAX_WAITING = 1000;

/** The open requests of the client, and how many of them are sent at the same time. */
export class OpenCalls {
  private readonly open = new Set<OpenCall>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(private readonly concurrency: number) {}

  get all(): readonly OpenCall[] {
    return [...this.open];
  }

  byId(key: string): OpenCall[] {
    return this.all.filter((call) => call.key === key);
  }

  byProgressToken(token: string): OpenCall | undefined {
    return this.all.find((call) => call.progressToken === token);
  }

  /**
   * Runs the work of a call once there is room; not at all when it has ended by then.
   * @param isUrgent for what must not wait behind others: `initialize`, `ping`
   * @returns false when too many wait already
   */
  run(call: OpenCall, isUrgent: boolean, work: () => Promise<void>): boolean {
    if (!isUrgent && this.waiting.length >= MAX_WAITING) return false;
    this.open.add(call);
    call.ended.addEventListener('abort', () => this.open.delete(call));
    const start = async (): Promise<void> => {
      try {
        if (!call.isDone()) await work();
      } finally {
        this.open.delete(call);
        if (!isUrgent) this.release();
      }
    };
    if (isUrgent) void start();
    else if (this.running < this.concurrency) {
      this.running++;
      void start();
    } else this.waiting.push(() => void start());
    return true;
  }

  failAll(fault: Fault, which: (call: OpenCall) => boolean = () => true): void {
    for (const call of this.all) if (which(call)) call.fail(fault);
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running--;
    else next();
  }
}

import type { Message } from '../../kernel/jsonrpc.js';
import type { Era } from '../../kernel/mcp.js';
import { claimOf } from './claim.js';
import { eraFault } from './era-choice.js';
import { fault } from './fault.js';
import { LegacyEra } from './legacy-era.js';
import { isListen, ModernEra } from './modern-era.js';
import { idKey, OpenCall } from './open-call.js';
import type { Parts } from './parts.js';
import type { Settings } from './settings.js';

/** Requests that must not wait behind others. */
const URGENT = ['initialize', 'ping', 'subscriptions/listen'];

/** Takes each message of the client to its era: a modern request says that it is one. */
export class Router {
  private readonly legacy: LegacyEra;
  private readonly modern: ModernEra;
  /** That of the last request: notifications without a claim belong to it. */
  private era: Era;
  /** What has to come to an end before the wrapper may. */
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly settings: Settings,
    private readonly parts: Parts,
  ) {
    this.legacy = new LegacyEra(parts);
    this.modern = new ModernEra(parts);
    this.era = settings.era === 'modern' ? 'modern' : 'legacy';
  }

  get takesBatches(): boolean {
    return this.legacy.revision === '2025-03-26';
  }

  take(text: string, message: Message): void {
    if (message.kind === 'request') this.takeRequest(text, message);
    else if (message.kind === 'response') this.track(this.legacy.answer(text, message));
    else if (message.method === 'notifications/cancelled') this.cancel(text, message);
    else this.notify(text, message);
  }

  /** Resolves once nothing is open but what has no end of its own. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  close(): void {
    this.legacy.close();
  }

  private takeRequest(text: string, message: Message): void {
    const ways = {
      timeoutMs: isListen(message.method) ? 0 : this.settings.timeoutMs,
      write: (line: string) => {
        this.parts.out.write(line);
      },
      onTimeout: (late: OpenCall) => {
        this.timedOut(late);
      },
    };
    const claim = claimOf(message);
    const call = new OpenCall(text, message, ways, claim);
    const refusal = eraFault(this.settings.era, call);
    if (refusal !== null) {
      call.fail(refusal);
      return;
    }
    this.era = claim === null ? 'legacy' : 'modern';
    const work = (): Promise<void> =>
      claim === null ? this.legacy.run(call) : this.modern.run(call, claim);
    if (!this.parts.calls.run(call, URGENT.includes(message.method), work)) {
      call.fail(fault('overloaded', 'Too many requests are waiting'));
      return;
    }
    if (isListen(message.method)) return;
    this.track(
      new Promise((resolve) => {
        call.ended.addEventListener('abort', () => {
          resolve();
        });
      }),
    );
  }

  private notify(text: string, message: Message): void {
    const era = claimOf(message) === null ? this.era : 'modern';
    if (this.settings.era !== 'auto' && this.settings.era !== era) return;
    this.track(this[era].notify(text, message));
  }

  private cancel(text: string, message: Message): void {
    const id = message.params?.raw('requestId');
    const calls = id === undefined ? [] : this.parts.calls.byId(idKey(id));
    const [call] = calls;
    // Of several with one id nobody can say which is meant.
    if (call !== undefined && calls.length === 1) {
      const wasSent = call.isSent();
      call.drop();
      if (call.claim !== null) call.hangUp();
      if (call.claim !== null || !wasSent) return;
    }
    if (this.legacy.revision !== null) this.track(this.legacy.notify(text, message));
  }

  private timedOut(call: OpenCall): void {
    const { timeoutMs } = this.settings;
    const wasSent = call.isSent();
    const sentence = `${call.method} timed out after ${timeoutMs} ms without a sign`;
    call.fail(
      fault('upstream_timeout', wasSent ? `${sentence}; the outcome is unknown` : sentence),
    );
    if (call.claim !== null) call.hangUp();
    else if (wasSent) this.track(this.legacy.abandon(call));
  }

  private track(work: Promise<void>): void {
    this.pending.add(work);
    void work.finally(() => this.pending.delete(work));
  }
}

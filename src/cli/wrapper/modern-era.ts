import type { Message } from '../../kernel/jsonrpc.js';
import { LATEST_MODERN } from '../../kernel/mcp.js';
import { type Claim, claimOf, standardHeaders } from './claim.js';
import { Listens } from './listens.js';
import { ModernCalls } from './modern-calls.js';
import type { OpenCall } from './open-call.js';
import type { Parts } from './parts.js';

/** Messages of 2026-07-28: no session, each request stands alone. */
export class ModernEra {
  private readonly calls: ModernCalls;
  private readonly listens: Listens;
  /** What the last request claimed. */
  private revision: string = LATEST_MODERN;

  constructor(private readonly parts: Parts) {
    this.calls = new ModernCalls(parts);
    this.listens = new Listens(parts, this.calls);
  }

  run(call: OpenCall, claim: Claim): Promise<void> {
    this.revision = claim.revision;
    return isListen(call.method) ? this.listens.run(call, claim) : this.calls.run(call, claim);
  }

  /** Failures are only logged: there is nobody to answer. */
  async notify(text: string, message: Message): Promise<void> {
    const revision = claimOf(message)?.revision ?? this.revision;
    const { status } = await this.parts.remote.postAside(text, standardHeaders(message, revision));
    if (status < 200 || status >= 300)
      this.parts.log.warning({ event: 'message.not_posted', reason: String(status) });
  }
}

/** Stays open for as long as the client wants: no silence is too long, no place is taken. */
export function isListen(method: string): boolean {
  return method === 'subscriptions/listen';
}

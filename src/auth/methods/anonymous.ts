import type { Caller } from '../../kernel/caller.js';
import { makeCaller } from '../make-caller.js';
import { limitAddress } from '../networks.js';

const MAX_ADDRESSES = 10_000;

/** The Caller without a credential, with `AUTH_REQUIRED=false`: an admin per client address. */
export class AnonymousCallers {
  private readonly callers = new Map<string, Caller>();

  at(ip: string): Caller {
    const known = this.callers.get(ip);
    if (known !== undefined) return known;
    const caller = makeCaller({
      principal: 'anonymous',
      type: 'anonymous',
      role: 'admin',
      limiterKey: `ip:${limitAddress(ip)}`,
    });
    this.makeRoom();
    this.callers.set(ip, caller);
    return caller;
  }

  /** Callers are cheap to make again, so the oldest goes, used or not. */
  private makeRoom(): void {
    if (this.callers.size < MAX_ADDRESSES) return;
    const oldest = this.callers.keys().next();
    if (oldest.done !== true) this.callers.delete(oldest.value);
  }
}

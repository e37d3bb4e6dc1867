import type { Gateway } from '../../kernel/catalog.js';
import type { PooledSession } from './pooled-session.js';
import { declaredTo } from './session-key.js';

const MAX_DECLARED = 256;

/** The sessions with one Gateway. */
export class PoolLine {
  readonly sessions = new Map<string, PooledSession>();
  isStateless = false;
  /** Capabilities as clients declare them → as they go up. */
  private readonly known = new Map<string, string>();

  constructor(public gateway: Gateway) {}

  /** A newer record: it may list other extensions. */
  renew(gateway: Gateway): void {
    this.gateway = gateway;
    this.known.clear();
  }

  /** What is declared for a client, as JSON text. */
  declared(capabilities: string): string {
    // Each modern request declares for itself what its client can do.
    if (this.gateway.era === 'modern') return '{}';
    const known = this.known.get(capabilities);
    if (known !== undefined) return known;
    const declared = declaredTo(this.gateway, capabilities);
    if (this.known.size >= MAX_DECLARED) this.known.clear();
    this.known.set(capabilities, declared);
    return declared;
  }
}

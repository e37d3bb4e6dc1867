import { LIST_CHANGED, LIST_KINDS, type ListKind } from '../kernel/mcp.js';

/** Notices closer than this are one burst. */
const QUIET_MS = 1000;
/** Within a burst that does not end, one in so long is passed on all the same. */
const BURST_MS = 5000;

interface Heard {
  lastAt: number;
  markedAt: number;
}

/**
 * The notices of one upstream that are passed on once even if the list reads equal: it may mean more
 * than we compare (PROTOCOL.md §6.3 *Who*). Of a burst that is one; differences are told besides.
 */
export class OwnNotices {
  private readonly heard = new Map<string, Heard>();
  private waiting = new Set<string>();

  /** @param now ms on the monotonic clock */
  hear(method: string, now: number): void {
    const before = this.heard.get(method);
    const isNew =
      before === undefined || now - before.lastAt >= QUIET_MS || now - before.markedAt >= BURST_MS;
    if (isNew) this.waiting.add(method);
    this.heard.set(method, { lastAt: now, markedAt: isNew ? now : before.markedAt });
  }

  /** A read begins: what it finds answers what was heard until now. */
  take(): ReadonlySet<string> {
    const taken = this.waiting;
    this.waiting = new Set();
    return taken;
  }

  /** The read failed: the next one answers it. */
  giveBack(methods: ReadonlySet<string>): void {
    for (const method of methods) this.waiting.add(method);
  }
}

/** The lists that a notice speaks of. */
export function kindsOf(methods: ReadonlySet<string>): ListKind[] {
  return LIST_KINDS.filter((kind) => methods.has(LIST_CHANGED[kind]));
}

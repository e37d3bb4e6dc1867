const CLOSE_MS = 1000;
const BUSY_MS = 5000;
const BUSY_WINDOW_MS = 15_000;

interface Kind {
  readonly sentAt: number[];
  dueAt: number;
  timer: NodeJS.Timeout | null;
}

/**
 * Spaces the change notices of one listener: the first at once, then at least a second apart, from
 * the third within 15 s on five; later ones merge into the one that waits (PROTOCOL.md §6.3).
 */
export class NoticeSpacing {
  private readonly kinds = new Map<string, Kind>();

  constructor(private readonly send: (method: string) => void) {}

  due(method: string): void {
    const kind = this.kinds.get(method) ?? { sentAt: [], dueAt: 0, timer: null };
    this.kinds.set(method, kind);
    const now = performance.now();
    kind.dueAt = now;
    if (kind.timer !== null) return;
    while (kind.sentAt[0] !== undefined && now - kind.sentAt[0] > BUSY_WINDOW_MS)
      kind.sentAt.shift();
    const last = kind.sentAt.at(-1);
    const apart = kind.sentAt.length >= 2 ? BUSY_MS : CLOSE_MS;
    const wait = last === undefined ? 0 : last + apart - now;
    if (wait <= 0) this.now(method, kind);
    else
      kind.timer = setTimeout(() => {
        kind.timer = null;
        this.now(method, kind);
      }, wait);
  }

  /** Due unless it was already since then: the same change, heard of in two ways, is told once. */
  dueSince(method: string, since: number): void {
    const kind = this.kinds.get(method);
    if (kind === undefined || kind.dueAt < since) this.due(method);
  }

  /** @returns what was due and is not sent any more */
  stop(): ReadonlySet<string> {
    const unsent = new Set<string>();
    for (const [method, kind] of this.kinds) {
      if (kind.timer === null) continue;
      clearTimeout(kind.timer);
      unsent.add(method);
    }
    this.kinds.clear();
    return unsent;
  }

  private now(method: string, kind: Kind): void {
    kind.sentAt.push(performance.now());
    this.send(method);
  }
}

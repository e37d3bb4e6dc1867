const CLOSE_MS = 1000;
const BUSY_MS = 5000;
const BUSY_WINDOW_MS = 15_000;

interface Kind {
  readonly sentAt: number[];
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
    const kind = this.kinds.get(method) ?? { sentAt: [], timer: null };
    this.kinds.set(method, kind);
    if (kind.timer !== null) return;
    const now = performance.now();
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

  stop(): void {
    for (const kind of this.kinds.values()) if (kind.timer !== null) clearTimeout(kind.timer);
    this.kinds.clear();
  }

  private now(method: string, kind: Kind): void {
    kind.sentAt.push(performance.now());
    this.send(method);
  }
}

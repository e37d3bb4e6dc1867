import type { Message } from '../../kernel/jsonrpc.js';
import type { AfterProgress } from '../../kernel/upstream.js';

interface Entry {
  readonly hears: AfterProgress;
  progress: number;
}

const MAX_ENTRIES = 256;

/**
 * Requests that have their answer and go on as tasks: their progress token stays good until the task
 * ends (25 Tasks §Progress).
 */
export class LastingProgress {
  /** By our id, as text; oldest first. */
  private readonly entries = new Map<string, Entry>();

  add(id: number, hears: AfterProgress): void {
    for (const [key, entry] of this.entries) if (entry.hears.isOver) this.entries.delete(key);
    const [oldest] = this.entries.size < MAX_ENTRIES ? [] : this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
    this.entries.set(String(id), { hears, progress: -Infinity });
  }

  /** @returns whether a `notifications/progress` is of one of them */
  take({ params }: Message): boolean {
    const token = params?.raw('progressToken') ?? '';
    const entry = this.entries.get(token);
    if (entry === undefined) return false;
    const value = Number(params?.raw('progress'));
    if (entry.hears.isOver) this.entries.delete(token);
    if (entry.hears.isOver || !(value > entry.progress)) return false;
    entry.progress = value;
    entry.hears.progress(params?.without('progressToken') ?? '');
    return true;
  }
}

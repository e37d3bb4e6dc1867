import { Injectable } from '@nestjs/common';

interface Entry {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** Beyond this many the oldest entries go. */
const MAX_ENTRIES = 100_000;
/** Oldest entries looked at per write, so that what has expired unread goes too. */
const SWEEP = 2;

/** Short-lived texts of one process. */
@Injectable()
export class MemoryKv {
  private readonly entries = new Map<string, Entry>();

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.getNow(key));
  }

  getNow(key: string): string | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAtMs > Date.now()) return entry.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    // Deleted first, so that the order of the map is the order of writing.
    this.entries.delete(key);
    this.sweep();
    this.entries.set(key, { value, expiresAtMs: Date.now() + ttlMs });
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.entries.delete(key);
    return Promise.resolve();
  }

  private sweep(): void {
    const now = Date.now();
    let looked = 0;
    for (const [key, entry] of this.entries) {
      if (entry.expiresAtMs <= now || this.entries.size >= MAX_ENTRIES) this.entries.delete(key);
      looked += 1;
      if (looked >= SWEEP) return;
    }
  }
}

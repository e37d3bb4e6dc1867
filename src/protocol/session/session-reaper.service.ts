import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { InFlight } from '../in-flight.js';
import { Listeners } from '../listeners.js';
import { HeldSessions } from './held.js';
import { SessionEnd } from './session-end.js';
import { Sessions } from './sessions.js';

const MAX_INTERVAL_MS = 30_000;
const PASSES_PER_TTL = 4;

/**
 * Frees what clients left behind that never say goodbye: after `SESSION_TTL` without a request the id
 * stays good, and what was held beside it goes (PROTOCOL.md §3.1).
 */
@Injectable()
export class SessionReaper implements OnModuleInit, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly config: Config,
    private readonly held: HeldSessions,
    private readonly sessions: Sessions,
    private readonly listeners: Listeners,
    private readonly inFlight: InFlight,
    private readonly ends: SessionEnd,
  ) {}

  onModuleInit(): void {
    const pause = Math.min(MAX_INTERVAL_MS, this.config.sessionTtlMs / PASSES_PER_TTL);
    this.timer = setInterval(() => {
      this.reap(performance.now());
    }, pause);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  reap(now: number): void {
    const before = now - this.config.sessionTtlMs;
    for (const id of this.held.idleSince(before))
      // Who listens or waits for an answer is there, however quiet.
      if (this.listeners.has(id) || this.inFlight.has(id)) this.held.touch(id, now);
      else this.ends.release(id);
    this.sessions.forgetIdle(before);
  }
}

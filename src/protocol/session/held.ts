import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../kernel/errors.js';
import type { LogLevel } from '../../kernel/mcp.js';
import { Config } from '../../config/config.js';

interface Held {
  usedAt: number;
  level: LogLevel | null;
}

/** What a session gets that never said how severe its log messages must be. */
export const DEFAULT_LEVEL: LogLevel = 'info';

/**
 * The sessions that hold something beside their ids: a log level, subscriptions, a listening stream,
 * upstream sessions of their own (PROTOCOL.md §3.1). A session that only calls is not among them.
 */
@Injectable()
export class HeldSessions {
  private readonly held = new Map<string, Held>();

  constructor(private readonly config: Config) {}

  get size(): number {
    return this.held.size;
  }

  has(sessionId: string): boolean {
    return this.held.has(sessionId);
  }

  /** @throws GatewayError `overloaded` while as many sessions hold something as may */
  requireRoom(): void {
    if (this.held.size < this.config.mcpMaxSessions) return;
    throw new GatewayError('overloaded', { what: 'Too many sessions' }, { retryAfterSeconds: 30 });
  }

  /** From now on the session holds something. @throws GatewayError `overloaded` as `requireRoom` */
  hold(sessionId: string): void {
    const known = this.held.get(sessionId);
    if (known === undefined) this.add(sessionId);
    else known.usedAt = performance.now();
  }

  /** Hot: a request of the session. */
  touch(sessionId: string, now: number): void {
    const known = this.held.get(sessionId);
    if (known !== undefined) known.usedAt = now;
  }

  setLevel(sessionId: string, level: LogLevel): void {
    (this.held.get(sessionId) ?? this.add(sessionId)).level = level;
  }

  /** The level that the session asked for; `null` when it never did. */
  level(sessionId: string): LogLevel | null {
    return this.held.get(sessionId)?.level ?? null;
  }

  /** The sessions without a request since `before`, on the clock of `performance.now()`. */
  idleSince(before: number): string[] {
    const idle: string[] = [];
    for (const [id, { usedAt }] of this.held) if (usedAt < before) idle.push(id);
    return idle;
  }

  /** Whatever the session held is being freed by others; its place is free. */
  release(sessionId: string): void {
    this.held.delete(sessionId);
  }

  private add(sessionId: string): Held {
    this.requireRoom();
    const held: Held = { usedAt: performance.now(), level: null };
    this.held.set(sessionId, held);
    return held;
  }
}

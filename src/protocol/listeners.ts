import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import type { ServerId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { LIST_CHANGED, LIST_KINDS } from '../kernel/mcp.js';
import { Config } from '../config/config.js';
import { CatalogService } from '../registry/catalog.service.js';
import { changedKinds } from '../registry/catalog-view.js';
import type { CatalogView } from '../registry/entries.js';
import { NoticeSpacing } from './notice-spacing.js';
import { HeldSessions } from './session/held.js';
import type { Session } from './session/sessions.js';

/** The open stream of a session on which it hears what belongs to no call. */
export interface ListeningStream {
  /** @returns false when it could not be taken */
  send(message: string): boolean;
  /** Shows whether the far end still reads: a comment that is written or not. */
  probe(): void;
  close(): void;
}

interface Listener {
  readonly session: Session;
  readonly caller: Caller;
  readonly serverId: ServerId | null;
  readonly stream: ListeningStream;
  readonly spacing: NoticeSpacing;
  /** What it sees; `null` once its Server is gone. */
  view: CatalogView | null;
}

/** Sessions that listen, and the notices they get: each only of lists that changed for it (PROTOCOL.md §6.3). */
@Injectable()
export class Listeners implements OnModuleInit, OnModuleDestroy {
  private readonly bySession = new Map<string, Listener>();
  private readonly perPrincipal = new Map<string, number>();
  private stopWatching: () => void = () => undefined;

  constructor(
    private readonly catalog: CatalogService,
    private readonly config: Config,
    private readonly held: HeldSessions,
  ) {}

  onModuleInit(): void {
    this.stopWatching = this.catalog.onSwap(() => {
      this.compare();
    });
  }

  onModuleDestroy(): void {
    this.stopWatching();
    this.closeAll();
  }

  /**
   * @returns a function to call when the stream has ended
   * @throws GatewayError `stream_conflict` while the session listens; `too_many_streams`; `overloaded`
   *   while too many sessions hold something
   */
  add(session: Session, caller: Caller, stream: ListeningStream): () => void {
    const id = session.claims.randomId;
    const older = this.bySession.get(id);
    if (older !== undefined) {
      older.stream.probe();
      throw new GatewayError('stream_conflict', {}, { retryAfterSeconds: 1 });
    }
    this.checkRoom(caller);
    this.held.hold(id);
    const listener: Listener = {
      session,
      caller,
      serverId: session.claims.serverId,
      stream,
      spacing: new NoticeSpacing((method) => stream.send(notificationText(method, ''))),
      view: this.view(caller, session.claims.serverId),
    };
    this.bySession.set(id, listener);
    this.perPrincipal.set(caller.limiterKey, (this.perPrincipal.get(caller.limiterKey) ?? 0) + 1);
    this.catchUp(listener);
    return () => {
      this.remove(listener);
    };
  }

  /** Whether a session that holds nothing yet could listen. @throws GatewayError as `add` */
  requireRoom(caller: Caller): void {
    this.checkRoom(caller);
    this.held.requireRoom();
  }

  /** Sends to a session, if it listens. */
  send(sessionId: string, message: string): boolean {
    return this.bySession.get(sessionId)?.stream.send(message) ?? false;
  }

  has(sessionId: string): boolean {
    return this.bySession.has(sessionId);
  }

  close(sessionId: string): void {
    this.bySession.get(sessionId)?.stream.close();
  }

  private checkRoom(caller: Caller): void {
    const limit = this.config.maxStreamsPerPrincipal;
    if ((this.perPrincipal.get(caller.limiterKey) ?? 0) >= limit)
      throw new GatewayError('too_many_streams', { limit }, { retryAfterSeconds: 5 });
  }

  /** What changed while the session rested nobody knows: it reads its lists again (PROTOCOL.md §3.1). */
  private catchUp({ session, spacing }: Listener): void {
    if (!session.hasMissed) return;
    session.hasMissed = false;
    // The stream is opened by whoever adds it, right after.
    queueMicrotask(() => {
      for (const method of new Set(Object.values(LIST_CHANGED))) spacing.due(method);
    });
  }

  private remove(listener: Listener): void {
    const id = listener.session.claims.randomId;
    if (this.bySession.get(id) !== listener) return;
    this.held.touch(id, performance.now());
    this.bySession.delete(id);
    listener.spacing.stop();
    const key = listener.caller.limiterKey;
    const left = (this.perPrincipal.get(key) ?? 1) - 1;
    if (left > 0) this.perPrincipal.set(key, left);
    else this.perPrincipal.delete(key);
  }

  /** The end of a drain, or of the app. */
  closeAll(): void {
    for (const { stream } of [...this.bySession.values()]) stream.close();
  }

  private compare(): void {
    for (const listener of this.bySession.values()) {
      const next = this.view(listener.caller, listener.serverId);
      const kinds =
        next === null ? LIST_KINDS : changedKinds(listener.view ?? undefined, next, 'legacy');
      const wasGone = listener.view === null && next === null;
      listener.view = next;
      if (wasGone) continue;
      for (const method of new Set(kinds.map((kind) => LIST_CHANGED[kind])))
        listener.spacing.due(method);
    }
  }

  private view(caller: Caller, serverId: ServerId | null): CatalogView | null {
    try {
      return this.catalog.view(caller, serverId);
    } catch (e) {
      if (e instanceof GatewayError) return null;
      throw e;
    }
  }
}

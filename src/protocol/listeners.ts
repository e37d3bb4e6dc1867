import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { ClientView } from '../kernel/call.js';
import type { Caller } from '../kernel/caller.js';
import { GatewayError } from '../kernel/errors.js';
import type { ServerId } from '../kernel/ids.js';
import { notificationText } from '../kernel/jsonrpc.js';
import { LIST_KINDS, noticesOf } from '../kernel/mcp.js';
import { Config } from '../config/config.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import { CatalogService } from '../registry/catalog.service.js';
import { changedKinds } from '../registry/changed-kinds.js';
import type { CatalogView } from '../registry/entries.js';
import { UPSTREAM_NOTICE, type UpstreamNotice } from '../registry/upstream-notice.js';
import { NoticeSpacing } from './notice-spacing.js';
import { HeldSessions } from './session/held.js';
import { differing, ListMarking } from './session/list-marks.js';
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
  private stops: readonly (() => void)[] = [];

  constructor(
    private readonly catalog: CatalogService,
    private readonly config: Config,
    private readonly held: HeldSessions,
    private readonly bus: MemoryBus,
    private readonly marking: ListMarking,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.catalog.onSwap(() => {
        this.compare();
      }),
      this.bus.subscribe(UPSTREAM_NOTICE, (message) => {
        this.passOn(message as UpstreamNotice);
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    this.closeAll();
  }

  /**
   * @param isBack whether it proves that it had the stream which is open: that one is closed, its client
   *   cannot read it any more
   * @returns a function to call when the stream has ended
   * @throws GatewayError `stream_conflict` while the session listens; `too_many_streams`; `overloaded`
   *   while too many sessions hold something
   */
  add(session: Session, caller: Caller, stream: ListeningStream, isBack = false): () => void {
    const id = session.claims.randomId;
    const older = this.bySession.get(id);
    if (older !== undefined) this.giveWay(older, isBack);
    this.checkRoom(caller);
    this.held.hold(id);
    const listener: Listener = {
      session,
      caller,
      serverId: session.claims.serverId,
      stream,
      spacing: new NoticeSpacing((method) => stream.send(notificationText(method, ''))),
      view: this.catalog.findView(caller, session.claims.serverId),
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

  /** Takes what is said to a session that does not listen just now. @returns false when it does not keep it */
  keepForAbsent: (sessionId: string, message: string) => boolean = () => false;

  /** Sends to a session, if it listens, or did a moment ago. */
  send(sessionId: string, message: string): boolean {
    const listener = this.bySession.get(sessionId);
    if (listener === undefined) return this.keepForAbsent(sessionId, message);
    return listener.stream.send(message);
  }

  /** What is known of a client that listens. */
  clientOf(sessionId: string): ClientView | undefined {
    return this.bySession.get(sessionId)?.session.view;
  }

  /** What a session that listens sees; `null` once its Server is gone, `undefined` when it does not listen. */
  viewOf(sessionId: string): CatalogView | null | undefined {
    return this.bySession.get(sessionId)?.view;
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

  /** What changed while nobody listened: one notice of each kind, of all after a rest (PROTOCOL.md §3.1). */
  private catchUp({ session, view, spacing }: Listener): void {
    const kinds =
      view === null || session.seen === null ? [] : differing(session.seen, this.marking.of(view));
    const missed = new Set([...session.missed, ...noticesOf(kinds)]);
    session.missed = new Set();
    session.seen = null;
    if (missed.size === 0) return;
    // The stream is opened by whoever adds it, right after.
    queueMicrotask(() => {
      for (const method of missed) spacing.due(method);
    });
  }

  private giveWay(older: Listener, isBack: boolean): void {
    if (!isBack) {
      older.stream.probe();
      throw new GatewayError('stream_conflict', {}, { retryAfterSeconds: 1 });
    }
    this.remove(older);
    older.stream.close();
  }

  private remove(listener: Listener): void {
    const id = listener.session.claims.randomId;
    if (this.bySession.get(id) !== listener) return;
    this.held.touch(id, performance.now());
    this.bySession.delete(id);
    listener.session.missed = listener.spacing.stop();
    listener.session.seen = listener.view && this.marking.of(listener.view);
    const key = listener.caller.limiterKey;
    const left = (this.perPrincipal.get(key) ?? 1) - 1;
    if (left > 0) this.perPrincipal.set(key, left);
    else this.perPrincipal.delete(key);
  }

  /** The end of a drain, or of the app. */
  closeAll(): void {
    for (const { stream } of [...this.bySession.values()]) stream.close();
  }

  /** To those who see an item of that Gateway and kind, unless they were told since it was read. */
  private passOn({ gatewayId, kinds, ageMs }: UpstreamNotice): void {
    const since = performance.now() - ageMs;
    for (const { view, spacing } of this.bySession.values()) {
      const shown = kinds.filter((kind) => view?.shows(gatewayId, kind) === true);
      for (const method of noticesOf(shown)) spacing.dueSince(method, since);
    }
  }

  private compare(): void {
    for (const listener of this.bySession.values()) {
      const next = this.catalog.findView(listener.caller, listener.serverId);
      const kinds =
        next === null ? LIST_KINDS : changedKinds(listener.view ?? undefined, next, 'legacy');
      const wasGone = listener.view === null && next === null;
      listener.view = next;
      if (wasGone) continue;
      for (const method of noticesOf(kinds)) listener.spacing.due(method);
    }
  }
}

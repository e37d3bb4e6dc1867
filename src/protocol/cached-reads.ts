import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import { ownerOf } from '../kernel/caller.js';
import type { GatewayId } from '../kernel/ids.js';
import { findMembers, RELAYED, scanJson } from '../kernel/json-scan.js';
import type { UpstreamReply } from '../kernel/upstream.js';
import { Config } from '../config/config.js';
import { Watches } from '../federation/watches.service.js';
import { MemoryBus } from '../platform/bus/memory.bus.js';
import { CatalogService } from '../registry/catalog.service.js';
import type { ResourceEntry } from '../registry/entries.js';
import { EVERYTHING } from '../registry/visibility.js';
import { UPSTREAM_NOTICE, type UpstreamNotice } from '../registry/upstream-notice.js';
import { keptPrivate } from './era/private-scope.js';

interface Kept {
  readonly result: string;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

/** What is kept of one resource, by whose it is; what the upstream calls public is `EVERYBODY`'s. */
type OfResource = Map<string, Kept>;

const EVERYBODY = '';
/** Besides the claim of the protocol: what of `_meta` does not change an answer. */
const HARMLESS = ['progressToken', 'traceparent', 'tracestate', 'baggage'];
const CLAIMS = 'io.modelcontextprotocol/';

/**
 * Reads of modern upstreams, for as long as they said (PROTOCOL.md §6.4, 26 Caching). Who asks is looked at before:
 * only what a Caller may read is ever looked for.
 */
@Injectable()
export class CachedReads implements OnModuleInit, OnModuleDestroy {
  /** The one used least recently first. */
  private readonly resources = new Map<string, OfResource>();
  private entries = 0;
  private bytes = 0;
  /** What was asked before something was dropped may be older than that. */
  private drops = 0;
  private stops: readonly (() => void)[] = [];

  constructor(
    private readonly config: Config,
    private readonly catalog: CatalogService,
    private readonly watches: Watches,
    private readonly bus: MemoryBus,
  ) {}

  onModuleInit(): void {
    this.stops = [
      this.catalog.onSwap(() => {
        this.dropBelow('');
      }),
      this.watches.onResourceUpdated((gatewayId, uri) => {
        this.drops++;
        this.drop(keyOf(gatewayId, uri));
      }),
      this.bus.subscribe(UPSTREAM_NOTICE, (message) => {
        const { gatewayId, kinds } = message as UpstreamNotice;
        if (kinds.includes('resources')) this.dropBelow(keyOf(gatewayId, ''));
      }),
    ];
  }

  onModuleDestroy(): void {
    for (const stop of this.stops) stop();
    this.dropBelow('');
  }

  get size(): number {
    return this.entries;
  }

  /** What the upstream answered, with what is left of its `ttlMs`; `null` when it must be asked. */
  find(call: Call, entry: ResourceEntry): UpstreamReply | null {
    if (!this.isFor(call, entry)) return null;
    const key = keyOf(entry.gateway.id, entry.upstreamUri);
    const known = this.resources.get(key);
    if (known === undefined) return null;
    const kept = this.live(known, ownerOf(call.caller)) ?? this.live(known, EVERYBODY);
    if (kept === null) {
      if (known.size === 0) this.resources.delete(key);
      return null;
    }
    const leftMs = Math.floor(kept.until - performance.now());
    this.resources.delete(key);
    this.resources.set(key, known);
    const ttl = new Map([['ttlMs', String(leftMs)]]);
    return { result: scanJson(kept.result, RELAYED).top.spliced(ttl), era: 'modern' };
  }

  /** What is good for a millisecond at least; what is over goes. */
  private live(known: OfResource, owner: string): Kept | null {
    const kept = known.get(owner);
    if (kept === undefined || kept.until - performance.now() >= 1) return kept ?? null;
    this.forget(known, owner);
    return null;
  }

  /** What takes the answer of the upstream to this read, where it may be kept. */
  keeper(call: Call, entry: ResourceEntry): ((reply: UpstreamReply) => void) | undefined {
    if (!this.isFor(call, entry)) return undefined;
    const { drops } = this;
    return (reply) => {
      if (this.drops === drops && reply.era === 'modern') this.keep(call, entry, reply.result);
    };
  }

  /** A read as its client may keep it: public only where everybody gets the same without any credential. */
  scoped({ caller }: Call, result: string): string {
    const isOpen = !this.config.authRequired && caller.visibility === EVERYTHING.key;
    return isOpen ? result : keptPrivate(result);
  }

  private isFor({ message }: Call, { gateway }: ResourceEntry): boolean {
    if (gateway.era !== 'modern' || this.config.resourceCacheSize === 0) return false;
    // What is read with the login of a person holds as long as that login, of which nothing is told here.
    if (gateway.loginPerUser) return false;
    // Anything else that goes up may change what comes down; answers belong to one call alone.
    if (message.params?.without('uri', '_meta') !== '') return false;
    const meta = message.params.raw('_meta');
    if (meta === undefined) return true;
    const names = findMembers(meta)?.names() ?? [];
    return names.every((name) => name.startsWith(CLAIMS) || HARMLESS.includes(name));
  }

  private keep({ caller }: Call, { gateway, upstreamUri }: ResourceEntry, result: string): void {
    const top = findMembers(result, RELAYED);
    const ttlMs = Math.min(Number(top?.raw('ttlMs')), this.config.resourceCacheTtlMs);
    const isWhole = (top?.string('resultType') ?? 'complete') === 'complete';
    const { resourceCacheMaxBytes: maxBytes } = this.config;
    if (!(ttlMs > 0) || !isWhole || result.length > maxBytes) return;
    const isPublic = top?.string('cacheScope') === 'public';
    const key = keyOf(gateway.id, upstreamUri);
    const known: OfResource = this.resources.get(key) ?? new Map<string, Kept>();
    this.forget(known, ownerOf(caller));
    if (isPublic) this.forget(known, EVERYBODY);
    known.set(isPublic ? EVERYBODY : ownerOf(caller), {
      result,
      until: performance.now() + ttlMs,
    });
    this.entries++;
    this.bytes += result.length;
    this.resources.delete(key);
    this.resources.set(key, known);
    this.makeRoom();
  }

  private makeRoom(): void {
    const { resourceCacheSize: maxEntries, resourceCacheMaxBytes: maxBytes } = this.config;
    for (const [key, known] of this.resources) {
      for (const owner of known.keys()) {
        if (this.entries <= maxEntries && this.bytes <= maxBytes) return;
        this.forget(known, owner);
      }
      if (known.size === 0) this.resources.delete(key);
    }
  }

  private forget(known: OfResource, owner: string): void {
    const kept = known.get(owner);
    if (kept === undefined) return;
    known.delete(owner);
    this.entries--;
    this.bytes -= kept.result.length;
  }

  private dropBelow(prefix: string): void {
    this.drops++;
    for (const key of this.resources.keys()) if (key.startsWith(prefix)) this.drop(key);
  }

  private drop(key: string): void {
    const known = this.resources.get(key);
    if (known === undefined) return;
    for (const owner of known.keys()) this.forget(known, owner);
    this.resources.delete(key);
  }
}

function keyOf(gatewayId: GatewayId, uri: string): string {
  return `${gatewayId} ${uri}`;
}

import { Injectable } from '@nestjs/common';
import type { Gateway, JsonObject, UpstreamCredential } from '../../kernel/catalog.js';
import type { GatewayId } from '../../kernel/ids.js';
import { LATEST_MODERN } from '../../kernel/mcp.js';
import { Log } from '../../platform/log/log.js';
import type { ConnectionKind, Greeting, OpenOptions } from './connection.js';

/** How an upstream is spoken to, and since when that is known. */
export interface KnownEra {
  /** What a modern upstream said of itself; `null` = legacy. */
  readonly modern: Greeting | null;
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** How a legacy upstream calls itself, and when that was last a reason to ask for its era. */
interface Named {
  readonly name: string | null;
  /** On the monotonic clock. */
  readonly askedAt: number;
}

/** Least pause between two looks at the era of an upstream because of its name. */
const RENAMED_MS = 60_000;

/**
 * The era of each upstream: a property of the server, not of a request (PROTOCOL.md §7.1). The record
 * remembers it for every replica and restart; what was found since stands here.
 */
@Injectable()
export class Eras {
  private readonly found = new Map<GatewayId, KnownEra>();
  /** By Gateway; where each person has a login by that: what keeps one out says nothing of others. */
  private readonly probing = new Map<GatewayId | UpstreamCredential, Promise<KnownEra>>();
  private readonly names = new Map<GatewayId, Named>();
  private readonly listeners = new Set<(id: GatewayId) => void>();

  constructor(private readonly log: Log) {}

  /** What is known; `null` = nothing yet. */
  of(gateway: Gateway): KnownEra | null {
    const found = this.found.get(gateway.id);
    const stored = recorded(gateway);
    if (found === undefined) return stored;
    return stored !== null && stored.at > found.at ? stored : found;
  }

  /** Asks the upstream; those who ask at once share the answer. @throws GatewayError as the probe does */
  probe(kind: ConnectionKind, options: OpenOptions): Promise<KnownEra> {
    const { gateway, credential } = options;
    const key = gateway.loginPerUser ? credential : gateway.id;
    const running = this.probing.get(key);
    if (running !== undefined) return running;
    const probe = this.ask(kind, options).finally(() => {
      this.probing.delete(key);
    });
    this.probing.set(key, probe);
    return probe;
  }

  private async ask(kind: ConnectionKind, options: OpenOptions): Promise<KnownEra> {
    const verdict = (await kind.probe?.(options)) ?? { era: 'legacy' };
    const at = new Date().toISOString();
    if (verdict.era === 'legacy') return { modern: null, at };
    const { greeting, refusal } = verdict;
    const gateway = options.gateway.slug;
    if (refusal !== undefined)
      this.log.error({ event: 'upstream.refuses_discover', gateway, code: refusal });
    return { modern: greeting, at };
  }

  /** Remembers it. Who listens hears of it if it is another era than before. */
  keep(gateway: Gateway, era: KnownEra): void {
    const before = this.of(gateway);
    this.found.set(gateway.id, era);
    if (before === null || isSame(before, era)) return;
    for (const listener of this.listeners) listener(gateway.id);
  }

  /**
   * Whether a legacy upstream calls itself otherwise than before: another version of it may speak both
   * eras, and would be taken for legacy as long as `initialize` works. Said at most so often, for
   * replicas of one server may differ.
   */
  isRenamed(gateway: Gateway, greeting: Greeting): boolean {
    const { id } = gateway;
    const name = nameIn(greeting.serverInfo);
    const before = this.names.get(id) ?? { name: nameOf(gateway.serverInfo), askedAt: -Infinity };
    if (before.name === name) return false;
    if (before.name === null) {
      this.named(gateway, greeting);
      return false;
    }
    const now = performance.now();
    if (now - before.askedAt < RENAMED_MS) return false;
    this.names.set(id, { name: before.name, askedAt: now });
    return true;
  }

  /** That it is called so has been looked into. */
  named({ id }: Gateway, { serverInfo }: Greeting): void {
    const askedAt = this.names.get(id)?.askedAt ?? -Infinity;
    this.names.set(id, { name: nameIn(serverInfo), askedAt });
  }

  /** The Gateway was changed or is gone. */
  forget(id: GatewayId): void {
    this.found.delete(id);
    this.names.delete(id);
  }

  onChange(listener: (id: GatewayId) => void): void {
    this.listeners.add(listener);
  }
}

export function isSame(a: KnownEra, b: KnownEra): boolean {
  return (a.modern === null) === (b.modern === null);
}

function recorded(gateway: Gateway): KnownEra | null {
  const { era, eraAt } = gateway;
  if (era === null || eraAt === null) return null;
  return { modern: era === 'modern' ? storedGreeting(gateway) : null, at: eraAt };
}

/** What it said when it was read last: opening a line to it costs no question. */
function storedGreeting(gateway: Gateway): Greeting {
  return {
    era: 'modern',
    protocolVersion: gateway.protocolVersion ?? LATEST_MODERN,
    capabilities: JSON.stringify(gateway.capabilities),
    serverInfo: gateway.serverInfo === null ? null : JSON.stringify(gateway.serverInfo),
    instructions: gateway.instructions,
  };
}

function nameIn(serverInfo: string | null): string | null {
  return serverInfo === null ? null : nameOf(JSON.parse(serverInfo) as JsonObject);
}

/** Name and version; what else a server says of itself tells nothing of what it speaks. */
function nameOf(serverInfo: JsonObject | null): string | null {
  return serverInfo === null ? null : JSON.stringify([serverInfo['name'], serverInfo['version']]);
}

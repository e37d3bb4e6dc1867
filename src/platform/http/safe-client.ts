import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'undici';
import { Config } from '../../config/config.js';
import { Log } from '../log/log.js';
import { EgressPolicy } from './egress-policy.js';
import { guardedConnector, resolveWithSystem } from './guarded-connector.js';
import { makeHoldable } from './read-hold.js';
import { readWhole } from './read-whole.js';
import type { WholeReply, WholeRequest } from './read-whole.js';

export interface PoolOptions {
  /** Most connections at the same time; 128 unless given. */
  readonly connections?: number;
  /** UPSTREAM_CONNECT_TIMEOUT unless given. */
  readonly connectTimeoutMs?: number;
}

/** The use of a pool. */
export interface Lease {
  readonly pool: Pool;
  /** It is not used any more, but for what is under way. */
  end(): void;
}

interface Held {
  readonly key: string;
  readonly pool: Pool;
  holders: number;
}

const CONNECTIONS = 128;
/** How often it is looked whether the last request of a pool that nobody holds is over. */
const LEAVE_MS = 1000;
const MAX_NOTED = 1000;

/**
 * The only door for outgoing HTTP. Every connection passes the EgressPolicy; redirects are never
 * followed, proxies of the environment never used.
 */
@Injectable()
export class SafeClient implements OnApplicationShutdown {
  private readonly held = new Map<string, Held>();
  private readonly leaving = new Set<Pool>();
  private looking: NodeJS.Timeout | null = null;
  private readonly noted = new Set<string>();

  constructor(
    private readonly config: Config,
    private readonly policy: EgressPolicy,
    private readonly log: Log,
  ) {}

  /**
   * The pool of an origin, one for all who ask with the same options. It sets no time limits besides
   * that of connecting: a call may be silent for minutes, its own clock ends it. When the last lease
   * has ended and nothing is under way, its sockets end.
   * @throws GatewayError `egress_blocked` when the URL alone shows that it must not be called
   */
  lease(url: URL, options: PoolOptions = {}): Lease {
    this.policy.checkUrl(url);
    const connections = options.connections ?? CONNECTIONS;
    const timeoutMs = options.connectTimeoutMs ?? this.config.upstreamConnectTimeoutMs;
    const key = `${url.origin} ${String(connections)}/${String(timeoutMs)}`;
    let held = this.held.get(key);
    if (held === undefined) {
      const pool = this.createPool(url.origin, connections, timeoutMs);
      this.held.set(key, (held = { key, pool, holders: 0 }));
    }
    held.holders++;
    return this.leaseOf(held);
  }

  /**
   * One request whose answer is read whole, with a limit for all of it together.
   * @throws GatewayError `egress_blocked`, `upstream_unreachable`, `upstream_timeout`, `upstream_error`
   */
  async request(request: WholeRequest): Promise<WholeReply> {
    const lease = this.lease(request.url);
    try {
      return await readWhole(lease.pool, request);
    } finally {
      lease.end();
    }
  }

  /**
   * A socket of its own, for a protocol that HTTP only opens. Whoever gets it ends it.
   * @param url with `http` or `https`
   * @param done called once; a GatewayError `egress_blocked` for what must not be called
   */
  connect(
    url: URL,
    timeoutMs: number,
    done: (error: Error | null, socket: Socket | null) => void,
  ): void {
    const { protocol, host, port } = url;
    try {
      this.policy.checkUrl(url);
    } catch (e) {
      done(e as Error, null);
      return;
    }
    const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.connector(url.origin, timeoutMs)({ hostname, host, protocol, port }, (error, socket) => {
      if (error === null) done(null, socket);
      else done(error, null);
    });
  }

  /** Ends every connection, also those in use. */
  async close(): Promise<void> {
    const all = [...[...this.held.values()].map(({ pool }) => pool), ...this.leaving];
    this.held.clear();
    this.leaving.clear();
    this.look();
    await Promise.all(all.map((pool) => pool.destroy()));
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private leaseOf(held: Held): Lease {
    let isOver = false;
    return {
      pool: held.pool,
      end: () => {
        if (isOver) return;
        isOver = true;
        if (--held.holders > 0 || this.held.get(held.key) !== held) return;
        this.held.delete(held.key);
        this.leaving.add(held.pool);
        this.look();
      },
    };
  }

  /** What is under way may still have to be cancelled, on the same pool: it is closed after that. */
  private look(): void {
    for (const pool of this.leaving) {
      if (pool.stats.size > 0) continue;
      this.leaving.delete(pool);
      void pool.close();
    }
    if (this.looking !== null) clearTimeout(this.looking);
    this.looking = null;
    if (this.leaving.size === 0) return;
    this.looking = setTimeout(() => {
      this.look();
    }, LEAVE_MS).unref();
  }

  private createPool(origin: string, connections: number, timeoutMs: number): Pool {
    const connect = this.connector(origin, timeoutMs);
    return new Pool(origin, {
      connections,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, done) => {
        connect(target, (...made) => {
          if (made[1] !== null) makeHoldable(made[1]);
          done(...made);
        });
      },
    });
  }

  private connector(origin: string, timeoutMs: number): ReturnType<typeof guardedConnector> {
    return guardedConnector({
      policy: this.policy,
      resolve: resolveWithSystem,
      timeoutMs,
      skipSslVerify: this.config.skipSslVerify,
      onConnected: (address) => {
        this.noteLocal(origin, address);
      },
    });
  }

  private noteLocal(origin: string, address: string): void {
    if (this.noted.has(origin) || !this.policy.isLocal(address)) return;
    if (this.noted.size >= MAX_NOTED) this.noted.clear();
    this.noted.add(origin);
    this.log.info({ event: 'egress.local', origin, address });
  }
}

import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'undici';
import { Config } from '../../config/config.js';
import { Log } from '../log/log.js';
import { EgressPolicy } from './egress-policy.js';
import { guardedConnector, resolveWithSystem } from './guarded-connector.js';
import { readWhole } from './read-whole.js';
import type { WholeReply, WholeRequest } from './read-whole.js';

export interface PoolOptions {
  /** Most connections at the same time; 128 unless given. */
  readonly connections?: number;
  /** UPSTREAM_CONNECT_TIMEOUT unless given. */
  readonly connectTimeoutMs?: number;
}

const CONNECTIONS = 128;

/**
 * The only door for outgoing HTTP. Every connection passes the EgressPolicy; redirects are never
 * followed, proxies of the environment never used.
 */
@Injectable()
export class SafeClient implements OnApplicationShutdown {
  private readonly pools = new Map<string, Map<string, Pool>>();
  private readonly noted = new Set<string>();

  constructor(
    private readonly config: Config,
    private readonly policy: EgressPolicy,
    private readonly log: Log,
  ) {}

  /**
   * The pool of an origin, kept until `release`. It sets no time limits besides that of connecting:
   * a call may be silent for minutes, its own clock ends it.
   * @throws GatewayError `egress_blocked` when the URL alone shows that it must not be called
   */
  pool(url: URL, options: PoolOptions = {}): Pool {
    this.policy.checkUrl(url);
    const connections = options.connections ?? CONNECTIONS;
    const timeoutMs = options.connectTimeoutMs ?? this.config.upstreamConnectTimeoutMs;
    const key = `${String(connections)}/${String(timeoutMs)}`;
    let ofOrigin = this.pools.get(url.origin);
    if (!ofOrigin) this.pools.set(url.origin, (ofOrigin = new Map<string, Pool>()));
    const known = ofOrigin.get(key);
    if (known) return known;
    const made = this.createPool(url.origin, connections, timeoutMs);
    ofOrigin.set(key, made);
    return made;
  }

  /**
   * One request whose answer is read whole, with a limit for all of it together.
   * @throws GatewayError `egress_blocked`, `upstream_unreachable`, `upstream_timeout`, `upstream_error`
   */
  request(request: WholeRequest): Promise<WholeReply> {
    return readWhole(this.pool(request.url), request);
  }

  /** Lets go of an origin nobody calls any more; what is under way ends by itself. */
  release(origin: string): void {
    const ofOrigin = this.pools.get(origin);
    this.pools.delete(origin);
    this.noted.delete(origin);
    for (const pool of ofOrigin?.values() ?? []) void pool.close();
  }

  /** Ends every connection, also those in use. */
  async close(): Promise<void> {
    const all = [...this.pools.values()].flatMap((ofOrigin) => [...ofOrigin.values()]);
    this.pools.clear();
    await Promise.all(all.map((pool) => pool.destroy()));
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private createPool(origin: string, connections: number, timeoutMs: number): Pool {
    return new Pool(origin, {
      connections,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: guardedConnector({
        policy: this.policy,
        resolve: resolveWithSystem,
        timeoutMs,
        skipSslVerify: this.config.skipSslVerify,
        onConnected: (address) => {
          this.noteLocal(origin, address);
        },
      }),
    });
  }

  private noteLocal(origin: string, address: string): void {
    if (this.noted.has(origin) || !this.policy.isLocal(address)) return;
    this.noted.add(origin);
    this.log.info({ event: 'egress.local', origin, address });
  }
}

import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { EgressPolicy } from './egress-policy.js';

/** Resolves a name to all its addresses. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export const resolveWithSystem: Resolve = (hostname, done) => {
  systemLookup(hostname, { all: true }, done);
};

export interface ConnectorOptions {
  readonly policy: EgressPolicy;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
  readonly skipSslVerify: boolean;
  /** Hears the address of each new connection. */
  readonly onConnected: (address: string) => void;
}

/**
 * Connects only where the policy allows. undici does not ask `lookup` for address literals, and a
 * name may resolve differently each time; so the literal is checked, then every resolved address
 * (the socket is then given exactly those), then the far end of the socket (SECURITY.md F7, S27).
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { policy } = options;
  const connectors = new Map<number, buildConnector.connector>();
  const connectorOf = (port: number): buildConnector.connector => {
    const known = connectors.get(port) ?? connectorFor(options, port);
    connectors.set(port, known); // kept, because it remembers TLS sessions
    return known;
  };
  return (target, done) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    const blocked = faultOf(() => {
      policy.checkTarget(target.hostname, port);
    });
    if (blocked) {
      done(blocked, null);
      return;
    }
    connectorOf(port)(target, (error, socket) => {
      if (error) {
        done(error, null);
        return;
      }
      const address = socket.remoteAddress ?? '';
      const fault = faultOf(() => {
        policy.check(address, port);
      });
      if (fault) {
        socket.destroy();
        done(fault, null);
        return;
      }
      options.onConnected(address);
      done(null, socket);
    });
  };
}

function connectorFor(options: ConnectorOptions, port: number): buildConnector.connector {
  return buildConnector({
    timeout: options.timeoutMs,
    lookup: guardedLookup(options, port),
    rejectUnauthorized: !options.skipSslVerify,
  });
}

function guardedLookup({ policy, resolve }: ConnectorOptions, port: number): LookupFunction {
  return (hostname, wanted, done) => {
    resolve(hostname, (error, addresses) => {
      const usable = addresses.filter(({ family }) => !wanted.family || wanted.family === family);
      const [first] = usable;
      const fault =
        error ??
        (first
          ? faultOf(() => {
              checkAll(policy, addresses, port);
            })
          : notFound(hostname));
      if (fault || !first) done(fault ?? notFound(hostname), []);
      else if (wanted.all) done(null, usable);
      else done(null, first.address, first.family);
    });
  };
}

/** One bad address refuses the name: a mixed answer is how rebinding looks. */
function checkAll(policy: EgressPolicy, addresses: readonly LookupAddress[], port: number): void {
  for (const { address } of addresses) policy.check(address, port);
}

function notFound(hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
}

function faultOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return error as Error;
  }
}

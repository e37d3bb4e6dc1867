import { loadConfig } from '../../src/config/load-config.js';
import type { Config } from '../../src/config/config.js';
import type { Gateway } from '../../src/kernel/catalog.js';
import { GatewayError } from '../../src/kernel/errors.js';
import type { Driver, UpstreamReply, UpstreamRequest } from '../../src/kernel/upstream.js';
import { Sealer } from '../../src/platform/crypto/sealer.js';
import { Meters } from '../../src/platform/metrics/meters.js';
import { ClientRequests } from '../../src/protocol/client-requests.js';
import { Legs } from '../../src/protocol/legs.js';
import type { Sessions } from '../../src/protocol/session/sessions.js';
import { DriverRegistry } from '../../src/upstreams/driver.registry.js';
import { Invoker } from '../../src/upstreams/invoker.js';

/** A request that has arrived at the upstream, still open: the test plays the upstream. */
export class OpenLeg {
  /** Why we no longer wait for it. */
  cancelled: string | null = null;
  private settle: { resolve(reply: UpstreamReply): void; reject(error: Error): void } | null = null;

  constructor(
    readonly gateway: Gateway,
    readonly request: UpstreamRequest,
  ) {}

  /** What the driver gives back. */
  run(): Promise<UpstreamReply> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.request.abort.onAbort((reason) => {
        this.cancelled = reason;
        reject(new GatewayError('cancelled'));
      });
    });
  }

  /** Asks the client. @returns the inside of the reply envelope, and how to withdraw the question */
  ask(method: string, params: string): { reply: Promise<string>; withdraw: () => void } {
    let withdraw = (): void => undefined;
    const reply = new Promise<string>((resolve) => {
      const { observer } = this.request;
      if (observer === null) throw new Error('nobody hears this request');
      withdraw = observer.ask(method, params, resolve);
    });
    return { reply, withdraw };
  }

  answer(result: string, era: UpstreamReply['era'] = 'legacy'): void {
    this.request.observer?.end();
    this.settle?.resolve({ result, era });
  }

  fail(error: Error): void {
    this.request.observer?.end();
    this.settle?.reject(error);
  }
}

/** A driver whose upstream is the test. */
export class FakeDriver implements Driver {
  readonly kind = 'mcp';
  readonly legs: OpenLeg[] = [];
  private readonly waiting: ((leg: OpenLeg) => void)[] = [];
  private taken = 0;

  request(gateway: Gateway, request: UpstreamRequest): Promise<UpstreamReply> {
    const leg = new OpenLeg(gateway, request);
    const run = leg.run();
    this.legs.push(leg);
    const next = this.waiting.shift();
    if (next !== undefined) {
      this.taken++;
      next(leg);
    }
    return run;
  }

  /** The next request that arrives. */
  next(): Promise<OpenLeg> {
    const leg = this.legs[this.taken];
    if (leg === undefined) return new Promise((resolve) => this.waiting.push(resolve));
    this.taken++;
    return Promise.resolve(leg);
  }
}

/** The way up over a FakeDriver, with all that is real between. */
export function aWayUp(env: Readonly<Record<string, string>> = {}): {
  config: Config;
  driver: FakeDriver;
  meters: Meters;
  sealer: Sealer;
  clientRequests: ClientRequests;
  legs: Legs;
} {
  const config = loadConfig(
    { AUTH_ENCRYPTION_SECRET: 'only-for-tests-only-for-tests-only', ...env },
    { cwd: __dirname },
  );
  const meters = new Meters(config);
  const driver = new FakeDriver();
  const drivers = new DriverRegistry();
  drivers.register(driver);
  const sealer = new Sealer(config);
  const clientRequests = new ClientRequests(meters);
  // Only the level of a session's logs is asked of it.
  const sessions = { level: () => 'info', askedLevel: () => null } as unknown as Sessions;
  const invoker = new Invoker(drivers, config, meters);
  const legs = new Legs(invoker, config, sessions, clientRequests, meters);
  return { config, driver, meters, sealer, clientRequests, legs };
}

import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { ConfigError } from './config/config-error.js';
import { loadConfig } from './config/load-config.js';
import { judgeSafety } from './config/safety.js';
import { createApp } from './create-app.js';
import { drain } from './drain.js';
import { createLogger } from './platform/log/log.js';
import type { Log } from './platform/log/log.js';
import { EgressPolicy } from './platform/http/egress-policy.js';
import { keepObjectsYoung } from './platform/process/young-objects.js';
import { resolveSecrets } from './platform/crypto/secrets.js';
import { LoginLinks } from './upstreams/oauth/login-links.service.js';
import { registerGatewaysFile } from './gateways-file.js';

export interface BootstrapOptions {
  /** Settings from the command line, by property name of Config. */
  readonly flags?: Readonly<Record<string, string>>;
  /** A file of `mcpServers` to register at start. */
  readonly gatewaysFile?: string;
}

const EXIT_CONFIG = 78;
const EXIT_ON_SECOND = { SIGTERM: 143, SIGINT: 130 } as const;
/** What remains after the deadline for answers, children and the database. */
const FORCED_END_MS = 5000;
const CRASH_DRAIN_MS = 5000;

/** Configuration → app → listen → drain. @throws ConfigError */
export async function bootstrap(options: BootstrapOptions = {}): Promise<void> {
  keepObjectsYoung();
  const loaded = loadConfig(process.env, { flags: options.flags ?? {} });
  const log = createLogger(loaded);
  const config = resolveSecrets(loaded, log);
  for (const warning of judgeSafety(config, process.env).warnings)
    log.warn({ event: 'config.unsafe', ...warning });
  const app = await createApp(config, log);
  await app.listen(config.port, config.host);
  const { port } = app.getHttpServer().address() as AddressInfo;
  app.get(EgressPolicy).listensOn(port);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `http://${host}:${String(port)}${config.appRootPath}`;
  app.get(LoginLinks).listensAt(url);
  log.info({ event: 'gateway.listening', url, pid: process.pid }, `Listening on ${url}`);
  onSignals(app, log, config.shutdownDelayMs, config.shutdownTimeoutMs);
  if (options.gatewaysFile !== undefined) await registerGatewaysFile(app, options.gatewaysFile);
}

function onSignals(app: INestApplication, log: Log, delayMs: number, timeoutMs: number): void {
  let isEnding = false;
  const end = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (isEnding) process.exit(EXIT_ON_SECOND[signal]);
    isEnding = true;
    setTimeout(() => process.exit(0), delayMs + timeoutMs + FORCED_END_MS).unref();
    void drain(app, signal === 'SIGTERM' ? delayMs : 0).finally(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('uncaughtException', (err) => {
    log.error({ event: 'process.uncaught', err });
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(1), CRASH_DRAIN_MS).unref();
    void drain(app, 0).finally(() => process.exit(1));
  });
}

/** Says what kept the gateway from starting, all of it. */
function refuse(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
}

if (require.main === module) bootstrap().catch(refuse);

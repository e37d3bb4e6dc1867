import 'reflect-metadata';
import { pino } from 'pino';
import type { Config } from '../../config/config.js';
import { GatewayError } from '../../kernel/errors.js';
import { createLogger } from '../../platform/log/log.js';
import type { Log } from '../../platform/log/log.js';
import type { NewGateway } from '../../registry/discovered.js';
import { envFault } from '../../registry/command-rules.js';
import { CommandError, EXIT } from '../exit-code.js';
import type { TranslateFlags } from '../translate-command.js';
import type { WrapperIo } from '../wrapper/main.js';
import { Apps } from './translate/apps.js';
import { childEnv } from './translate/child-env.js';
import { Front } from './translate/front.js';
import { exposedBy, headerVariables, pathsOf, type Source, sourceOf } from './translate/plan.js';
import { TranslateApp, type TranslateParts } from './translate/translate-app.js';
import { translateConfig } from './translate/translate-config.js';

/** Runs `mcpgateway translate` to its end. @returns the exit code */
export async function translate(flags: TranslateFlags, io: WrapperIo): Promise<number> {
  const source = sourceOf(flags);
  const config = translateConfig(flags, io.env);
  const log = createLogger(config, pino.destination(2));
  const run = 'remote' in source ? overStdio : exposed;
  return run({ flags, io, source, config, log });
}

interface Run {
  readonly flags: TranslateFlags;
  readonly io: WrapperIo;
  readonly source: Source;
  readonly config: Config;
  readonly log: Log;
}

/** A remote server on this stdio; stdout carries JSON-RPC only. */
async function overStdio(run: Run): Promise<number> {
  const { io } = run;
  const app = await started(TranslateApp.start(partsOf(run, {})));
  const signal = new Promise<number>((resolve) => {
    io.onSignal(resolve);
  });
  const served = app.serveStdio(io.stdin, io.stdout).then(() => EXIT.done);
  const code = await Promise.race([served, signal]);
  await app.close();
  return code;
}

/** A server of this machine on a port. */
async function exposed(run: Run): Promise<number> {
  const { flags, io, config } = run;
  const variables = headerVariables(flags, envFault);
  const apps = new Apps(variables, (env) => TranslateApp.start(partsOf(run, env)));
  const paths = pathsOf(flags);
  const front = new Front(apps, { paths, bearer: flags.oauth2Bearer ?? null, config });
  const signal = new Promise<number>((resolve) => {
    io.onSignal(resolve);
  });
  try {
    await started(apps.first());
    const port = await listening(front, config);
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    const shown = [...exposedBy(flags)].map((one) => (one === 'sse' ? paths.sse : `/${one}`));
    io.stderr.write(`Listening on http://${host}:${String(port)} (${shown.join(' ')})\n`);
    return await signal;
  } finally {
    await front.close();
  }
}

function partsOf(run: Run, env: Readonly<Record<string, string>>): TranslateParts {
  const { flags, io, config, log } = run;
  const messagePath = pathsOf(flags).message;
  return { config, log, upstream: upstreamOf(run, env), stderr: io.stderr, messagePath };
}

function upstreamOf(
  { flags, io, source }: Run,
  more: Readonly<Record<string, string>>,
): NewGateway {
  const common = { name: 'upstream', nameMode: 'original', trusted: true } as const;
  if ('remote' in source) {
    const { oauth2Bearer } = flags;
    const auth =
      oauth2Bearer === undefined ? {} : ({ authType: 'bearer', authToken: oauth2Bearer } as const);
    return { ...common, ...source.remote, ...auth };
  }
  const [command = '', ...args] = source.argv;
  const env = childEnv(io.env, more);
  return {
    ...common,
    transport: 'STDIO',
    command,
    args,
    env,
    cwd: io.cwd,
    sessionMode: sessionModeOf(flags),
  };
}

function sessionModeOf({ stateless, headerToEnv = [] }: TranslateFlags): NewGateway['sessionMode'] {
  if (stateless === true) return 'per-request';
  return headerToEnv.length > 0 ? 'per-session' : 'auto';
}

async function started<T>(start: Promise<T>): Promise<T> {
  try {
    return await start;
  } catch (e) {
    if (!(e instanceof GatewayError)) throw e;
    throw new CommandError(`The server cannot be used: ${e.message}.`, EXIT.unreachable);
  }
}

async function listening(front: Front, { port, host }: Config): Promise<number> {
  try {
    return await front.listen(port, host);
  } catch (e) {
    const code = e instanceof Error && 'code' in e ? String(e.code) : String(e);
    const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code})`;
    throw new CommandError(`Port ${String(port)} ${why}. Choose another with --port.`, EXIT.usage);
  }
}

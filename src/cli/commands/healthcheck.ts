import { EXIT } from '../exit-code.js';
import type { Io } from '../io.js';

interface Options {
  readonly url?: string;
  /** Seconds. */
  readonly timeout: number;
}

/** Asks `/ready`. @returns exit code: done, negative answer, unreachable, timed out */
export async function checkHealth(options: Options, io: Io): Promise<number> {
  const url = `${await baseUrl(options, io)}/ready`;
  try {
    const signal = AbortSignal.timeout(options.timeout * 1_000);
    const response = await fetch(url, { signal, redirect: 'error' });
    await response.body?.cancel();
    if (response.status === 200) return EXIT.done;
    io.err(`${url} answers ${String(response.status)}. See the gateway's log.\n`);
    return EXIT.negative;
  } catch (e) {
    const isTimeout = e instanceof Error && e.name === 'TimeoutError';
    const problem = isTimeout ? `says nothing for ${String(options.timeout)} s` : 'does not answer';
    io.err(`${url} ${problem}. Is the gateway running?\n`);
    return isTimeout ? EXIT.timedOut : EXIT.unreachable;
  }
}

async function baseUrl(options: Options, io: Io): Promise<string> {
  const given = options.url ?? io.env['MCPGATEWAY_URL'];
  if (given !== undefined && given !== '') return given.replace(/\/+$/, '');
  const { loadConfig } = await import('../../config/load-config.js');
  const { host, port, appRootPath } = loadConfig(io.env, { cwd: io.cwd });
  return `http://${reachable(host)}:${String(port)}${appRootPath}`;
}

/** Listening everywhere includes here; a literal IPv6 address needs brackets in a URL. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::' || host === '[::]') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

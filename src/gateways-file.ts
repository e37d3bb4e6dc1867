import { readFileSync } from 'node:fs';
import type { INestApplication } from '@nestjs/common';
import { SyncService } from './federation/sync.service.js';
import type { Actor } from './kernel/caller.js';
import { GatewayError } from './kernel/errors.js';
import { Log } from './platform/log/log.js';
import type { NewGateway } from './registry/discovered.js';

const ACTOR: Actor = { principal: 'system', ip: null, via: 'cli', userAgent: null };

interface FileEntry {
  readonly url?: unknown;
  readonly serverUrl?: unknown;
  readonly command?: unknown;
  readonly args?: unknown;
  readonly env?: unknown;
  readonly cwd?: unknown;
  readonly type?: unknown;
  readonly headers?: unknown;
}

/**
 * Registers the `mcpServers` of a file, as editors have them, that is named on the command line: its
 * author can start programs here anyway, so its commands need no allow-list. What is registered
 * already stays as it is; one bad entry does not keep the others out.
 * @throws Error when the file is no JSON object with `mcpServers`
 */
export async function registerGatewaysFile(app: INestApplication, path: string): Promise<void> {
  const log = app.get(Log);
  const sync = app.get(SyncService);
  for (const [name, entry] of Object.entries(readEntries(path))) {
    try {
      const gateway = await sync.register(toNewGateway(name, entry), ACTOR, { allowOffline: true });
      log.info({ event: 'gateway.registered', gateway: gateway.name, status: gateway.status });
    } catch (e) {
      if (!(e instanceof GatewayError)) throw e;
      if (e.code === 'gateway_conflict') continue;
      log.warn({ event: 'gateway.refused', gateway: name, code: e.code, reason: e.message });
    }
  }
}

function readEntries(path: string): Record<string, FileEntry> {
  const parsed = JSON.parse(readFileSync(path, 'utf8')) as { mcpServers?: unknown } | null;
  const servers = parsed?.mcpServers;
  if (typeof servers !== 'object' || servers === null || Array.isArray(servers))
    throw new Error(`${path}: expected {"mcpServers": {"name": {"url" or "command"}}}`);
  return servers as Record<string, FileEntry>;
}

function toNewGateway(name: string, entry: FileEntry): NewGateway {
  const url = entry.url ?? entry.serverUrl;
  if (typeof url === 'string')
    return {
      name,
      url,
      transport: entry.type === 'sse' ? 'SSE' : 'AUTO',
      ...authOf(entry.headers),
    };
  return {
    name,
    transport: 'STDIO',
    command: typeof entry.command === 'string' ? entry.command : '',
    args: Array.isArray(entry.args) ? entry.args.map(String) : [],
    env: textsOf(entry.env),
    cwd: typeof entry.cwd === 'string' ? entry.cwd : null,
    trusted: true,
  };
}

function authOf(headers: unknown): Pick<NewGateway, 'authType' | 'authHeaders'> {
  const entries = Object.entries(textsOf(headers));
  if (entries.length === 0) return {};
  return { authType: 'authheaders', authHeaders: entries.map(([key, value]) => ({ key, value })) };
}

function textsOf(map: unknown): Record<string, string> {
  if (typeof map !== 'object' || map === null) return {};
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));
}

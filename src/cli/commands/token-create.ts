import { CommandError, EXIT } from '../exit-code.js';
import type { Io } from '../io.js';
import { tokenConfig } from './token-config.js';

interface Options {
  readonly username?: string;
  readonly user?: string;
  /** Seconds; 0 = for ever. */
  readonly exp?: number;
  readonly secret?: string;
  readonly role?: string;
  readonly scopes?: Record<string, unknown>;
  readonly data?: Record<string, unknown>;
  readonly pretty?: boolean;
  readonly json?: boolean;
}

/** Prints a token on stdout, and nothing else, so that `$(mcpgateway token create)` works. */
export async function createToken(options: Options, io: Io): Promise<void> {
  if (options.secret === '') throw new CommandError('--secret is empty.', EXIT.usage);
  const config = await tokenConfig(io, options.secret);
  const lifetimeSeconds = options.exp ?? config.tokenExpiryMinutes * 60;
  if (lifetimeSeconds === 0 && config.requireTokenExpiration)
    throw new CommandError(
      '--exp 0 makes a token that never ends, which this gateway refuses. ' +
        'Set REQUIRE_TOKEN_EXPIRATION=false to allow it, or give a time.',
      EXIT.usage,
    );
  await checkScopes(options.scopes);
  const { issueToken } = await import('../../auth/token-issuer.js');
  const { token, claims } = issueToken(config, {
    principal: options.username ?? options.user ?? principalIn(options.data, config.basicAuthUser),
    lifetimeSeconds,
    ...(options.role !== undefined && { role: options.role }),
    ...(options.scopes !== undefined && { scopes: options.scopes }),
    ...(options.data !== undefined && { data: options.data }),
  });
  if (options.pretty === true) io.err(`${JSON.stringify(claims, null, 2)}\n`);
  io.out(options.json === true ? `${JSON.stringify({ token, claims }, null, 2)}\n` : `${token}\n`);
}

/** A token that would be refused is not worth printing. */
async function checkScopes(scopes: Record<string, unknown> | undefined): Promise<void> {
  const { parseScopes } = await import('../../auth/scopes.js');
  if (parseScopes(scopes) !== undefined) return;
  throw new CommandError(
    '--scopes may have server_id, servers, tools, permissions and ip_restrictions (CIDR), ' +
      'each text or a list of texts.',
    EXIT.usage,
  );
}

function principalIn(data: Record<string, unknown> | undefined, fallback: string): string {
  const name = data?.['sub'] ?? data?.['username'];
  return typeof name === 'string' && name !== '' ? name : fallback;
}
